"""Waits for the browser of a person who lets us in: at a port of this machine alone, and for what they paste.

Anything on this machine, and any page in that browser, can call here: only an answer with our own state is taken.
"""

import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ..errors import PermanentError
from .oauth_grant import Question, answer

_LOOPBACK = "127.0.0.1"
_SECONDS = 5.0
_LOOK = 0.2
_LONGEST = 2_048


class Loopback:
    """Listens at a free port of 127.0.0.1. `redirect` is where the provider sends the browser."""

    def __init__(self, host: str = _LOOPBACK) -> None:
        self._codes: queue.Queue[str | PermanentError] = queue.Queue()
        self._asked: Question | None = None
        self._server = ThreadingHTTPServer((_LOOPBACK, 0), type("Talk", (_Talk,), {"took": self._took}))
        self._server.daemon_threads = True
        self.redirect = f"http://{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, name="oauth-loopback", daemon=True).start()

    def expect(self, asked: Question) -> None:
        """Take the answer to this question from now on; to be said before anybody sees the question."""
        self._asked = asked

    def code(
        self,
        pasted: Callable[[], str | None],
        odd: Callable[[], object],
        seconds: float,
        monotonic: Callable[[], float],
    ) -> str:
        """The code, from the browser or out of a line that was pasted: `pasted` gives the next one, None for none yet.

        A line that is not the answer is told by `odd`, and another one is waited for.

        Raises PermanentError where the provider says no, or nobody answers within `seconds`.
        """
        end = monotonic() + seconds
        while monotonic() < end:
            line = pasted()
            if line and not self._took(line):
                odd()
            try:
                found = self._codes.get(timeout=0 if line else _LOOK)
            except queue.Empty:
                continue
            if isinstance(found, PermanentError):
                raise found
            return found
        raise PermanentError("nobody has answered in time", "Begin again.")

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()

    def _took(self, address: str) -> bool:
        """Whether this address is the answer; the code in it, or the refusal, is kept."""
        try:
            code = answer(self._asked, address) if self._asked is not None else None
        except PermanentError as refusal:
            self._codes.put(refusal)
            return True
        if code is not None:
            self._codes.put(code)
        return code is not None


class _Talk(BaseHTTPRequestHandler):
    """One request of a browser. `took` says whether its address was the answer."""

    took: Callable[[str], bool]
    timeout = _SECONDS
    server_version, sys_version = "gatepost", ""

    def do_GET(self) -> None:
        good = len(self.path) <= _LONGEST * 4 and type(self).took(self.path)
        said = "Done: go back to the terminal. This page can be closed." if good else "This is no answer to a question."
        page = f"<!doctype html><meta charset=utf-8><title>Gatepost</title><p>{said}</p>\n".encode()
        self.send_response(200 if good else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """The address has the code in it."""
