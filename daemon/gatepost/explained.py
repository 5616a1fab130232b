"""Tells the trip of a mail that was decided and not committed: for `gatepost rules explain` and for the staff page."""

from collections.abc import Iterator
from typing import Any, assert_never

from .core.letter import Envelope, Letter
from .core.rules.render import render_verdict, verdict_as_data
from .core.trip import Aside, Confirms, Continues, Kept, Opens, Reports
from .house import House
from .log import printable
from .travel import Trip


def as_text(trip: Trip) -> Iterator[str]:
    """The trip in the order in which it is made."""
    for word, value in _steps(trip):
        yield f"{word:<12} {printable(value)}".rstrip()
    yield f"{'becomes':<12} {printable(becomes(trip))}"
    yield ""
    yield render_verdict(trip.verdict)


def as_data(trip: Trip) -> dict[str, Any]:
    """The trip as objects, lists and texts, ready for JSON."""
    return {
        "trip": [{"step": word, "said": value} for word, value in _steps(trip)],
        "becomes": becomes(trip),
        "verdict": verdict_as_data(trip.verdict),
    }


def becomes(trip: Trip) -> str:
    """What the daemon would make of the mail, in one sentence."""
    if trip.earlier is not None and trip.revived is not None:
        return f"a live message of ticket {trip.earlier.ticket}, which had it out of an archive alone"
    if trip.earlier is not None and trip.earlier.same_mail:
        return f"nothing: the same mail is here already, on ticket {trip.earlier.ticket}"
    match trip.decision:
        case Opens():
            return "a new ticket"
        case Continues(ticket=ticket, author=author):
            return f"a message of participant {author} on ticket {ticket}"
        case Reports(outbox=outbox, participant=participant):
            return f"a report on our mail {outbox} to participant {participant}"
        case Kept(reason=reason):
            return f"an event, and nothing follows: {reason}"
        case Aside(cause=cause, detail=detail):
            return f"kept in quarantine: {cause.sentence} ({cause.word}: {detail})"
        case Confirms(question=question):
            return f"a yes to the question that was asked of {question.address}: {question.ask.kind.value}"
        case _:
            assert_never(trip.decision)


def _steps(trip: Trip) -> Iterator[tuple[str, str]]:
    letter, facts, nature, identity = trip.letter, trip.facts, trip.nature, trip.identity
    yield "from", str(letter.sender or "nobody that can be told")
    yield "to", ", ".join(facts.envelope.recipients) or "nobody"
    yield "subject", letter.subject
    answerable = "may be answered automatically" if nature.answerable else "is never answered automatically"
    yield "nature", f"{nature.author.value}, {answerable}: {nature.reason}"
    if trip.notice.kind is not None or trip.notice.asks_for_rating:
        yield "notice", f"{trip.notice.kind or 'an answer'}{', asks for a rating' * trip.notice.asks_for_rating}"
    yield "sender", f"{identity.party.value}, {identity.trust.value}, {identity.authentication.value}"
    for finding in trip.proof.findings:
        yield "", str(finding)
    for sentence in identity.why:
        yield "", sentence
    yield "brand", facts.brand.slug
    product = facts.product.slug if facts.product is not None else "unknown"
    yield "product", f"{product}: {facts.product_why}" if facts.product_why else product
    yield "standing", facts.standing.value
    if facts.vendor is not None:
        yield "vendor", f"{facts.vendor.slug}{', away' if facts.vendor_away else ''}"
    if trip.topics or isinstance(trip.decision, Opens):
        sure = ", ".join(f"{topic.name} ({topic.confidence:.2f})" for topic in trip.topics)
        yield "topics", sure or "none that is sure enough"


def envelope_of(house: House, letter: Letter, recipients: tuple[str, ...] = (), sender: str | None = None) -> Envelope:
    """The envelope as it may have been: to the addresses of ours that the mail names, where none is given."""
    named = tuple(box.address for box in (*letter.to, *letter.cc))
    ours = tuple(address for address in named if house.addresses.locate(address) is not None)
    if sender is None:
        path = letter.header("return-path").strip()
        sender = path.strip("<>") if path else (letter.sender.address if letter.sender is not None else "")
    return Envelope(mail_from=sender, recipients=recipients or ours or named)
