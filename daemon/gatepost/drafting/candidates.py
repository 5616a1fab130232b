"""The links of the letter that asks "which product?": one for each candidate, signed for this ticket and person (R1).

Without a portal there are no links, and the letter asks for a reply.
"""

from collections.abc import Iterable

from ..core import DAY, Millis
from ..core.party import Brand, Participant, Product
from ..links import For, Links

LINK_LIVES = 30 * DAY


def choices(
    links: Links, brand: Brand, to: Participant, candidates: Iterable[Product], now: Millis
) -> list[tuple[str, str]]:
    """The name of each candidate, and the link that chooses it; '' without a portal."""
    return [(product.name, _link(links, brand, to, product, now)) for product in candidates]


def _link(links: Links, brand: Brand, to: Participant, product: Product, now: Millis) -> str:
    if not brand.portal or not to.number:
        return ""
    token = links.sign(For.CHOOSE, (to.ticket, to.number, product.id), now + LINK_LIVES)
    return f"{brand.portal.rstrip('/')}/choose/{token}"
