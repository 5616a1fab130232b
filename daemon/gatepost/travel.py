"""Decides one mail, in reading order, on what a transaction sees; writes nothing.

Each step is named where it lives. `gatepost rules explain` is this trip and nothing more.
"""

from dataclasses import dataclass
from functools import partial

from . import alarm
from .core import Millis
from .core.facts import Facts
from .core.forward import brought
from .core.helpdesk import Notice
from .core.identity import Authentication, Citation, Identity, Proof, choose_ticket, too_late, weigh
from .core.letter import Arrival, Door, Letter
from .core.nature import Author, Kind, Nature, judge
from .core.quarantine import Release
from .core.round_trip import round_trip
from .core.rules import seen as rules
from .core.rules.book import Book
from .core.rules.judge import judge as judge_rules
from .core.ticket import closed_since
from .core.topics import Topic
from .core.trip import Decision, decide, unheld
from .core.verdict import Verdict
from .house import House
from .past import VOUCHED, look_back, record_only
from .store import arrivals, helpdesks, returns
from .store.arrivals import Seen
from .store.database import Tx
from .store.facts import gather

# What is known of words that were written on a page of ours: nothing of it has to be made out.
ON_A_PAGE = Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="a person wrote it on our pages")
SIGNED_IN = Proof(result=Authentication.VERIFIED, why="written on our pages by who has proved the address")


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
    seen: rules.Seen
    book: Book
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
    if envelope.door is Door.PORTAL:
        nature, proof = ON_A_PAGE, SIGNED_IN
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
    labels = [(topic.name, topic.confidence) for topic in topics]
    works = house.works(facts.brand, facts.vendor, now)
    seen, book = rules.see(facts, letter, nature, identity, labels, notice, works), house.rulebook.book
    verdict = unheld(judge_rules(book, seen), release)
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
        seen=seen,
        book=book,
        verdict=verdict,
        decision=decision,
        earlier=earlier,
        flood=flood,
        release=release,
        topics=topics,
    )
