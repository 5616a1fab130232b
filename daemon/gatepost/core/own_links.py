"""Takes the secret part out of our own links in what people write: whoever answers a mail of ours quotes its links.

A link that rates, signs in, consents or confirms is its recipient's; in the hands of who reads the answer it would do
the same. Any long part of a path at one of our hosts is such a secret: no page of ours has a name as long.
"""

from collections.abc import Iterable, Iterator

PUT = "…"
_SECRET = 32
_LONGEST = 2_000
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ENDS = frozenset("<>\"'`{}|\\^()[]")
_TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~=")


def without_secrets(text: str, hosts: Iterable[str]) -> str:
    """`text` with every secret in a link to one of `hosts` (`my.market.example`) cut to `…`. Linear in the text."""
    lowered = text.lower() if text.isascii() else text.translate(_LOWER)
    cuts = list[tuple[int, int]]()
    for host in hosts:
        at = lowered.find(host)
        while at >= 0:
            start = at + len(host)
            end = _end(text, start)
            cuts += _secrets(text, start, end)
            at = lowered.find(host, end)
    pieces, done = list[str](), 0
    for start, end in sorted(cuts):
        if start >= done:
            pieces += (text[done:start], PUT)
            done = end
    return "".join(pieces) + text[done:]


def _end(text: str, at: int) -> int:
    """Where the link ends of which the host ends at `at`."""
    most = min(len(text), at + _LONGEST)
    while at < most and not text[at].isspace() and text[at] not in _ENDS:
        at += 1
    return at


def _secrets(text: str, at: int, most: int) -> Iterator[tuple[int, int]]:
    """Where the long parts of a link begin and end, of which `at` to `most` are path and query.

    `%2F` parts them too: programs that check links carry ours in theirs, written so.
    """
    start = at
    while at <= most:
        if at < most and text[at] in _TOKEN:
            at += 1
            continue
        if at - start >= _SECRET:
            yield start, at
        start = at = at + (3 if text[at : at + 1] == "%" else 1)
