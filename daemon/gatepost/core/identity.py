"""Who wrote a mail, about which ticket, how sure we are, and why: the evidence, weighed.

Evidence is a token of ours (in the envelope recipient, in References or In-Reply-To, in the envelope sender of a
report), the sender's address, and the authentication of that address. A number in a subject is shown, never believed
(I3). A token says which ticket and which participant are meant; the sender must then be that participant.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from . import DAY, Millis
from .party import Membership, Participant, Party, Role, Vendor
from .quarantine import Cause, Release, lifts
from .reply_address import Token


class Authentication(StrEnum):
    """What is known of the sender address (I4): a pass, nothing, or a fail of DMARC."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one method found out about the sender, in the words of RFC 8601: for display, never for a decision."""

    method: str
    result: str
    domain: str = ""
    aligned: bool | None = None
    detail: str = ""

    def __str__(self) -> str:
        aligned = "" if self.aligned is None else ", aligned with From" if self.aligned else ", not aligned with From"
        about = f" for {self.domain}{aligned}" if self.domain else ""
        return f"{self.method}={self.result}{about}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The authentication of one mail (I4): the result, the sentence that says how, and what each method found."""

    result: Authentication
    why: str
    findings: tuple[Finding, ...] = ()


class Trust(StrEnum):
    """What follows: the mail is the participant's, may be theirs (held until confirmed), or is not theirs."""

    TRUSTED = "trusted"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"


class Place(StrEnum):
    """Where a token of ours was found, strongest first."""

    RECIPIENT = "recipient"
    REFERENCES = "references"
    IN_REPLY_TO = "in_reply_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One verified token and where it stood."""

    token: Token
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The weighing of one mail. `ticket` is None where it opens a new one; `follows` is the closed ticket
    that it answers too late, 0 for none; `why` is the sentences, in order.
    """

    party: Party
    trust: Trust
    authentication: Authentication
    ticket: int | None = None
    participant: Participant | None = None
    follows: int = 0
    cause: str = ""
    why: tuple[str, ...] = ()


def choose_ticket(citations: tuple[Citation, ...]) -> tuple[Citation | None, tuple[str, ...]]:
    """The citation that names the ticket, the strongest place first, and what to say of it.

    Tokens of several tickets are a conflict that is told, and the envelope recipient wins (D30).
    """
    if not citations:
        return None, ("no reply address of ours: a new ticket",)
    ranked = sorted(citations, key=lambda citation: list(Place).index(citation.place))
    chosen = ranked[0]
    why = [f"threaded because of our token in the {chosen.place.value.replace('_', '-')}: ticket {chosen.token.ticket}"]
    others = sorted({c.token.ticket for c in ranked if c.token.ticket != chosen.token.ticket})
    if others:
        why.append(f"conflict: the mail also cites ticket {', '.join(map(str, others))}")
    return chosen, tuple(why)


def weigh(
    *,
    sender: str,
    party: Party,
    authentication: Authentication,
    authentication_why: str,
    citation: Citation | None,
    citation_why: tuple[str, ...],
    participants: tuple[Participant, ...],
    vendor: Vendor | None,
    release: Release | None = None,
) -> Identity:
    """Who wrote, about which ticket, and whether it may act. `sender` is '' where From is missing or ambiguous.

    `participants` are those of the cited ticket, `vendor` the vendor who answers it; `release` lifts the check that has
    kept this mail in quarantine. Never raises.
    """
    why = [*citation_why, authentication_why]
    if citation is None:
        trust = Trust.TRUSTED if authentication is Authentication.VERIFIED else Trust.UNCONFIRMED
        return Identity(party=party, trust=trust, authentication=authentication, why=tuple(why))
    ticket = citation.token.ticket
    named = next((p for p in participants if p.number == citation.token.participant), None)
    if named is None:
        why.append("the ticket has no such participant: a new ticket")
        return Identity(party=party, trust=Trust.UNCONFIRMED, authentication=authentication, why=tuple(why))
    actual, sentence = _author(sender, named, participants, vendor)
    why.append(sentence)
    if actual is None and lifts(release, Cause.OTHER_USER_UPDATE):
        actual = named
    if actual is None:
        return Identity(
            party=party, trust=Trust.REFUSED, authentication=authentication, ticket=ticket, participant=named,
            cause="other_user_update", why=tuple(why),
        )  # fmt: skip
    if not actual.active and not lifts(release, Cause.PARTICIPANT_REMOVED):
        state = "was removed from the ticket" if actual.membership is Membership.REMOVED else "is not confirmed yet"
        why.append(f"{actual.role.value} {actual.number} {state}; their reply address does not work")
        return Identity(
            party=party, trust=Trust.REFUSED, authentication=authentication, ticket=ticket, participant=actual,
            cause="participant_removed", why=tuple(why),
        )  # fmt: skip
    trust = Trust.TRUSTED if authentication is Authentication.VERIFIED else Trust.UNCONFIRMED
    cause = "" if trust is Trust.TRUSTED else "sender_unverified"
    return Identity(
        party=party, trust=trust, authentication=authentication, ticket=ticket, participant=actual, cause=cause,
        why=tuple(why),
    )  # fmt: skip


def too_late(identity: Identity, *, closed_since: Millis | None, now: Millis, days: int) -> Identity:
    """The identity without its ticket, where a customer answers one that has been closed for more than `days` (D28).

    `closed_since` is None for an open ticket. Who answers a ticket may do so at any time.
    """
    who = identity.participant
    late = closed_since is not None and now - closed_since > days * DAY
    theirs = identity.trust is not Trust.REFUSED and who is not None and who.role in (Role.REQUESTER, Role.COPIED)
    if not late or not theirs or identity.ticket is None:
        return identity
    why = (*identity.why, f"ticket {identity.ticket} has been closed for over {days} days: a new ticket follows it")
    return replace(identity, ticket=None, participant=None, follows=identity.ticket, cause="", why=why)


def _author(
    sender: str, named: Participant, participants: tuple[Participant, ...], vendor: Vendor | None
) -> tuple[Participant | None, str]:
    """The participant who wrote, and the sentence that says how we know; None for anybody else."""
    if not sender:
        return None, "From is missing or ambiguous: nobody's words"
    if named.is_at(sender):
        return named, f"sender = {named.role.value} {named.number}, to whom the reply address belongs"
    if vendor is not None and vendor.sends_from(sender) and named.role is Role.VENDOR:
        return named, f"sender is a listed address of vendor {vendor.slug}, to whom the reply address belongs"
    return None, f"the reply address is {named.role.value} {named.number}'s, the sender {sender} is somebody else"
