"""A customer's leave for one staff member to log in as them: who may ask, who may answer, when a session may start and
when it is over. Only the customer consents; what is not allowed here in words is refused. Nothing is stored here.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from . import DAY, MINUTE, SECOND, Millis

LONGEST: Millis = 30 * MINUTE
IDLE: Millis = 10 * MINUTE
BACKWARDS: Millis = MINUTE
"""A clock that was set back by more than this ends a session: its end would come so much later."""

START_WITHIN: Millis = 60 * SECOND
LEAVE_LIVES: Millis = DAY
"""How long a leave may hold at most, and so the link that asks for it."""

ASKS_A_DAY = 3
REASON_CAP = 300


class Scope(StrEnum):
    """What the staff member may do as the customer: look, or act as well."""

    READ = "read"
    ACT = "act"

    def within(self, other: "Scope") -> bool:
        """Whether a leave for `other` covers this."""
        return self is Scope.READ or other is Scope.ACT


class Stage(StrEnum):
    """How far a request has come. `USED` has started its one session; what is neither open nor approved is over."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    USED = "used"


class Ended(StrEnum):
    """Why a session is over."""

    STAFF = "the staff member ended it"
    CUSTOMER = "the customer ended it"
    TIME = "its time is over"
    IDLE = "nothing was done for ten minutes"
    STAFF_LEFT = "the staff member has signed out"
    STAFF_GONE = "the staff member may no longer do this"
    CUSTOMER_GONE = "the customer's account is closed"
    BRAND_OFF = "the brand no longer allows it"


class Refused(StrEnum):
    """Why something is not allowed; each is a sentence that may be shown to staff."""

    OFF = "logging in as a customer is switched off for this brand"
    NO_PERMISSION = "your role does not allow logging in as a customer"
    NOT_A_CUSTOMER = "this is not a customer: nobody logs in as staff or as a vendor"
    CLOSED = "this customer has no open account"
    NESTED = "you are logged in as a customer already: end that first"
    NO_CONSENT = "the customer has not agreed"
    PENDING = "the customer has not answered yet"
    DECLINED = "the customer has declined"
    WITHDRAWN = "the customer has taken their leave back"
    USED = "this leave was used: ask again"
    EXPIRED = "the customer's leave has run out"
    OTHER_STAFF = "the customer's leave names somebody else"
    OTHER_TICKET = "the customer's leave is for another ticket"
    OTHER_CUSTOMER = "the leave is another customer's"
    OTHER_BRAND = "the customer's leave is for another brand"
    SCOPE = "the customer's leave is for looking only"
    REASON = "say why, in a sentence"
    ASKED_ALREADY = "this customer was asked for this ticket already and has not answered yet"
    ASKED_OFTEN = "this customer was asked three times within a day: wait"
    NOT_A_TIME = "the end lies in the past, or more than a day ahead"
    WIDER = "an answer can shorten and narrow what was asked, never widen it"
    ANSWERED = "this was answered before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The staff member: the key in the config, the name that the customer is shown, and what holds at this moment."""

    staff: str
    name: str
    permitted: bool
    impersonates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom they want to log in as: `plain` says that the address is no staff's and no vendor's.

    `standing` is the leave of the switch on the customer's account page, None where it is off.
    """

    customer: int
    plain: bool
    open: bool
    standing: Scope | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One request and what the customer said to it. `until` is what was asked for, then what was granted."""

    id: int
    customer: int
    staff: str
    staff_name: str
    brand: str
    ticket: int
    reason: str
    scope: Scope
    until: Millis
    asked: Millis
    stage: Stage = Stage.OPEN
    answered: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the staff member wants: on which brand, for which ticket (0 for none), why, how far, and until when."""

    brand: str
    ticket: int
    reason: str
    scope: Scope
    until: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """A staff member's session as a customer. `consent` is 0 where the switch allowed it, `seen` its last request."""

    id: int
    consent: int
    customer: int
    staff: str
    staff_name: str
    brand: str
    ticket: int
    reason: str
    scope: Scope
    started: Millis
    ends: Millis
    seen: Millis
    ended: Millis | None = None
    why: str = ""

    def left(self, now: Millis) -> Millis:
        """The time that is left, never below 0."""
        return max(0, self.ends - now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is true around a session at the instant of a request, read from the store each time."""

    brand_on: bool
    staff_signed_in: bool
    staff_permitted: bool
    customer_open: bool
    leave: Scope | None


def may_ask(
    asker: Asker, target: Target, wish: Wish, earlier: tuple[Consent, ...], *, brand_on: bool, now: Millis
) -> Refused | None:
    """Why the customer may not be asked, or None where they may. `earlier` are the requests to this customer."""
    if (refused := _nobody(asker, target, brand_on=brand_on)) is not None:
        return refused
    if not wish.reason.strip():
        return Refused.REASON
    if not now < wish.until <= now + LEAVE_LIVES:
        return Refused.NOT_A_TIME
    if any(c.ticket == wish.ticket and c.stage is Stage.OPEN and now < c.until for c in earlier):
        return Refused.ASKED_ALREADY
    if sum(now - DAY < c.asked for c in earlier) >= ASKS_A_DAY:
        return Refused.ASKED_OFTEN
    return None


def approve(consent: Consent, *, scope: Scope, until: Millis, now: Millis) -> Consent | Refused:
    """The consent after a yes, which may shorten the time and narrow the scope."""
    if (refused := _unanswerable(consent, now)) is not None:
        return refused
    if until > consent.until or not scope.within(consent.scope):
        return Refused.WIDER
    if until <= now:
        return Refused.NOT_A_TIME
    return replace(consent, stage=Stage.APPROVED, scope=scope, until=until, answered=now)


def decline(consent: Consent, *, now: Millis) -> Consent | Refused:
    """The consent after a no."""
    refused = _unanswerable(consent, now)
    return refused if refused is not None else replace(consent, stage=Stage.DECLINED, answered=now)


def withdraw(consent: Consent, *, now: Millis) -> Consent | Refused:
    """The consent after the customer has taken it back; also one whose session is under way."""
    if consent.stage in (Stage.DECLINED, Stage.WITHDRAWN):
        return Refused.ANSWERED
    return replace(consent, stage=Stage.WITHDRAWN, answered=now)


def may_start(
    asker: Asker, target: Target, wish: Wish, consent: Consent | None, *, brand_on: bool, now: Millis
) -> Refused | None:
    """Why no session may start, or None where one may: by this consent, or without one by the customer's switch."""
    if (refused := _nobody(asker, target, brand_on=brand_on)) is not None:
        return refused
    if consent is None:
        return _by_switch(target, wish)
    if consent.customer != target.customer:
        return Refused.OTHER_CUSTOMER
    if consent.staff != asker.staff:
        return Refused.OTHER_STAFF
    if consent.ticket != wish.ticket:
        return Refused.OTHER_TICKET
    if consent.brand != wish.brand:
        return Refused.OTHER_BRAND
    if consent.stage is not Stage.APPROVED:
        return _NOT_APPROVED[consent.stage]
    if now >= consent.until:
        return Refused.EXPIRED
    return None if wish.scope.within(consent.scope) else Refused.SCOPE


def ends(consent: Consent | None, started: Millis) -> Millis:
    """When a session that starts now is over at the latest."""
    return started + LONGEST if consent is None else min(started + LONGEST, consent.until)


def why_over(session: Impersonation, around: Standing, now: Millis) -> Ended | None:
    """Why a session is over at this request, or None while it lives. `why` of one that was ended stands in its row."""
    for over, why in (
        (not around.brand_on, Ended.BRAND_OFF),
        (not around.customer_open, Ended.CUSTOMER_GONE),
        (around.leave is None or not session.scope.within(around.leave), Ended.CUSTOMER),
        (not around.staff_permitted, Ended.STAFF_GONE),
        (not around.staff_signed_in, Ended.STAFF_LEFT),
        (now >= session.ends or now < session.seen - BACKWARDS, Ended.TIME),
        (now >= session.seen + IDLE, Ended.IDLE),
    ):
        if over:
            return why
    return None


_NOT_APPROVED = {
    Stage.OPEN: Refused.PENDING,
    Stage.DECLINED: Refused.DECLINED,
    Stage.WITHDRAWN: Refused.WITHDRAWN,
    Stage.USED: Refused.USED,
}


def _nobody(asker: Asker, target: Target, *, brand_on: bool) -> Refused | None:
    """What refuses both asking and starting."""
    for refused, why in (
        (not brand_on, Refused.OFF),
        (not asker.permitted, Refused.NO_PERMISSION),
        (not target.plain, Refused.NOT_A_CUSTOMER),
        (not target.open, Refused.CLOSED),
        (asker.impersonates, Refused.NESTED),
    ):
        if refused:
            return why
    return None


def _by_switch(target: Target, wish: Wish) -> Refused | None:
    if target.standing is None:
        return Refused.NO_CONSENT
    if not wish.reason.strip():
        return Refused.REASON
    return None if wish.scope.within(target.standing) else Refused.SCOPE


def _unanswerable(consent: Consent, now: Millis) -> Refused | None:
    if consent.stage is not Stage.OPEN:
        return Refused.ANSWERED
    return Refused.EXPIRED if now >= consent.until else None
