"""Reads the parameters of MAIL: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531). Pure."""

from dataclasses import dataclass

from .replies import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What MAIL says of the mail to come: its size in octets (0 if unsaid), and whether it is international."""

    size: int = 0
    utf8: bool = False


def read_parameters(text: str) -> Parameters | Reply:
    """The parameters in `text`, or the reply to one that is wrong, repeated, or not ours."""
    if not text:
        return _NONE
    said: dict[str, str] = {}
    for parameter in text.upper().split():
        name, equals, value = parameter.partition("=")
        if name not in ("SIZE", "BODY", "SMTPUTF8"):
            return Reply.UNKNOWN_PARAMETER
        if name in said or bool(equals) != bool(value) or not _fits(name, value):
            return Reply.SYNTAX
        said[name] = value
    return Parameters(size=int(said.get("SIZE", "0")), utf8="SMTPUTF8" in said)


def _fits(name: str, value: str) -> bool:
    match name:
        case "SIZE":
            return value.isascii() and value.isdigit() and len(value) <= 20
        case "BODY":
            return value in ("7BIT", "8BITMIME")
        case _:
            return not value


_NONE = Parameters()
