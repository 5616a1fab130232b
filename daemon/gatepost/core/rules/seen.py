"""What the rules may look at: one frozen value in the rules' own words, made of everything that is known of a mail.

Headers are not in it, so no header that a stranger writes (X-Product, X-Priority, …) can steer a mail (D31).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import DAY
from ..facts import Facts
from ..helpdesk import NOT_A_VENDOR, Notice
from ..identity import Identity
from ..letter import Letter
from ..nature import Author, Nature
from ..party import Standing

ENDLESS = 100_000
"""Days left of a subscription that runs until it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One mail as the rules see it; '' and () stand for "none".

    The defaults are the mail that a rule's examples start from: a verified customer with an active subscription files a
    new ticket. `text` is the new words alone, without what is quoted. `doubt` is why a mail that claims a ticket is not
    trusted; such a mail meets no rule.
    """

    subject: str = ""
    text: str = ""
    author: str = "human"
    kind: str = "human"
    answerable: bool = True
    out_of_office: bool = False
    notice: str = ""
    asks_for_rating: bool = False
    party: str = "customer"
    role: str = ""
    authentication: str = "verified"
    trust: str = "trusted"
    doubt: str = ""
    sender: str = "customer@example.net"
    recipient: str = "support@example.com"
    detail: str = ""
    copied: tuple[str, ...] = ()
    door: str = "smtp"
    ticket: str = "new"
    ticket_state: str = ""
    flag: tuple[str, ...] = ()
    brand: str = "example-brand"
    product: str = "example-product"
    standing: str = "active"
    days_left: int = 200
    vendor: str = "example-vendor"
    vendor_active: bool = True
    vendor_away: bool = False
    vendor_substitute: bool = False
    office_open: bool = True
    topic: tuple[str, ...] = ()
    topic_confidence: float = 0.0
    language: str = "en"
    attachments: int = 0
    attachment_name: tuple[str, ...] = ()
    attachment_type: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()

    @property
    def product_known(self) -> bool:
        """Whether it is clear which product the mail is about."""
        return bool(self.product)


def see(
    facts: Facts,
    letter: Letter,
    nature: Nature,
    identity: Identity,
    topics: Sequence[tuple[str, float]] = (),
    notice: Notice = NOT_A_VENDOR,
    office_open: bool = True,
) -> Seen:
    """What the rules see of one mail; `topics` are the labels with their confidence, best first. Never raises.

    `office_open` is whether whoever would answer works now, by their calendar.
    """
    product, vendor, ticket = facts.product, facts.vendor, facts.ticket
    existing = identity.ticket is not None or (nature.author is Author.REPORT and ticket is not None)
    away = facts.vendor_away
    return Seen(
        subject=letter.subject,
        text=letter.reply_text or letter.text,
        author=nature.author.value,
        kind=nature.kind.value,
        answerable=nature.answerable,
        out_of_office=nature.out_of_office,
        notice=notice.kind.value if notice.kind is not None else "",
        asks_for_rating=notice.asks_for_rating,
        party=identity.party.value,
        role=identity.participant.role.value if identity.participant is not None else "",
        authentication=identity.authentication.value,
        trust=identity.trust.value,
        doubt=identity.cause,
        sender=facts.sender or (letter.sender.address if letter.sender is not None else ""),
        recipient=facts.address,
        detail=facts.detail,
        copied=tuple(mailbox.address for mailbox in letter.cc),
        door=facts.envelope.door.value,
        ticket="existing" if existing else "new",
        ticket_state=ticket.state.value if existing and ticket is not None else "",
        flag=ticket.flags if existing and ticket is not None else (),
        brand=facts.brand.slug,
        product=product.slug if product is not None else "",
        standing=facts.standing.value if product is not None else Standing.UNKNOWN.value,
        days_left=_days_left(facts),
        vendor=vendor.slug if vendor is not None else "",
        vendor_active=vendor is not None and vendor.active and bool(vendor.support_address),
        vendor_away=away,
        vendor_substitute=away and vendor is not None and vendor.away is not None and bool(vendor.away.substitute),
        office_open=office_open,
        topic=tuple(name for name, _ in topics),
        topic_confidence=max((confidence for _, confidence in topics), default=0.0),
        language=letter.language,
        attachments=len(letter.attachments),
        attachment_name=tuple(attachment.filename for attachment in letter.attachments),
        attachment_type=tuple(attachment.content_type for attachment in letter.attachments),
        trouble=tuple(trouble.value for trouble in letter.troubles),
    )


def _days_left(facts: Facts) -> int:
    """Whole days that an active subscription still runs; ENDLESS for one without an end."""
    subscription = facts.subscription
    if subscription is None or facts.standing is not Standing.ACTIVE:
        return 0
    return ENDLESS if subscription.ends is None else max(0, (subscription.ends - facts.now) // DAY)
