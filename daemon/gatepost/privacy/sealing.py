"""Keeps a mail as it came, sealed and for a time, where credentials were masked in it; opens it where it is wanted.

A mail that nobody could read lies sealed in quarantine as well: nobody knows what stands in it.
"""

from ..core import HOUR, Millis
from ..house import House
from ..store import arrivals, sealed
from ..store.arrivals import Outcome
from ..store.database import Tx
from ..vault import Purpose, Sealed, Unopened, Vault


def keep(tx: Tx, house: House, arrival: int, raw: bytes, outcome: Outcome, now: Millis) -> None:
    """Seal a mail in which something was masked, or that could not be read.

    In quarantine it stays sealed until it has another outcome.
    """
    held = outcome is Outcome.QUARANTINED
    hours = house.secrets.keep_raw_hours
    if not held and not hours:
        arrivals.drop_raw(tx, arrival)
        sealed.drop(tx, arrival)
        return
    seal = house.vault.seal(Purpose.RAW, sealed.about(arrival), sealed.packed(raw))
    until = None if held else now + hours * HOUR
    sealed.put(tx, arrival, key=seal.key, octets=seal.octets, until=until, now=now)


def settle(tx: Tx, house: House, arrival: int, raw: bytes, outcome: Outcome, now: Millis, *, masked: bool) -> None:
    """Keep a mail that left quarantine: sealed where something was `masked` in it, else as it came."""
    if masked:
        keep(tx, house, arrival, raw, outcome, now)
    elif sealed.drop(tx, arrival):
        arrivals.put_raw(tx, arrival, raw)


def raw_of(tx: Tx, vault: Vault, arrival: int) -> bytes:
    """The bytes of a mail as they came, unsealed where they were sealed; b'' where they are no longer kept.

    Raises PermanentError where the key that sealed them is gone.
    """
    kept = sealed.find(tx, arrival)
    if kept is None:
        return arrivals.raw(tx, arrival)
    try:
        octets = vault.open(Purpose.RAW, sealed.about(arrival), Sealed(key=kept.key, octets=kept.octets))
    except Unopened as fault:
        raise Unopened(f"the sealed mail of arrival {arrival}: {fault.message}", "See docs/keys.md.") from fault
    return sealed.unpacked(octets)
