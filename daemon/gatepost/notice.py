"""A letter about no single ticket, such as a digest or an alarm: composed, and put into the outbox once for its key."""

from dataclasses import replace

from .core import Millis
from .core.effect import Auto
from .core.letter import Mailbox
from .core.outgoing import Outgoing
from .errors import GatepostError
from .house import House
from .mail.compose import Draft, compose, via_name
from .mail.values import Figures
from .store import outbox
from .store.database import Tx


def put(
    tx: Tx, house: House, template: str, to: Mailbox, *, key: str, language: str, now: Millis, **figures: object
) -> None:
    """Put the letter into the outbox, with these figures; one that cannot be made waits there in state error (F16)."""
    brand = next(iter(house.brands.values()))
    message_id = house.message_id("", key)
    values = Figures(brand=brand, language=language, customer=Mailbox(address=""), **figures).values()  # type: ignore[arg-type]
    draft = Draft(
        template=template,
        language=language,
        brand=brand,
        to=to,
        from_name=via_name("", "", brand),
        reply_address=brand.support[0],
        message_id=message_id,
        auto=Auto.GENERATED,
        values=values,
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
