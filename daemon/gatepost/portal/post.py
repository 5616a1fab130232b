"""Writes mails that belong to a person and to no ticket: a sign-in link, what happened to an account.

The letter is an operator's to change like every other; one that cannot be written waits in the outbox with its cause.
"""

from collections.abc import Mapping
from dataclasses import replace

from ..core import Millis
from ..core.effect import Auto
from ..core.letter import Mailbox
from ..core.outgoing import Outgoing
from ..core.party import Brand
from ..errors import GatepostError
from ..house import House
from ..mail.compose import Draft, compose, via_name
from ..mail.values import Figures
from ..store import outbox
from ..store.database import Tx


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
    """Put the letter into the outbox; `key` tells it from every other to this address, `values` are its own figures."""
    ident = house.message_id("", f"{template} {key} {to.address}")
    figures = Figures(brand=brand, language=language, customer=to).values() | dict(values)
    draft = Draft(
        template=template,
        language=language,
        brand=brand,
        to=to,
        from_name=via_name("", "", brand),
        reply_address=brand.support[0],
        message_id=ident,
        auto=Auto.GENERATED,
        values=figures,
        date=now,
    )
    mail = Outgoing(template=template, key=key, recipients=(to.address,), message_id=ident, auto=Auto.GENERATED)
    try:
        composed = compose(draft, house.letters)
    except GatepostError as error:
        outbox.put(tx, replace(mail, error=error.message), now)
    else:
        outbox.put(tx, replace(mail, subject=composed.subject, raw=house.seal(composed.raw, brand, now)), now)
