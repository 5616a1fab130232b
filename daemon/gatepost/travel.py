"""Decides one mail, in reading order, on what a transaction sees; writes nothing.

Each step is named where it lives. `gatepost rules explain` is this trip and nothing more.
"""

from dataclasses import dataclass, replace
from functools import partial

from . import alarm
from .core import Millis
from .core.address import folds_onto_another
from .core.copy import Copy, revived
from .core.facts import Facts
from .core.forward import brought
from .core.helpdesk import Notice
from .core.identity import Authentication, Citation, Identity, Proof, choose_ticket, too_late, weigh
from .core.letter import Arrival, Door, Envelope, Letter
from .core.nature import ON_A_PAGE, Author, Nature, judge
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
from .store.database import Tx
from .store.facts import gather

SIGNED_IN = Proof(result=Authentication.VERIFIED, why="written on our pages by who has proved the address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """How one mail was decided: every value of the way, none of it written yet.

    `revived` is what becomes of a mail of which `earlier` lay in an archive alone; None where it is one more copy.
    """

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
    earlier: Copy | None
    revived: Decision | None = None
    flood: str = ""
    release: Release | None = None
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What a mail says of itself by its door: who wrote it, which ticket it cites and why, and what proves its sender.

    `sender` is as whom it was written, where that is not From; `proof` is None while nobody has asked.
    """

    nature: Nature
    citations: tuple[Citation, ...]
    citation: Citation | None
    why: tuple[str, ...]
    proof: Proof | None
    sender: str = ""


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
    letter = unlinked(house, letter)
    start = _set_out(tx, house, arrival.envelope, letter, proof)
    proof = _proof(house, letter, start.proof, release)
    letter, facts = _look_up(tx, house, arrival.envelope, letter, start, proof, now)
    identity = _weigh(house, arrival.envelope, start, facts, proof, release, now)
    notice = helpdesks.notice(tx, facts, letter, start.nature, identity, arrival.received)
    nature = notice.colour(start.nature)
    topics = _topics(house, letter, nature, identity, facts)
    labels = [(topic.name, topic.confidence) for topic in topics]
    works = house.works(facts.brand, facts.vendor, now)
    seen, book = rules.see(facts, letter, nature, identity, labels, notice, works), house.rulebook.book
    verdict = unheld(judge_rules(book, seen), release)
    flood = _flood(tx, house, arrival.envelope, identity, now)
    decision = decide(
        letter=letter,
        nature=nature,
        identity=identity,
        delivery=house.returned(arrival.envelope) or returns.cited(tx, house.keys, letter.report),
        answers=house.answers(arrival.envelope),
        facts=facts,
        verdict=verdict,
        release=release,
        notice=notice,
        round_trip=round_trip(letter, house.domains) or flood,
    )
    earlier = arrivals.seen(tx, letter.fingerprint, letter.message_id, ticket=identity.ticket, now=arrival.received)
    is_past = _is_past(arrival.envelope)
    return Trip(
        arrival=arrival,
        letter=letter,
        nature=nature,
        notice=notice,
        citation=start.citation,
        citations=start.citations,
        facts=facts,
        proof=proof,
        identity=identity,
        seen=seen,
        book=book,
        verdict=verdict,
        decision=record_only(decision) if is_past else decision,
        earlier=earlier,
        # A mailbox dates its mails by when they came to it, however long ago: the clock says whether one still waits.
        revived=None if is_past else revived(earlier, decision, arrival.received if release is not None else now),
        flood=flood,
        release=release,
        topics=topics,
    )


def unlinked(house: House, letter: Letter) -> Letter:
    """The letter without the secrets of our own links, that a quoted mail of ours brings along."""
    texts = (letter.subject, letter.text, letter.reply_text, letter.relay_text)
    subject, text, reply_text, relay_text = plain = tuple(map(house.unlinked, texts))
    if plain == texts:
        return letter
    return replace(letter, subject=subject, text=text, reply_text=reply_text, relay_text=relay_text)


def _set_out(tx: Tx, house: House, envelope: Envelope, letter: Letter, proof: Proof | None) -> _Start:
    """What is to be said before anything is looked up; a page and an archive vouch for what comes by them."""
    nature = judge(letter, mail_from=envelope.mail_from, ours=house.is_ours)
    citations = house.citations(letter, envelope)
    citation, why = choose_ticket(citations)
    if envelope.door is Door.PORTAL:
        nature, proof = ON_A_PAGE, SIGNED_IN
    start = _Start(nature=nature, citations=citations, citation=citation, why=why, proof=proof)
    if not _is_past(envelope):
        return start
    back = look_back(tx, house, letter, nature, citation, why)
    return replace(start, nature=back.nature, citation=back.citation, why=back.why, sender=back.sender, proof=VOUCHED)


def _proof(house: House, letter: Letter, proof: Proof | None, release: Release | None) -> Proof:
    """What proves the sender: somebody's word for a held mail, what came with the mail, or what it can tell itself."""
    if release is not None:
        return Proof(result=Authentication.VERIFIED, why=release.said)
    found = proof if proof is not None else house.authenticate(letter)
    author = letter.sender.address if letter.sender is not None else ""
    if found.result is Authentication.VERIFIED and folds_onto_another(author):
        # At the same host, and so with the same proof, another person may have the address it is compared as.
        why = f"{author} is compared as {author.casefold()}, which is somebody else's address"
        return Proof(result=Authentication.UNVERIFIED, why=why, findings=found.findings)
    return found


def _look_up(
    tx: Tx, house: House, envelope: Envelope, letter: Letter, start: _Start, proof: Proof, now: Millis
) -> tuple[Letter, Facts]:
    """What is known around the mail, and the mail itself: where somebody of ours brought it, its author's (M6)."""
    place = house.place(envelope)
    look = partial(
        gather,
        tx,
        envelope=envelope,
        brand=house.brand_of(place),
        address=place.address if place is not None else "",
        detail=place.detail if place is not None else "",
        staff=house.staff_addresses,
        citation=start.citation,
        answers=house.answers(envelope),
        names=house.names(tx),
        now=now,
    )
    facts = look(letter=letter)
    letter = brought(letter, facts=facts, nature=start.nature, proof=proof, elsewhere=house.is_one_of_us)
    return letter, facts if letter.forwarder is None else look(letter=letter)


def _weigh(
    house: House,
    envelope: Envelope,
    start: _Start,
    facts: Facts,
    proof: Proof,
    release: Release | None,
    now: Millis,
) -> Identity:
    """Who wrote it, on which ticket, and how sure that is; a ticket closed too long ago is one no more."""
    identity = weigh(
        sender=start.sender or facts.sender,
        party=facts.party,
        authentication=proof.result,
        authentication_why=proof.why,
        citation=start.citation if facts.ticket is not None else None,
        citation_why=start.why,
        participants=facts.participants,
        vendor=facts.vendor,
        release=release,
    )
    if _is_past(envelope):
        return identity
    return too_late(identity, closed_since=closed_since(facts.ticket, start.nature), now=now, days=house.reopen_days)


def _topics(house: House, letter: Letter, nature: Nature, identity: Identity, facts: Facts) -> tuple[Topic, ...]:
    """What a person's mail that belongs to no ticket is about."""
    new = nature.author is Author.HUMAN and identity.ticket is None
    return house.topics_of(letter, facts.product) if new else ()


def _flood(tx: Tx, house: House, envelope: Envelope, identity: Identity, now: Millis) -> str:
    """Why the ticket is flooded, '' where it is not; what is imported floods nothing."""
    if identity.ticket is None or _is_past(envelope):
        return ""
    return alarm.flood(tx, house, identity.ticket, now)


def _is_past(envelope: Envelope) -> bool:
    return envelope.door is Door.IMPORT
