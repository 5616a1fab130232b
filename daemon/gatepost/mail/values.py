"""The figures of a letter: the core's values become the plain dicts that templates read, and nothing else does (H05).

Every letter about a ticket gets the same figures, so that an operator can write any of them into any letter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from ..core.discount import Card
from ..core.effect import Transcript
from ..core.letter import Mailbox
from ..core.party import Brand, Product, Standing, Subscription, Vendor
from . import wording
from .catalogue import say, tell
from .status_report import StatusReport

NO_LEAVE: Mapping[str, object] = {
    "staff": "", "customer": "", "reason": "", "acting": False, "granted": False, "ticket": 0, "until": "",
    "minutes": 0, "link": "", "started": "", "ended": "", "why": "", "acts": [], "looks": [],
}  # fmt: skip
NO_SECRET: Mapping[str, object] = {
    "kinds": [], "link": "", "until": "", "passphrase": False, "who": "", "accounts": [], "closed": False, "days": 0,
}  # fmt: skip
NOTHING_ASKED: Mapping[str, object] = {"link": "", "subject": "", "date": "", "names": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a letter in `language`; times are words as the recipient reads them (`wording.moment`, `.day`).

    What is relayed (`author`, `words`, `fields`) has been masked and scrubbed before. With `masked` the customer's
    address is left out.
    """

    brand: Brand
    language: str

    # The ticket: whose it is, what about, and what answers it.
    customer: Mailbox
    customer_language: str = ""
    product: Product | None = None
    vendor: Vendor | None = None
    team: str = ""
    subscription: Subscription | None = None
    standing: Standing = Standing.UNKNOWN
    topics: Iterable[str] = ()
    fields: Mapping[str, str] = field(default_factory=dict)  # What rules have captured, by name.
    filed: str = ""
    waiting_since: str = ""
    answer_by: str = ""
    link: str = ""  # The ticket, for this recipient.
    verified: bool = True
    masked: bool = False
    away: str = ""  # What the vendor tells of an absence, a sentence.
    away_until: str = ""
    absent: Iterable[Mapping[str, str]] = ()  # Who of the other side is away: `name`, `until`.

    # What is passed on, and what goes with it.
    author: str = ""
    words: str = ""
    first: bool = True  # Whether the words opened the ticket.
    forwarder: str = ""  # Who of us or of the vendors brought the mail.
    files: Iterable[str] = ()
    linked: Iterable[Mapping[str, str]] = ()  # Files too large for the mail: `name`, `size`, `link`, `until`.
    report: StatusReport | None = None
    later: Iterable[Mapping[str, str]] = ()  # What was said since, for who comes to it: `author`, `at`, `words`.
    cards: Iterable[Card] = ()

    # What a letter asks, and where it is answered.
    choices: Iterable[tuple[str, str]] = ()  # A label and its link each.
    confirm: Mapping[str, object] = field(default_factory=lambda: NOTHING_ASKED)  # See NOTHING_ASKED.
    unsubscribe: str = ""
    until: str = ""  # How long a link is good.

    # What only some letters tell.
    transcript: Transcript | None = None
    reason: str = ""  # What a notice to staff is about.
    pair: str = ""  # Whom or what a notice about the house is about, and whether that is `over`.
    over: bool = False
    short: Iterable[Mapping[str, str]] = ()  # Figures of a report card: `figure`, `seen`, `wanted`, `count`, `days`.
    listed: Iterable[Mapping[str, object]] = ()  # The tickets of a digest: `number`, `subject`, `when`, `late`.
    leave: Mapping[str, object] = field(default_factory=lambda: NO_LEAVE)  # See NO_LEAVE.
    secret: Mapping[str, object] = field(default_factory=lambda: NO_SECRET)  # See NO_SECRET.

    def values(self) -> dict[str, object]:
        """The plain values that templates read, by name."""
        return {name: _plain(getattr(self, name)) for name in _AS_THEY_ARE} | {
            "customer": self._customer(),
            "product": {"name": self.product.name, "slug": self.product.slug} if self.product else _NO_PRODUCT,
            "vendor": {"name": self.vendor.name if self.vendor else ""},
            "subscription": _subscription(self.subscription, self.standing, self.language, self.brand.zone),
            "fields": {name: {"label": _label(name), "value": value} for name, value in self.fields.items()},
            "report": self.report.summary_values() if self.report else {},
            "choices": [{"label": label, "link": target} for label, target in self.choices],
            "leave": {**NO_LEAVE, **self.leave},
            "cards": [{"kind": c.kind.value, "title": c.title, "note": c.note, "link": c.link} for c in self.cards],
            "transcript": _transcript(self.transcript or Transcript(lines=()), self.language),
        }

    def _customer(self) -> dict[str, str]:
        spoken = wording.language_name(self.customer_language, self.language) if self.customer_language else ""
        address = "" if self.masked else self.customer.address
        return {"name": self.customer.name, "address": address, "language": spoken}


_MADE = frozenset(
    {"brand", "language", "customer", "customer_language", "product", "vendor", "subscription", "standing", "fields"}
    | {"report", "choices", "leave", "cards", "transcript"}
)
_AS_THEY_ARE = tuple(one.name for one in fields(Figures) if one.name not in _MADE)
_PLAIN = frozenset({str, bool, int})
_NO_PRODUCT = {"name": "", "slug": ""}


def _plain(value: object) -> object:
    """A value as templates may read it: a dict, a list, or what it is."""
    if type(value) in _PLAIN:  # Most are, and an abstract class takes its time to tell.
        return value
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else value


def _label(name: str) -> str:
    """`order_number` as people read it."""
    return name.replace("_", " ").capitalize()


def _transcript(transcript: Transcript, language: str) -> dict[str, object]:
    return {
        "done": transcript.done,
        "lines": [{"command": command, "said": tell(language, said)} for command, said in transcript.lines],
        "help": [{"command": command, "said": say(language, said)} for command, said in transcript.help],
    }


def _subscription(subscription: Subscription | None, standing: Standing, language: str, zone: str) -> dict[str, object]:
    if subscription is None:
        return {
            "known": False,
            "standing": standing.value,
            "status": wording.standing(standing, language),
            "starts": "",
            "ends": "",
            "reference": "",
        }
    return {
        "known": True,
        "standing": standing.value,
        "status": wording.standing(standing, language),
        "starts": wording.day(subscription.starts, language, zone),
        "ends": wording.day(subscription.ends, language, zone) if subscription.ends is not None else "",
        "reference": subscription.reference,
    }
