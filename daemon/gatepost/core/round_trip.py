"""Whether a mail goes round: the marks of gateways and the Received lines that it has gathered on its way (E14).

Each mail of a Gatepost carries the mark of its brand, and those of the gateways that its words had passed before. So a
ring of any length meets its own mark, however often the addresses in it change.
"""

from .letter import Letter

MARK = "X-Gatepost-Ticket"
GATEWAYS = 3
HOPS = 100
_KEPT = 16


def marks(letter: Letter) -> tuple[str, ...]:
    """The marks of gateways on a mail, as they are carried on: a ticket's number and a domain each."""
    found = (" ".join(value.split())[:200] for value in letter.all(MARK)[:_KEPT])
    return tuple(mark for mark in found if mark.isascii() and mark.isprintable())


def round_trip(letter: Letter, ours: frozenset[str]) -> str:
    """The sentence that says that a mail goes round, or ''. `ours` are the domains that our own marks name."""
    seen = [mark.rpartition(" ")[2].lower() for mark in marks(letter)]
    own = next((domain for domain in seen if domain in ours), "")
    if own:
        return f"it carries our own mark, {MARK} of {own}"
    if len(seen) >= GATEWAYS:
        return f"it has passed {len(seen)} gateways like this one: {', '.join(seen)}"
    # RFC 5321 6.3 puts the bound of hops at 100 or more.
    hops = len(letter.all("received"))
    return f"it has {hops} Received lines (RFC 5321 6.3)" if hops >= HOPS else ""
