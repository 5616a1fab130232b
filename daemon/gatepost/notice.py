"""Letters about no ticket: to a person about their account, to staff about the house. Composed, and put into the outbox
once for their key; they are an operator's to change like every other, and what cannot be made waits there (F16).
"""

from collections.abc import Mapping
from dataclasses import replace

from .core import Millis
from .core.effect import Auto
from .core.letter import Mailbox
from .core.outgoing import Outgoing
from .core.party import Brand
from .errors import GatepostError
from .house import House
from .mail.compose import Draft, compose, via_name
from .mail.values import Figures
from .store import outbox
from .store.database import Tx


def put(
    tx: Tx, house: House, template: str, to: Mailbox, *, key: str, language: str, now: Millis, **figures: object
) -> None:
    """Put a letter of the house into the outbox, with these figures; it goes out as the first brand's."""
    brand = next(iter(house.brands.values()))
    values = Figures(brand=brand, language=language, customer=Mailbox(address=""), **figures).values()  # type: ignore[arg-type]
    post(tx, house, brand, template=template, to=to, language=language, key=key, now=now, values=values)


def post(
    tx: Tx,
    house: House,
    brand: Brand,
    *,
    template: str,
    to: Mailbox,
    language: str,
    key: str,
    now: Millis,
    values: Mapping[str, object],
) -> None:
    """Put a letter of a brand into the outbox; `key` tells it from every other to this address, `values` are its own
    figures, beside those that every letter has.
    """
    message_id = house.message_id("", f"{template} {key} {to.address}")
    draft = Draft(
        template=template,
        language=language,
        brand=brand,
        to=to,
        from_name=via_name("", "", brand),
        reply_address=brand.support[0],
        message_id=message_id,
        auto=Auto.GENERATED,
        values=Figures(brand=brand, language=language, customer=to).values() | dict(values),
        date=now,
    )
    mail = Outgoing(template=template, key=key, recipients=(to.address,), message_id=message_id, auto=Auto.GENERATED)
    outbox.put(tx, _composed(draft, house, mail), now)


def _composed(draft: Draft, house: House, mail: Outgoing) -> Outgoing:
    try:
        composed = compose(draft, house.letters)
    except GatepostError as error:
        return replace(mail, error=error.message)
    return replace(mail, raw=house.seal(composed.raw, draft.brand, draft.date), subject=composed.subject)
