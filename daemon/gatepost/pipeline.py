"""The whole trip of a mail: `travel` decides it, `commit` writes what follows, in one transaction.

A mail that cannot be handled is counted here, and put aside after its last try (G9).
"""

from dataclasses import replace

from .commit import commit
from .core import Millis
from .core.identity import Proof
from .core.letter import Arrival, Letter
from .core.quarantine import Cause, Release
from .house import House
from .privacy import sealing
from .store import arrivals, quarantine, trace
from .store.arrivals import Outcome
from .store.database import Tx
from .travel import travel


def handle(tx: Tx, house: House, arrival: Arrival, letter: Letter, now: Millis, proof: Proof | None = None) -> Outcome:
    """Decide one mail and write what follows; what became of it. A second call for the same arrival changes nothing."""
    row = arrivals.begin(tx, arrival, keep=not letter.secrets)
    known = arrivals.outcome_of(tx, row)
    if known is not None:
        return known
    outcome = commit(tx, house, travel(tx, house, arrival, letter, now, proof=proof), row, now)
    if letter.secrets:
        sealing.keep(tx, house, row, arrival.raw, outcome, now)
    return outcome


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
    raw = sealing.raw_of(tx, house.vault, held.arrival)
    arrival = replace(arrivals.as_arrival(tx, row), raw=raw)
    trip = travel(tx, house, arrival, letter, now, release)
    quarantine.done(tx, number, now)
    said = f"from {held.cause.word}: {held.said}"
    trace.note(tx, kind="released", said=said, now=now, ticket=held.ticket, arrival=held.arrival)
    outcome = commit(tx, house, trip, held.arrival, now)
    sealing.settle(tx, house, held.arrival, raw, outcome, now, masked=bool(letter.secrets))
    return outcome


def failed(tx: Tx, house: House, arrival: Arrival, cause: Cause, detail: str, now: Millis) -> Outcome | None:
    """Count a try that failed; after the last one the mail goes to quarantine, whole, and None is said until then.

    Nobody has read it, so nobody knows which credentials stand in it: it lies there sealed.
    """
    row = arrivals.begin(tx, arrival, keep=False)
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
    sealing.keep(tx, house, row, arrival.raw, Outcome.QUARANTINED, now)
    return Outcome.QUARANTINED
