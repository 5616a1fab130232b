"""The headers of every answer: what a browser may load, keep, send on, or show in a frame of somebody else's (G05).

What an answer says itself stays: an attachment is shut in more tightly, the stylesheet may be kept.
"""

from collections.abc import Iterable

_ALWAYS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
_SECURE = ((b"strict-transport-security", b"max-age=31536000; includeSubDomains"),)
_FORBIDDEN = (b"\r", b"\n", b"\0")


def dressed(given: Iterable[tuple[bytes, bytes]], *, secure: bool) -> list[tuple[bytes, bytes]]:
    """The answer's own headers and ours; `secure` for a portal behind https.

    Raises ValueError for a value that would end its line: nothing may split an answer (I17).
    """
    own = [(name.lower(), value) for name, value in given if name.lower() != b"server"]
    for name, value in own:
        if any(character in value or character in name for character in _FORBIDDEN):
            raise ValueError(f"the header {name!r} holds a line end")
    has = {name for name, _ in own}
    ours = (*_ALWAYS, *(_SECURE if secure else ()))
    return [*own, *(pair for pair in ours if pair[0] not in has)]
