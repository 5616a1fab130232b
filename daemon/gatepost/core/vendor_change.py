"""A change of where a vendor's tickets go, which somebody asks for who has the link to the vendor's page. Pure.

Such a link stands in every mail to the vendor, and mails are forwarded. So it alone redirects nothing: an address that
the marketplace does not know to be the vendor's needs the word of the present support address, or of staff.
"""

from dataclasses import dataclass
from enum import StrEnum

from . import DAY, Millis
from .party import Away, Vendor
from .phrase import Sentence, phrase

LINK_LIVES: Millis = DAY
"""How long the mailed links of a change are good."""

ASKED_A_DAY = 5


class Kind(StrEnum):
    """What shall be another address: the support address, or who stands in during an absence."""

    SUPPORT = "support"
    SUBSTITUTE = "substitute"


class Stage(StrEnum):
    """Whose word it waits for, or how it ended."""

    ASKED = "asked"  # The present support address has to say that it was them.
    VOUCHED = "vouched"  # The new support address has to say that it reads its mail.
    DONE = "done"
    REFUSED = "refused"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that was asked for. `was` is the support address at that time, which is asked; `away` the absence in
    which a substitute shall stand in, as it was written down then.
    """

    id: int
    vendor: int
    kind: Kind
    address: str
    was: str
    away: Away | None = None
    stage: Stage = Stage.ASKED
    asked: Millis
    expires: Millis

    def waits(self, vendor: Vendor | None, now: Millis) -> bool:
        """Whether it can still be carried out: the vendor, and what it is about, are as they were."""
        if vendor is None or not vendor.active or now >= self.expires:
            return False
        same = self.kind is Kind.SUPPORT or (vendor.away is not None and vendor.away == self.away)
        return self.stage in (Stage.ASKED, Stage.VOUCHED) and vendor.support_address == self.was and same


def is_known(vendor: Vendor, address: str) -> bool:
    """Whether the marketplace itself has named the address, or its domain, as one of the vendor's."""
    return vendor.sends_from(address) or address.lower() == vendor.contact_address.lower()


def why_not(vendor: Vendor, address: str, *, ours: bool, asked_today: int) -> Sentence | None:
    """Why this cannot be asked for; None where it can. Who else has it is not told: a link may lie anywhere."""
    if address.casefold() == vendor.support_address.casefold():
        return Sentence(message=phrase("%(address)s gets your tickets already."), values={"address": address})
    if ours:
        return Sentence(message=phrase("%(address)s comes in here again: a loop"), values={"address": address})
    if asked_today >= ASKED_A_DAY:
        return Sentence(message=phrase("This was asked for too often today. Please write to the marketplace."))
    return None
