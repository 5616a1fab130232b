"""Everything that one decision needs, read once and frozen: the value between the store and the core."""

from dataclasses import dataclass

from . import Millis
from .confirmation import Question
from .letter import Envelope
from .party import Brand, Customer, Participant, Party, Product, Standing, Subscription, Vendor
from .ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known around one mail at `now`.

    `address` is the support address by which it came, `detail` what stood after the separator. `product_why` says how
    the product was found (R1), or why it stays unclear; `standing` is the subscription's worth at `now` (R2).
    `question` is the one of ours that the mail answers; the ticket and its people are then the question's.
    """

    now: Millis
    envelope: Envelope
    brand: Brand
    address: str
    detail: str = ""
    sender: str = ""
    party: Party = Party.STRANGER
    customer: Customer | None = None
    sender_vendor: Vendor | None = None
    ticket: Ticket | None = None
    participants: tuple[Participant, ...] = ()
    product: Product | None = None
    candidates: tuple[Product, ...] = ()
    product_why: str = ""
    subscription: Subscription | None = None
    standing: Standing = Standing.UNKNOWN
    vendor: Vendor | None = None
    question: Question | None = None

    @property
    def vendor_away(self) -> bool:
        """Whether the vendor of the product is away at `now`."""
        return self.vendor is not None and self.vendor.away is not None and self.vendor.away.covers(self.now)
