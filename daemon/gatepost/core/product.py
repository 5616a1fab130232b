"""Which product a mail is about (R1): by address, purchase code, name, or the sender's only active subscription.

Names are compared as runs of whole words, in any case and any Unicode form. Nothing is guessed: where two products fit
equally well the answer is none, with the candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from . import Millis
from .party import Product, Standing, Subscription
from .rules.tokens import tokenise

_TEXT = 65_536
_MOST_CANDIDATES = 8
_CODE_LEAST, _CODE_MOST, _MOST_CODES = 6, 64, 50
_DIGITS = frozenset("0123456789")
_AROUND = ".,:;!?()[]{}<>\"'`#*_|/“”„«»‘’"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The product or None, the candidates where it stays unclear, and the sentence that says why."""

    product: Product | None
    candidates: tuple[Product, ...] = ()
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Every product by slug, and every name and alias by its first word. Built once and shared; see `names_of`."""

    by_slug: Mapping[str, Product]
    by_id: Mapping[int, Product]
    by_first_word: Mapping[str, tuple[tuple[tuple[str, ...], Product], ...]] = field(repr=False)


def names_of(products: tuple[Product, ...]) -> Names:
    """The look-up tables over `products`."""
    by_first: dict[str, list[tuple[tuple[str, ...], Product]]] = {}
    for product in products:
        for name in (product.name, product.slug, *product.aliases):
            run = tuple(tokenise(name))
            if run:
                by_first.setdefault(run[0], []).append((run, product))
    return Names(
        by_slug={product.slug: product for product in products},
        by_id={product.id: product for product in products},
        by_first_word={first: tuple(runs) for first, runs in by_first.items()},
    )


def find_product(
    *,
    detail: str,
    subject: str,
    text: str,
    names: Names,
    subscriptions: tuple[Subscription, ...],
    now: Millis,
    sold: Mapping[str, int] = MappingProxyType({}),
) -> Found:
    """The product that a mail is about. `detail` is what stood beside the support address, '' for nothing.

    `sold` are the purchases that the mail names, whoever made them: references with their products' ids. They say which
    product is meant, and nothing of what the sender may expect.
    """
    if (named := names.by_slug.get(detail.lower())) is not None:
        return Found(product=named, why=f"the address names it: {detail.lower()}")
    words = f"{subject}\n{text[:_TEXT]}"
    for subscription in subscriptions:
        if subscription.reference and _stands_in(subscription.reference, words):
            owned = names.by_id.get(subscription.product_id)
            if owned is not None:
                return Found(product=owned, why=f"the mail names the purchase {subscription.reference}")
    if len(meant := {product_id for product_id in sold.values() if product_id in names.by_id}) == 1:
        listed = ", ".join(sold)
        return Found(product=names.by_id[meant.pop()], why=f"the mail names the purchase {listed} of another address")
    active = {s.product_id for s in subscriptions if s.standing(now) is Standing.ACTIVE}
    owned_ids = {s.product_id for s in subscriptions}
    for place, where in ((subject, "subject"), (text[:_TEXT], "text")):
        found = _choose(_mentioned(place, names), where, active, owned_ids)
        if found is not None:
            return found
    if len(active) == 1 and (only := names.by_id.get(next(iter(active)))) is not None:
        return Found(product=only, why="the sender's only active subscription")
    candidates = tuple(names.by_id[i] for i in sorted(active or owned_ids) if i in names.by_id)[:_MOST_CANDIDATES]
    return Found(product=None, candidates=candidates, why="no address, purchase or name says which product")


def codes(subject: str, text: str) -> tuple[str, ...]:
    """The words of a mail that may be purchase or licence codes: some letters or hyphens, and a digit among them."""
    found: dict[str, None] = {}
    for word in f"{subject} {text[:_TEXT]}".split():
        if word.isalpha():  # Nearly every word of a mail, and the quickest thing to ask of it.
            continue
        bare = word.strip(_AROUND)
        if _CODE_LEAST <= len(bare) <= _CODE_MOST and not (bare.isalpha() or _DIGITS.isdisjoint(bare)):
            found[bare] = None
            if len(found) == _MOST_CODES:
                break
    return tuple(found)


def _stands_in(reference: str, text: str) -> bool:
    """Whether a reference stands in the text by itself, in any case: order 12 is not order 120."""
    wanted, folded = reference.casefold(), text.casefold()
    at = folded.find(wanted)
    while at >= 0:
        around = folded[max(0, at - 1) : at], folded[at + len(wanted) : at + len(wanted) + 1]
        if not any(neighbour.isalnum() for neighbour in around):
            return True
        at = folded.find(wanted, at + 1)
    return False


def _choose(mentioned: tuple[Product, ...], where: str, active: set[int], owned: set[int]) -> Found | None:
    """One product of those mentioned: the only one, or the only one the sender has; None where none is mentioned."""
    if not mentioned:
        return None
    if len(mentioned) == 1:
        return Found(product=mentioned[0], why=f"the {where} names {mentioned[0].name}")
    for had, phrase in ((active, "an active subscription to"), (owned, "bought")):
        theirs = [product for product in mentioned if product.id in had]
        if len(theirs) == 1:
            return Found(product=theirs[0], why=f"the {where} names several; the sender has {phrase} {theirs[0].name}")
    listed = ", ".join(product.name for product in mentioned[:_MOST_CANDIDATES])
    return Found(product=None, candidates=mentioned[:_MOST_CANDIDATES], why=f"the {where} names several: {listed}")


def _mentioned(text: str, names: Names) -> tuple[Product, ...]:
    """The products whose name or alias stands in `text` as whole words; a longer name covers a shorter inside it."""
    run = tokenise(text)
    hits: dict[int, Product] = {}
    at = 0
    while at < len(run):
        longest = 0
        for name, product in names.by_first_word.get(run[at], ()):
            if len(name) > longest and tuple(run[at : at + len(name)]) == name:
                longest, hit = len(name), product
        if longest:
            hits[hit.id] = hit
        at += max(longest, 1)
    return tuple(hits.values())
