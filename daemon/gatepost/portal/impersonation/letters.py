"""What is written about leave to log in as a customer: to the customer when they are asked, and when a session begins
and ends with all that was done in it (L6); to the member of staff when the customer has answered.
"""

from collections.abc import Sequence

from ...core import MINUTE, Millis
from ...core.consent import LONGEST, Consent, Ended, Impersonation, Scope, Stage
from ...core.letter import Mailbox
from ...core.party import Brand
from ...house import House
from ...links import For
from ...mail import wording
from ...mail.catalogue import phrase, say
from ...mail.values import NO_LEAVE
from ...notice import post
from ...store import parties
from ...store.consents import Act
from ...store.database import Tx

REQUEST, STARTED, ENDED = "customer/log-in-request", "customer/log-in-started", "customer/log-in-ended"
ANSWERED = "staff/log-in-answered"
_TOLD = 200

# Why a session is over, as the customer reads it.
WHY = {
    Ended.STAFF: phrase("Our colleague has ended it."),
    Ended.CUSTOMER: phrase("You have ended it."),
    Ended.TIME: phrase("Its time was over."),
    Ended.IDLE: phrase("Nothing was done for ten minutes."),
    Ended.STAFF_LEFT: phrase("Our colleague has signed out."),
    Ended.STAFF_GONE: phrase("Our colleague may no longer do this."),
    Ended.CUSTOMER_GONE: phrase("Your account was closed."),
    Ended.BRAND_OFF: phrase("We have switched this off."),
}


def asked(tx: Tx, house: House, brand: Brand, consent: Consent, now: Millis) -> None:
    """Ask the customer: who, why, how far, until when, and the link to the page on which they answer."""
    language, zone = _reader(tx, consent.customer, brand)
    link = house.links.sign(For.CONSENT, (consent.id, consent.customer), consent.until)
    leave = {
        "staff": consent.staff_name,
        "reason": consent.reason,
        "acting": consent.scope is Scope.ACT,
        "until": wording.moment(consent.until, language, zone),
        "minutes": LONGEST // MINUTE,
        "ticket": consent.ticket,
        "link": f"{brand.portal.rstrip('/')}/leave/{link}",
    }
    _tell(tx, house, brand, REQUEST, consent.customer, f"leave-{consent.id}", leave, now)


def started(tx: Tx, house: House, brand: Brand, session: Impersonation, now: Millis) -> None:
    """Tell the customer that somebody is logged in as them now, and how to end it."""
    _tell(
        tx, house, brand, STARTED, session.customer, f"log-in-started-{session.id}", _held(tx, brand, session, ()), now
    )


def ended(
    tx: Tx, house: House, brand: Brand, session: Impersonation, acts: Sequence[Act], now: Millis
) -> None:  # fmt: skip
    """Tell the customer that it is over, and everything that was done and looked at."""
    _tell(tx, house, brand, ENDED, session.customer, f"log-in-ended-{session.id}", _held(tx, brand, session, acts), now)


def answered(tx: Tx, house: House, brand: Brand, consent: Consent, now: Millis) -> None:
    """Tell the member of staff what the customer has said."""
    member = house.members.get(consent.staff)
    if member is None:
        return
    known = parties.customer(tx, consent.customer)
    portal = brand.portal.rstrip("/")
    leave = {
        "granted": consent.stage is Stage.APPROVED,
        "acting": consent.scope is Scope.ACT,
        "until": wording.moment(consent.until, "en", brand.zone),
        "customer": (known.name or known.address) if known is not None else "",
        "ticket": consent.ticket,
        "link": f"{portal}/staff/customers/{consent.customer}/log-in?consent={consent.id}",
    }
    to = Mailbox(address=member.address, name=member.name)
    key = f"leave-{consent.id}"
    post(
        tx,
        house,
        brand,
        template=ANSWERED,
        to=to,
        language="en",
        key=key,
        now=now,
        values={"leave": {**NO_LEAVE, **leave}},
    )


def done(language: str, act: Act) -> str:
    """One thing that was done or looked at, in words."""
    said = say(language, act.said)
    return f"{said} · {act.ticket}" if act.ticket else said


def why_over(session: Impersonation) -> str:
    """Why a session is over, as the customer reads it in English; '' while it lives."""
    return WHY[Ended(session.why)] if session.why else ""


def _held(tx: Tx, brand: Brand, session: Impersonation, acts: Sequence[Act]) -> dict[str, object]:
    """A session as a letter tells of it."""
    language, zone = _reader(tx, session.customer, brand)
    told = [(act.did, {"at": wording.moment(act.at, language, zone), "said": done(language, act)}) for act in acts]
    return {
        "staff": session.staff_name,
        "reason": session.reason,
        "acting": session.scope is Scope.ACT,
        "ticket": session.ticket,
        "started": wording.moment(session.started, language, zone),
        "until": wording.moment(session.ends, language, zone),
        "ended": wording.moment(session.ended, language, zone) if session.ended is not None else "",
        "why": say(language, why_over(session)) if session.why else "",
        "acts": [act for did, act in told if did][:_TOLD],
        "looks": [act for did, act in told if not did][:_TOLD],
        "link": f"{brand.portal.rstrip('/')}/account",
    }


def _tell(
    tx: Tx, house: House, brand: Brand, template: str, customer: int, key: str, leave: dict[str, object], now: Millis
) -> None:
    """Write to the customer's own address, in their language."""
    known = parties.customer(tx, customer)
    if known is None or not known.address:
        return
    language, _ = _reader(tx, customer, brand)
    to = Mailbox(address=known.address, name=known.name)
    post(
        tx,
        house,
        brand,
        template=template,
        to=to,
        language=language,
        key=key,
        now=now,
        values={"leave": {**NO_LEAVE, **leave}},
    )


def _reader(tx: Tx, customer: int, brand: Brand) -> tuple[str, str]:
    """The customer's language and time zone."""
    known = parties.customer(tx, customer)
    language = (known.language if known is not None else "") or brand.languages[0]
    return language, (known.zone if known is not None else "") or brand.zone
