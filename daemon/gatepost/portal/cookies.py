"""Cookies: read in time that grows with their length alone, written in the one form that browsers tie to this host.

`http.cookies` takes seconds for a few kilobytes of backslashes (I20). A `__Host-` cookie is set over https only, for
this host only, and cannot be planted by another (RFC 6265bis 4.1.3.2).
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

_LONGEST = 4096
_NAME = "gatepost"


@dataclass(frozen=True, slots=True)
class Cookies:
    """How this house names and marks its cookies; `plain` is for trying things out without https (I30)."""

    plain: bool = False

    def name(self, kind: str) -> str:
        """The full name of the cookie for `kind`."""
        return f"{_NAME}-{kind}" if self.plain else f"__Host-{_NAME}-{kind}"

    def get(self, request: HTTPConnection, kind: str) -> str:
        """The value of our cookie, '' where the browser sends none or more than four KiB of cookies."""
        given = request.headers.get("cookie", "")
        wanted = self.name(kind)
        if len(given) > _LONGEST:
            return ""
        for pair in given.split(";"):
            name, _, value = pair.strip(" \t").partition("=")
            if name == wanted:
                return value
        return ""

    def put(self, response: Response, kind: str, value: str, seconds: int) -> None:
        """Set our cookie for so many seconds; 0 takes it away, -1 keeps it until the browser is closed."""
        age = f"; Max-Age={seconds}" if seconds >= 0 else ""
        secure = "" if self.plain else "; Secure"
        said = f"{self.name(kind)}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}"
        response.raw_headers.append((b"set-cookie", said.encode("ascii")))
