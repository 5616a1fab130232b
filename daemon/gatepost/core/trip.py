"""What one mail is to the house: it opens a ticket, continues one, reports on a delivery, or is put aside.

This is the one place where nature, identity and verdict meet; what a ticket makes of it is `ticket.advance`'s.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from .confirmation import Question, refused
from .facts import Facts
from .helpdesk import NOT_A_VENDOR, Notice
from .identity import Identity, Trust
from .letter import Letter, Report
from .nature import Author, Nature
from .party import Role, Vendor
from .quarantine import Cause, Release, cause_of, lifts
from .reply_address import Token
from .verdict import Route, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """The mail opens a ticket; `follows` is the closed one that it answers too late, 0 for none."""

    follows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Continues:
    """The mail is a participant's message on a ticket."""

    ticket: int
    author: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The mail reports on the delivery of our outbox mail `outbox` to `participant`."""

    outbox: int
    participant: int
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The mail is only kept: nothing follows from it. `reason` is the sentence for the trace."""

    reason: str
    ticket: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """The mail goes to quarantine, whole, with its cause; `ticket` names the one that it was for, 0 for none."""

    cause: Cause
    detail: str
    ticket: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirms:
    """The mail says yes to a question of ours."""

    question: Question


Decision: TypeAlias = Opens | Continues | Reports | Kept | Aside | Confirms


def decide(
    *,
    letter: Letter,
    nature: Nature,
    identity: Identity,
    delivery: Token | None,
    answers: Token | None = None,
    facts: Facts,
    verdict: Verdict,
    release: Release | None = None,
    notice: Notice = NOT_A_VENDOR,
    round_trip: str = "",
) -> Decision:
    """What the mail is. `delivery` is the signed id of the mail of ours that came back, `answers` of our question.

    `round_trip` says that it goes round, '' that it does not.

    `release` lifts the check that has kept this mail in quarantine, and no other.
    """
    if nature.author is Author.OURSELVES and not lifts(release, Cause.LOOP):
        return Aside(cause=Cause.LOOP, detail=nature.reason)
    if delivery is not None and letter.report is not None:
        return Reports(outbox=delivery.ticket, participant=delivery.participant, report=letter.report)
    if round_trip and not lifts(release, Cause.LOOP):
        return Aside(cause=Cause.LOOP, detail=round_trip, ticket=identity.ticket or 0)
    if answers is not None and not lifts(release, Cause.UNCLEAR_ANSWER):
        return _answer(letter, nature, facts)
    if identity.ticket is not None:
        if notice.kind is not None and identity.trust is not Trust.TRUSTED:
            # Nobody answers a help desk's notice, so nobody need look at whether it was forged.
            return Kept(reason=nature.reason, ticket=identity.ticket)
        return _on_ticket(identity, identity.ticket, facts.vendor, verdict, release)
    if verdict.route is Route.QUARANTINE:
        return _by_rule(verdict)
    if verdict.route is Route.EVENT:
        return Kept(reason=f"rule {verdict.by}: {nature.reason}")
    return Opens(follows=identity.follows)


def _answer(letter: Letter, nature: Nature, facts: Facts) -> Decision:
    question = facts.question
    why = refused(
        question, letter=letter, nature=nature, participants=facts.participants, vendor=facts.vendor, now=facts.now
    )
    if question is not None and not why:
        return Confirms(question=question)
    ticket = question.ticket if question is not None else 0
    if nature.author is not Author.HUMAN:
        return Kept(reason=f"a mail to a question's address confirms nothing: {why}", ticket=ticket)
    # A person may have written anything there: nothing of it is lost.
    return Aside(cause=Cause.UNCLEAR_ANSWER, detail=why, ticket=ticket)


def _on_ticket(
    identity: Identity, ticket: int, vendor: Vendor | None, verdict: Verdict, release: Release | None
) -> Decision:
    why = identity.why[-1] if identity.why else ""
    if identity.trust is not Trust.TRUSTED or identity.participant is None:
        return Aside(cause=cause_of(identity.cause), detail=why, ticket=ticket)
    from_vendor = identity.participant.role is Role.VENDOR and vendor is not None
    if from_vendor and vendor is not None and not vendor.active and not lifts(release, Cause.VENDOR_INACTIVE):
        return Aside(cause=Cause.VENDOR_INACTIVE, detail=f"{vendor.name} is no longer active", ticket=ticket)
    if verdict.route is Route.QUARANTINE:
        return _by_rule(verdict, ticket)
    return Continues(ticket=ticket, author=identity.participant.number)


def unheld(verdict: Verdict, release: Release | None) -> Verdict:
    """The verdict, with people in triage in place of the quarantine from which somebody has released the mail."""
    if verdict.route is not Route.QUARANTINE or not lifts(release, cause_of(verdict.cause)):
        return verdict
    return replace(verdict, route=Route.TRIAGE, acknowledge="", cause="")


def _by_rule(verdict: Verdict, ticket: int = 0) -> Aside:
    return Aside(cause=cause_of(verdict.cause), detail=f"rule {verdict.by}: {verdict.cause}", ticket=ticket)
