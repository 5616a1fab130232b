"""The figures of a letter: the core's values become the plain dicts that templates read, and nothing else does (H05).

Every letter about a ticket gets the same figures, so that an operator can write any of them into any letter.
"""

from collections.abc import Iterable, Mapping

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
_NO_FIELDS: Mapping[str, str] = {}


def ticket_values(
    *,
    brand: Brand,
    language: str,
    customer: Mailbox,
    customer_language: str = "",
    product: Product | None = None,
    vendor: Vendor | None = None,
    team: str = "",
    subscription: Subscription | None = None,
    standing: Standing = Standing.UNKNOWN,
    topics: Iterable[str] = (),
    fields: Mapping[str, str] = _NO_FIELDS,
    author: str = "",
    words: str = "",
    files: Iterable[str] = (),
    report: StatusReport | None = None,
    link: str = "",
    answer_by: str = "",
    away: str = "",
    away_until: str = "",
    verified: bool = True,
    masked: bool = False,
    choices: Iterable[tuple[str, str]] = (),
    reason: str = "",
    waiting_since: str = "",
    filed: str = "",
    unsubscribe: str = "",
    first: bool = True,
    absent: Iterable[dict[str, str]] = (),
    forwarder: str = "",
    confirm: Mapping[str, object] = NOTHING_ASKED,
    pair: str = "",
    over: bool = False,
    until: str = "",
    later: Iterable[dict[str, str]] = (),
    linked: Iterable[dict[str, str]] = (),
    short: Iterable[dict[str, str]] = (),
    listed: Iterable[Mapping[str, object]] = (),
    leave: Mapping[str, object] = NO_LEAVE,
    cards: Iterable[Card] = (),
    transcript: Transcript | None = None,
    secret: Mapping[str, object] = NO_SECRET,
) -> dict[str, object]:
    """The figures of a letter in `language`.

    `author`, `words` and `fields` (by name) are relayed: masked and scrubbed by the caller. With `masked` the
    customer's address is left out. `link` leads to the ticket for this recipient; `answer_by`, `waiting_since`,
    `filed` and `away_until` are times as the recipient reads them (`wording.moment`, `wording.day`), `away` is a
    sentence; `choices` are (label, link) pairs; `reason` is what a notice to staff is about; `first` is whether
    `words` opened the ticket; `absent` is who of the other side is away (`name`, `until`); `forwarder` is who of us
    or of the vendors brought the mail; `confirm` is what the letter asks: the held mail's `subject` and `date`, the
    `names` asked about, a `link` for yes; `later` is what was said since (`author`, `at`, `words`), for who comes to
    a ticket; `cards` stand below an answer; `transcript` is what became of the commands of a mail; `pair` is whom or
    what a notice about the house is about, `over` whether that has ended; `linked` are files too large for the mail
    (`name`, `size`, `link`, `until`); `until` is how long a link is good; `leave` is who of
    staff asks to log in as the customer, or has done so; `short` are figures of a report card that
    are too low (`figure`, `seen`, `wanted`, `count`, `days`); `secret` is what a letter says of
    credentials: the `kinds` that were masked, the `link` to hand over or to read one until `until`, with a
    `passphrase`, from `who`, and temporary `accounts` (`login`, `until`) on a ticket that is `closed` or not;
    `listed` are the tickets of a digest (`number`, `subject`, `when` it is due in words, whether that is `late`).
    """
    return {
        "customer": {
            "name": customer.name,
            "address": "" if masked else customer.address,
            "language": wording.language_name(customer_language, language) if customer_language else "",
        },
        "product": {"name": product.name if product else "", "slug": product.slug if product else ""},
        "vendor": {"name": vendor.name if vendor else ""},
        "team": team,
        "subscription": _subscription(subscription, standing, language, brand.zone),
        "topics": list(topics),
        "fields": {name: {"label": name.replace("_", " ").capitalize(), "value": fields[name]} for name in fields},
        "author": author,
        "words": words,
        "files": list(files),
        "report": report.summary_values() if report else {},
        "link": link,
        "answer_by": answer_by,
        "away": away,
        "away_until": away_until,
        "verified": verified,
        "masked": masked,
        "choices": [{"label": label, "link": target} for label, target in choices],
        "reason": reason,
        "waiting_since": waiting_since,
        "filed": filed,
        "unsubscribe": unsubscribe,
        "first": first,
        "absent": list(absent),
        "forwarder": forwarder,
        "confirm": dict(confirm),
        "pair": pair,
        "over": over,
        "until": until,
        "later": list(later),
        "linked": list(linked),
        "short": list(short),
        "listed": list(listed),
        "leave": {**NO_LEAVE, **leave},
        "cards": [{"kind": c.kind.value, "title": c.title, "note": c.note, "link": c.link} for c in cards],
        "secret": dict(secret),
        "transcript": _transcript(transcript or Transcript(lines=()), language),
    }


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
