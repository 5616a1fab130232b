"""Which product a mail is about (R1): by address, purchase code, name, or the sender's only active subscription.

Names are compared as runs of whole words, in any case and any Unicode form. Nothing is guessed: where two products fit
equally well the answer is none, with the candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import Millis
from .party import Product, Standing, Subscription
from .rules.tokens import tokenise

_TEXT = 65_536
_MOST_CANDIDATES = 8


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
) -> Found:
    """The product that a mail is about. `detail` is what stood beside the support address, '' for nothing."""
    if (named := names.by_slug.get(detail.lower())) is not None:
        return Found(product=named, why=f"the address names it: {detail.lower()}")
    for subscription in subscriptions:
        if subscription.reference and subscription.reference.casefold() in text[:_TEXT].casefold():
            owned = names.by_id.get(subscription.product_id)
            if owned is not None:
                return Found(product=owned, why=f"the mail names the purchase {subscription.reference}")
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
