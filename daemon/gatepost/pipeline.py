"""The whole trip of a mail, in reading order: `travel` decides, `handle` also writes, in one transaction.

No sentence about mail stands here; each step is named where it lives. `explain` is `travel` alone.
"""

from dataclasses import dataclass
from functools import partial

from . import alarm
from .commit import commit
from .core import Millis
from .core.facts import Facts
from .core.forward import brought
from .core.helpdesk import Notice
from .core.identity import Authentication, Citation, Identity, Proof, choose_ticket, too_late, weigh
from .core.letter import Arrival, Door, Letter
from .core.nature import Author, Nature, judge
from .core.quarantine import Cause, Release
from .core.round_trip import round_trip
from .core.rules.judge import judge as judge_rules
from .core.rules.seen import see
from .core.ticket import closed_since
from .core.topics import Topic
from .core.trip import Decision, decide, unheld
from .core.verdict import Verdict
from .house import House
from .past import VOUCHED, look_back, record_only
from .store import arrivals, helpdesks, quarantine, returns, trace
from .store.arrivals import Outcome, Seen
from .store.database import Tx
from .store.facts import gather


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """How one mail was decided: every value of the way, none of it written yet."""

    arrival: Arrival
    letter: Letter
    nature: Nature
    notice: Notice
    citation: Citation | None
    citations: tuple[Citation, ...]
    facts: Facts
    proof: Proof
    identity: Identity
    verdict: Verdict
    decision: Decision
    earlier: Seen | None
    flood: str = ""
    release: Release | None = None
    topics: tuple[Topic, ...] = ()


def travel(
    tx: Tx,
    house: House,
    arrival: Arrival,
    letter: Letter,
    now: Millis,
    release: Release | None = None,
    proof: Proof | None = None,
) -> Trip:
    """Decide one mail on what `tx` sees; reads only.

    `release` is the word by which it leaves quarantine, `proof` what DNS said of its sender, where it was asked.
    """
    envelope = arrival.envelope
    place = house.place(envelope)
    nature = judge(letter, mail_from=envelope.mail_from, ours=house.is_ours)
    citations = house.citations(letter, envelope)
    citation, citation_why = choose_ticket(citations)
    answers = house.answers(envelope)
    sender = ""
    if archived := envelope.door is Door.IMPORT:
        back = look_back(tx, house, letter, nature, citation, citation_why)
        citation, citation_why, nature, sender, proof = back.citation, back.why, back.nature, back.sender, VOUCHED
    look = partial(
        gather,
        tx,
        envelope=envelope,
        brand=house.brand_of(place),
        address=place.address if place is not None else "",
        detail=place.detail if place is not None else "",
        staff=house.staff_addresses,
        citation=citation,
        answers=answers,
        names=house.names(tx),
        now=now,
    )
    facts = look(letter=letter)
    proof = house.authenticate(letter) if proof is None else proof
    if release is not None:
        proof = Proof(result=Authentication.VERIFIED, why=release.said)
    letter = brought(letter, facts=facts, nature=nature, proof=proof, elsewhere=house.is_one_of_us)
    facts = facts if letter.forwarder is None else look(letter=letter)
    identity = weigh(
        sender=sender or facts.sender,
        party=facts.party,
        authentication=proof.result,
        authentication_why=proof.why,
        citation=citation if facts.ticket is not None else None,
        citation_why=citation_why,
        participants=facts.participants,
        vendor=facts.vendor,
        release=release,
    )
    if not archived:
        identity = too_late(identity, closed_since=closed_since(facts.ticket, nature), now=now, days=house.reopen_days)
    notice = helpdesks.notice(tx, facts, letter, nature, identity, arrival.received)
    nature = notice.colour(nature)
    new = nature.author is Author.HUMAN and identity.ticket is None
    topics = house.topics_of(letter, facts.product) if new else ()
    seen = see(facts, letter, nature, identity, [(topic.name, topic.confidence) for topic in topics], notice)
    verdict = unheld(judge_rules(house.rulebook.book, seen), release)
    flood = alarm.flood(tx, house, identity.ticket, now) if identity.ticket is not None and not archived else ""
    decision = decide(
        letter=letter,
        nature=nature,
        identity=identity,
        delivery=house.returned(envelope) or returns.cited(tx, house.keys, letter.report),
        answers=answers,
        facts=facts,
        verdict=verdict,
        release=release,
        notice=notice,
        round_trip=round_trip(letter, house.domains) or flood,
    )
    if archived:
        decision = record_only(decision)
    earlier = arrivals.seen(tx, letter.fingerprint, letter.message_id, ticket=identity.ticket, now=arrival.received)
    return Trip(
        arrival=arrival,
        letter=letter,
        nature=nature,
        notice=notice,
        citation=citation,
        citations=citations,
        facts=facts,
        proof=proof,
        identity=identity,
        verdict=verdict,
        decision=decision,
        earlier=earlier,
        flood=flood,
        release=release,
        topics=topics,
    )


def handle(tx: Tx, house: House, arrival: Arrival, letter: Letter, now: Millis, proof: Proof | None = None) -> Outcome:
    """Decide one mail and write what follows; what became of it. A second call for the same arrival changes nothing."""
    row = arrivals.begin(tx, arrival)
    known = arrivals.outcome_of(tx, row)
    return (
        known
        if known is not None
        else commit(tx, house, travel(tx, house, arrival, letter, now, proof=proof), row, now)
    )


def run_again(tx: Tx, house: House, number: int, letter: Letter, now: Millis) -> Outcome | None:
    """Take a mail that was released from quarantine through the code and the rules of today; what became of it.

    A second call changes nothing. None where it is not in quarantine, or nobody has released it.
    """
    held = quarantine.find(tx, number)
    row = arrivals.find(tx, held.arrival) if held is not None else None
    if held is None or row is None:
        return None
    if held.state is not quarantine.State.RELEASED:
        return arrivals.outcome_of(tx, held.arrival) if held.state is quarantine.State.DONE else None
    release = Release(cause=held.cause, said=held.said)
    trip = travel(tx, house, arrivals.as_arrival(tx, row), letter, now, release)
    quarantine.done(tx, number, now)
    said = f"from {held.cause.word}: {held.said}"
    trace.note(tx, kind="released", said=said, now=now, ticket=held.ticket, arrival=held.arrival)
    return commit(tx, house, trip, held.arrival, now)


def failed(tx: Tx, house: House, arrival: Arrival, cause: Cause, detail: str, now: Millis) -> Outcome | None:
    """Count a try that failed; after the last one the mail goes to quarantine, whole, and None is said until then."""
    row = arrivals.begin(tx, arrival)
    if (known := arrivals.outcome_of(tx, row)) is not None:
        return known
    tries = arrivals.failed(tx, row, cause.word)
    said = f"try {tries} failed: {cause.sentence} ({detail})"
    trace.note(tx, kind="failed", said=said, now=now, arrival=row)
    if tries < house.limits.tries and cause is not Cause.HOSTILE:
        return None
    sender = arrival.envelope.mail_from
    quarantine.put(
        tx, row, cause=cause, detail=detail, sender=sender, subject="", ticket=0, now=now
    )  # fmt: skip
    arrivals.finish(tx, row, Outcome.QUARANTINED, now, cause=cause.word)
    return Outcome.QUARANTINED
