"""Tells staff what concerns no single ticket: a breaker that opened, mail that waits, what is wrong with the house.

Everything is told once, and once when it is over.
"""

from . import notice
from .core import MINUTE, Millis
from .core.breaker import Bounds, pairs, trips
from .core.health import Kind, Trouble
from .core.letter import Mailbox
from .house import House
from .mail import wording
from .store import alarms, breakers, delays, trace
from .store.database import Tx

EVERYWHERE = "every destination"
_SEVERAL = 3
# Their letter is one of their own: it says more.
_TOLD_ELSEWHERE = frozenset({Kind.BREAKER})


def silence(tx: Tx, house: House, address: str, now: Millis) -> str:
    """Why the circuit breaker lets no automatic mail go to `address`; '' if it does. Opens it where it must (A4)."""
    limits, window = house.limits, house.limits.breaker_minutes * MINUTE
    bounds = Bounds(
        address=limits.breaker_per_address,
        domain=limits.breaker_per_domain,
        floor=limits.breaker_floor,
        ratio=limits.breaker_ratio,
    )
    standing, sent = breakers.standing(tx, *pairs(address)), breakers.most_since(tx, now - window)
    for pair in pairs(address):
        # Counting takes as long as there is mail; where little has left, there is nothing to count.
        counts = sent >= bounds.of(pair)
        why = trips(pair, breakers.traffic(tx, pair, now - window, bounds.of(pair)), bounds) if counts else ""
        if why:
            trip(tx, house, pair, why, now)
        if why or pair in standing:
            return f"the circuit breaker of {pair} is open: {why or standing[pair].why}"
    return ""


def heard(tx: Tx, house: House, address: str, now: Millis) -> None:
    """Count a mail that came from `address`, if it may answer an automatic mail of ours."""
    if address and address.casefold() not in house.staff_addresses:
        breakers.hear(tx, address, now - house.limits.breaker_minutes * MINUTE, now)


def trip(tx: Tx, house: House, pair: str, why: str, now: Millis) -> None:
    """Open the breaker of a pair, or keep it open; staff are told once."""
    until = now + house.limits.breaker_minutes * MINUTE
    if breakers.open_(tx, pair, why, now, until):
        trace.note(tx, kind="breaker", said=f"{pair}: {why}", now=now)
        tell(tx, house, "staff/breaker", key=f"breaker-{pair}-{now}", pair=pair, reason=why, now=now)


def close(tx: Tx, house: House, pair: str, by: str, now: Millis) -> bool:
    """Close the breaker of a pair and tell staff; False where it is not open."""
    if not breakers.close(tx, pair, by, now):
        return False
    trace.note(tx, kind="breaker", said=f"{pair} closed: {by}", now=now)
    tell(tx, house, "staff/breaker", key=f"breaker-over-{pair}-{now}", pair=pair, reason=by, over=True, now=now)
    return True


def look(tx: Tx, house: House, now: Millis, *, delay_hours: int) -> None:
    """Close the breakers whose time is over, and tell of mail that waits longer than `delay_hours`, or no longer."""
    for one in breakers.over(tx, now):
        close(tx, house, one.pair, "no more of it came", now)
    _look_at_delays(tx, house, now, now - delay_hours * 60 * MINUTE)


def ring(tx: Tx, house: House, trouble: Trouble, now: Millis) -> bool:
    """Raise the alarm for a trouble and tell staff; False where it stands already."""
    kind = trouble.kind
    if not alarms.raise_(tx, kind.word, trouble.subject, trouble.why, now):
        return False
    trace.note(tx, kind="alarm", said=f"{kind.word} {trouble.subject}: {trouble.why}", now=now)
    if kind not in _TOLD_ELSEWHERE:
        key = f"alarm-{kind.word}-{trouble.subject}-{now}"
        tell(tx, house, "staff/alarm", key=key, pair=_titled(kind, trouble.subject), reason=trouble.why,
             words=kind.advice, now=now)  # fmt: skip
    return True


def over(tx: Tx, house: House, kind: Kind, subject: str, now: Millis) -> bool:
    """Clear an alarm and tell staff; False where none stands."""
    if not alarms.clear(tx, kind.word, subject, now):
        return False
    trace.note(tx, kind="alarm", said=f"{kind.word} {subject} is over", now=now)
    if kind not in _TOLD_ELSEWHERE:
        key = f"alarm-over-{kind.word}-{subject}-{now}"
        tell(tx, house, "staff/alarm", key=key, pair=_titled(kind, subject), reason="", over=True, now=now)
    return True


def settle(tx: Tx, house: House, lasting: tuple[Trouble, ...], found: tuple[Trouble, ...], now: Millis) -> None:
    """Ring for every trouble that lasts, and say of every alarm whose trouble is not found any more that it is over."""
    for trouble in lasting:
        ring(tx, house, trouble, now)
    present = {(trouble.kind.word, trouble.subject) for trouble in found}
    kinds = {kind.word: kind for kind in Kind}
    for alarm in alarms.standing(tx):
        if (alarm.kind, alarm.subject) not in present and alarm.kind in kinds:
            over(tx, house, kinds[alarm.kind], alarm.subject, now)


def _titled(kind: Kind, subject: str) -> str:
    return f"{kind.title} ({subject})" if subject else kind.title


def flood(tx: Tx, house: House, ticket: int, now: Millis) -> str:
    """Why a ticket takes no more mail for now: two programs that look like people answer each other. '' if not."""
    window = house.limits.breaker_minutes * MINUTE
    for standing in breakers.standing(tx, f"ticket {ticket}").values():
        return standing.why
    came = breakers.messages_since(tx, ticket, now - window)
    if came < house.limits.breaker_per_ticket:
        return ""
    return f"{came} messages came on the ticket within {house.limits.breaker_minutes} minutes"


def tell(
    tx: Tx, house: House, template: str, *, key: str, pair: str, reason: str, now: Millis, over: bool = False,
    words: str = "",
) -> None:  # fmt: skip
    """Put a letter to staff into the outbox; one that cannot be made waits there in state error (F16)."""
    language = next(iter(house.brands.values())).languages[0]
    to = Mailbox(address=house.staff)
    notice.put(
        tx, house, template, to, key=key, language=language, now=now, pair=pair, reason=reason, over=over, words=words
    )  # fmt: skip


def _look_at_delays(tx: Tx, house: House, now: Millis, before: Millis) -> None:
    """One letter for each destination that waits; one for all where many do, since then it is our own way out."""
    waiting, told = delays.waiting(tx, before), delays.told(tx)
    if len(waiting) > _SEVERAL or (EVERYWHERE in told and waiting):
        waiting = {EVERYWHERE: min(waiting.values())}
    for destination in told.keys() - waiting.keys():
        delays.end(tx, destination, now)
        if not waiting.keys() & {EVERYWHERE}:
            _tell_delay(tx, house, destination, told[destination], now, over=True)
    for destination in waiting.keys() - told.keys():
        delays.begin(tx, destination, waiting[destination], now)
        _tell_delay(tx, house, destination, waiting[destination], now)


def _tell_delay(tx: Tx, house: House, destination: str, since: Millis, now: Millis, *, over: bool = False) -> None:
    said = f"{'over-' if over else ''}delay-{destination}-{now}"
    brand = next(iter(house.brands.values()))
    tell(
        tx, house, "staff/delay", key=said, pair=destination, over=over, now=now,
        reason=wording.moment(since, brand.languages[0], brand.zone),
    )  # fmt: skip
