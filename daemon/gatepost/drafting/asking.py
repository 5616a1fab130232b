"""What the letter that asks for a rating carries: five signed links, and the way to hear no more of it (RFC 8058).

Without a portal there are no links, and the letter asks for a reply instead.
"""

from ..core import Millis
from ..core.party import Brand, Participant
from ..core.rating import LINK_LIVES, SCORES
from ..links import For, Links
from ..mail import wording

LETTER = "rating"


def figures(links: Links, brand: Brand, to: Participant, language: str, now: Millis) -> dict[str, object]:
    """The figures of the letter beside those that every letter has."""
    if not brand.portal:
        return {"choices": [], "unsubscribe": ""}
    token = links.sign(For.RATE, (to.ticket, to.number), now + LINK_LIVES)
    base = f"{brand.portal.rstrip('/')}/rate/{token}"
    choices = [{"label": wording.score(score, language), "link": f"{base}/{score}"} for score in SCORES]
    return {"choices": choices, "unsubscribe": unsubscribe_link(links, brand, to, now)}


def header(links: Links, brand: Brand, to: Participant, now: Millis) -> tuple[tuple[str, str], ...]:
    """The fields that let a mail program unsubscribe with one click, which sends a POST (RFC 8058 3.1)."""
    if not brand.portal:
        return ()
    link = unsubscribe_link(links, brand, to, now)
    return ("List-Unsubscribe", f"<{link}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def unsubscribe_link(links: Links, brand: Brand, to: Participant, now: Millis) -> str:
    """The link behind which nobody asks any more. It outlives the others by far: an old mail must still be obeyed."""
    token = links.sign(For.UNSUBSCRIBE, (to.ticket, to.number), now + 30 * LINK_LIVES)
    return f"{brand.portal.rstrip('/')}/unsubscribe/{token}"
