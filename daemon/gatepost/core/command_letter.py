"""The commands that say something: of an absence, of subscriptions, below an answer, or to the customer."""

from .away_order import AwayOrder, Wrong, read_away
from .command_words import Said
from .command_work import Line, Work, near
from .commands import Rank
from .discount import CARDS, Card, CardKind
from .effect import Auto, Send, VendorAway
from .party import Product, Role, Vendor


def away(work: Work, words: tuple[str, ...]) -> Line:
    """Say that a vendor is away."""
    vendor = work.known.vendor(work.author.party_id) if work.rank is Rank.VENDOR else None
    if words[0].lower() not in ("until", "from", "off"):
        named = work.known.vendors.get(words[0].lower())
        if work.rank is not Rank.STAFF:
            other = named is not None and named != vendor
            return work.cannot(Said.OTHER_VENDOR if other else Said.AWAY_FORM)
        if named is None:
            return work.cannot(Said.NO_VENDOR, near=near(words[0].lower(), work.known.vendors), word=words[0])
        vendor, words = named, words[1:]
    elif work.rank is Rank.STAFF:
        vendor = work.known.vendor(work.ticket.vendor_id)
    if vendor is None:
        return work.cannot(Said.NO_VENDOR, word="")
    return _absence(work, vendor, read_away(words, vendor, work.orders.rest, work.now))


def _absence(work: Work, vendor: Vendor, order: AwayOrder | Wrong) -> Line:
    if order is Wrong.FORM:
        return work.cannot(Said.AWAY_FORM)
    if order is Wrong.PAST or isinstance(order, Wrong):
        return work.cannot(Said.AWAY_PAST)
    work.effects.append(VendorAway(vendor=vendor.id, away=order.away))
    if order.away is None:
        return work.said(Said.BACK, vendor=vendor.name)
    zone = vendor.hours.zone
    starts, ends = (work.known.day(at, zone) for at in (order.away.starts, order.away.ends))
    return work.said(Said.AWAY, vendor=vendor.name, starts=starts, ends=ends)


def subscriptions(work: Work) -> Line:
    """List the customer's subscriptions."""
    if not work.known.subscriptions:
        return work.said(Said.NO_SUBSCRIPTIONS)
    return work.said(Said.SUBSCRIPTIONS, listed="; ".join(work.known.subscriptions))


def link(work: Work, slugs: tuple[str, ...]) -> Line:
    """Put links to products below the answer."""
    if not work.known.brand.product_page:
        return work.cannot(Said.NO_PAGES)
    if len(slugs) + sum(card.kind is CardKind.PRODUCT for card in work.cards) > CARDS:
        return work.cannot(Said.TOO_MANY_LINKS)
    products = []
    for slug in map(str.lower, slugs):
        product = work.known.products.get(slug)
        if product is None:
            return work.cannot(Said.NO_PRODUCT, near=near(slug, work.known.products), word=slug)
        products.append(product)
    work.cards += [_product_card(work, product) for product in products]
    return work.said(Said.LINKED, listed=", ".join(product.name for product in products))


def _product_card(work: Work, product: Product) -> Card:
    vendor = work.known.vendor(product.vendor_id)
    link = work.known.brand.product_page.replace("{slug}", product.slug)
    return Card(kind=CardKind.PRODUCT, title=product.name, note=vendor.name if vendor is not None else "", link=link)


def discount(work: Work, word: str) -> Line:
    """Put a discount code below the answer."""
    codes = {code.casefold(): discount for code, discount in work.known.discounts.items()}
    discount = codes.get(word.casefold())
    if discount is None:
        meant = near(word.casefold(), codes)
        return work.cannot(Said.NO_CODE, near=codes[meant].code if meant else "", word=word)
    if not discount.active:
        return work.cannot(Said.CODE_INACTIVE, code=discount.code)
    if discount.ended(work.now, work.known.brand.zone):
        return work.cannot(Said.CODE_ENDED, code=discount.code, until=discount.until)
    work.cards.append(discount.card())
    return work.said(Said.DISCOUNT, code=discount.code)


def ask(work: Work, template: str, said: Said, key: str) -> Line:
    """Send the requester the letter that asks for something secret, on a page where it is safe."""
    requester = next((p for p in work.people if p.active and p.role is Role.REQUESTER), None)
    if requester is None or not requester.address:
        return work.cannot(Said.NO_REQUESTER)
    if not work.known.brand.portal and key == "secret":
        return work.cannot(Said.NO_PORTAL)
    work.effects.append(
        Send(
            template=template,
            participant=requester.number,
            about=work.message,
            auto=Auto.GENERATED,
            key=f"{key}-{work.message or work.now}",
        )
    )
    return work.said(said)
