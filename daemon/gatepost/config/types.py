"""The types of single values in config.toml: what each accepts, and the sentence it refuses the rest with."""

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, ValidationInfo

from ..core import address

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_KEY_ID = re.compile(r"0|[1-9][0-9]{0,2}")


def endpoint(value: str) -> tuple[str, int]:
    """HOST:PORT as host and port; an IPv6 address loses its brackets. Raises ValueError."""
    host, _, port = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    plain = (
        bool(re.fullmatch(r"[A-Za-z0-9._-]+", bare)) if bare == host else bool(re.fullmatch(r"[0-9A-Fa-f:.]+", bare))
    )
    if not plain or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError(f"{value!r} is not HOST:PORT; write it like 127.0.0.1:25 or [::1]:25")
    return bare, int(port)


def _endpoint(value: str) -> str:
    endpoint(value)
    return value


def _server(value: str) -> str:
    if endpoint(value)[1] == 0:
        raise ValueError(f"{value!r} names no port; 25 is the usual one")
    return value


def _path(value: str, info: ValidationInfo) -> str:
    """A path, taken from the folder of config.toml where it is relative and that folder is known."""
    if "\0" in value:
        raise ValueError("a path cannot hold a NUL character")
    folder: Path | None = (info.context or {}).get("folder")
    return str(folder / Path(value).expanduser()) if value and folder is not None else value


def _matches(pattern: re.Pattern[str], what: str, *, empty: bool = False) -> Callable[[str], str]:
    def check(value: str) -> str:
        if pattern.fullmatch(value) or (empty and not value):
            return value
        raise ValueError(f"{value!r} is not {what}")

    return check


def zone(value: str) -> str:
    """The name of a time zone, as it came. Raises ValueError with the nearest name."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone{_nearest_zone(value)}") from None
    return value


def _nearest_zone(value: str) -> str:
    """A hint; looking for it opens every file of the time zone database, so it is done for mistakes only."""
    known = sorted(available_timezones())
    near = get_close_matches(value, known, n=1, cutoff=0.5) or [name for name in known if name.endswith(f"/{value}")]
    return f"; did you mean {near[0]!r}?" if near else "; write it like Europe/Berlin"


def _url(value: str) -> str:
    parts = urlsplit(value)
    whole = parts.scheme in ("https", "http") and parts.hostname and not parts.username
    if value and (not whole or any(c <= " " or c in '"<>\\^`{|}' for c in value)):
        raise ValueError(f"{value!r} is not a web address; write it like https://help.market.example/privacy")
    return value


def _page(value: str) -> str:
    if value and value.count("{slug}") != 1:
        raise ValueError(f"{value!r} has no {{slug}}; write it like https://market.example/products/{{slug}}")
    _url(value.replace("{slug}", "slug"))
    return value


def day(value: str) -> str:
    """A day as YYYY-MM-DD, or nothing. Raises ValueError."""
    try:
        return date.fromisoformat(value).isoformat() if value else value
    except ValueError as error:
        raise ValueError(f"{value!r} is not a day; write it like 2027-01-31") from error


def _host(value: str) -> str:
    name = address.domain(value)
    if "." not in name and name != "localhost":
        raise ValueError(f"{value!r} is not fully qualified; write it like mail.market.example")
    return name


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(f"{value!r} is no address or network; write it like 10.0.0.5 or 10.0.0.0/24") from None


def _display_name(value: str) -> str:
    if not value.strip() or any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("a name is one line and not empty")
    return value.strip()


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine: what is said to it does not cross a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Address = Annotated[str, AfterValidator(address.plain)]
Domain = Annotated[str, AfterValidator(lambda value: address.domain(value) if value else value)]
HostName = Annotated[str, AfterValidator(_host)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Server = Annotated[str, AfterValidator(_server)]
FilePath = Annotated[str, AfterValidator(_path)]
Name = Annotated[str, AfterValidator(_display_name)]
Url = Annotated[str, AfterValidator(_url)]
ProductPage = Annotated[str, AfterValidator(_page)]
Day = Annotated[str, AfterValidator(day)]
Percent = Annotated[int, Field(ge=1, le=100)]
Code = Annotated[str, AfterValidator(_matches(_CODE, "a discount code of letters, digits and hyphens"))]
Zone = Annotated[str, AfterValidator(zone)]
Slug = Annotated[str, AfterValidator(_matches(_SLUG, "a short name of lower-case letters, digits and hyphens"))]
Language = Annotated[str, AfterValidator(_matches(_LANGUAGE, "a language code like en, de or pt-br"))]
Country = Annotated[str, AfterValidator(_matches(_COUNTRY, "a country code like DE or US", empty=True))]
KeyId = Annotated[str, AfterValidator(_matches(_KEY_ID, "the id of a key, a number from 0 to 255"))]
Colour = Annotated[
    str, AfterValidator(_matches(re.compile(r"#[0-9a-fA-F]{6}"), "a colour like #3858e9, six hexadecimal digits"))
]
Network = Annotated[str, AfterValidator(_network)]
FileMode = Annotated[
    str, AfterValidator(_matches(re.compile(r"0[0-7]{3}"), "a file mode like 0660, four octal digits"))
]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Octets = Annotated[int, Field(ge=1)]
