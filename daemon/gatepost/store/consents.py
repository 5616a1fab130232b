"""Customers' leave to be logged in as: the switch, the requests and their answers, the sessions and what was done.

Rows are never deleted here; who reads and who decides is core/consent.py's and the portal's.
"""

from dataclasses import dataclass

from sqlite_utils import Database as Utils

from ..core import DAY, Millis
from ..core.consent import Consent, Impersonation, Scope, Stage
from .database import Row, Tx

TABLES = (
    # The switch on the account page: a standing leave, there only while it is on.
    """CREATE TABLE consent_switch (
        customer INTEGER PRIMARY KEY REFERENCES customer (id), scope TEXT NOT NULL CHECK (scope IN ('read', 'act')),
        at INTEGER NOT NULL)""",
    """CREATE TABLE consent (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id), staff TEXT NOT NULL,
        staff_name TEXT NOT NULL, brand TEXT NOT NULL, ticket INTEGER NOT NULL, reason TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('read', 'act')), until INTEGER NOT NULL, asked INTEGER NOT NULL,
        stage TEXT NOT NULL CHECK (stage IN ('open', 'approved', 'declined', 'withdrawn', 'used')),
        answered INTEGER)""",
    "CREATE INDEX consent_customer ON consent (customer, asked)",
    # `start` is the SHA-256 of the token that starts it, NULL once it has; `cookie` that of the session's own token.
    """CREATE TABLE impersonation (
        id INTEGER PRIMARY KEY, consent INTEGER NOT NULL, customer INTEGER NOT NULL REFERENCES customer (id),
        staff TEXT NOT NULL, staff_name TEXT NOT NULL, staff_session INTEGER NOT NULL, brand TEXT NOT NULL,
        ticket INTEGER NOT NULL, reason TEXT NOT NULL, scope TEXT NOT NULL, minted INTEGER NOT NULL, start TEXT UNIQUE,
        cookie TEXT UNIQUE, started INTEGER, ends INTEGER NOT NULL, seen INTEGER NOT NULL, ended INTEGER,
        why TEXT NOT NULL, peer TEXT NOT NULL)""",
    "CREATE INDEX impersonation_customer ON impersonation (customer, started)",
    "CREATE INDEX impersonation_staff ON impersonation (staff, started)",
    "CREATE INDEX impersonation_live ON impersonation (ends) WHERE ended IS NULL",
    # Each request of a session: what was looked at or done, in words.
    """CREATE TABLE impersonation_act (
        id INTEGER PRIMARY KEY, impersonation INTEGER NOT NULL REFERENCES impersonation (id), at INTEGER NOT NULL,
        did INTEGER NOT NULL, said TEXT NOT NULL, ticket INTEGER NOT NULL)""",
    "CREATE INDEX impersonation_act_of ON impersonation_act (impersonation, id)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One request of a session: `did` tells an act from a look."""

    at: Millis
    did: bool
    said: str
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A session as its row has it, with the staff session that it hangs on."""

    session: Impersonation
    staff_session: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions are wanted; '' and 0 leave a part open. `person` is staff by name, or a customer by address."""

    brand: str = ""
    person: str = ""
    since: Millis = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A session as the log lists it: `acts` is how often something was done, `looks` how often looked at."""

    id: int
    customer: int
    customer_name: str
    address: str
    staff: str
    reason: str
    scope: str
    brand: str
    ticket: int
    started: Millis
    ended: Millis | None
    why: str
    peer: str
    acts: int
    looks: int


def m0050_consent(db: Utils) -> None:
    """Leave to be logged in as."""
    for statement in TABLES:
        db.execute(statement)


def set_switch(tx: Tx, customer: int, scope: Scope | None, now: Millis) -> None:
    """Turn the switch of the account page on for a scope, or off."""
    if scope is None:
        tx.run("DELETE FROM consent_switch WHERE customer = :customer", customer=customer)
        return
    tx.run(
        """INSERT INTO consent_switch (customer, scope, at) VALUES (:customer, :scope, :at)
           ON CONFLICT (customer) DO UPDATE SET scope = excluded.scope, at = excluded.at""",
        customer=customer,
        scope=scope.value,
        at=now,
    )


def standing(tx: Tx, customer: int) -> Scope | None:
    """What the switch allows; None while it is off."""
    found = tx.value("SELECT scope FROM consent_switch WHERE customer = :customer", customer=customer)
    return Scope(found) if found else None


def ask(tx: Tx, wanted: Consent) -> Consent:
    """Store a request; it comes back with its number."""
    number = tx.insert(
        """INSERT INTO consent (customer, staff, staff_name, brand, ticket, reason, scope, until, asked, stage)
           VALUES (:customer, :staff, :staff_name, :brand, :ticket, :reason, :scope, :until, :asked, 'open')
           RETURNING id""",
        customer=wanted.customer,
        staff=wanted.staff,
        staff_name=wanted.staff_name,
        brand=wanted.brand,
        ticket=wanted.ticket,
        reason=wanted.reason,
        scope=wanted.scope.value,
        until=wanted.until,
        asked=wanted.asked,
    )
    found = find(tx, number)
    assert found is not None
    return found


def find(tx: Tx, number: int) -> Consent | None:
    """The request with this number."""
    row = tx.row("SELECT * FROM consent WHERE id = :id", id=number)
    return _consent(row) if row else None


def of_customer(tx: Tx, customer: int, since: Millis = 0) -> tuple[Consent, ...]:
    """The requests to a customer from an instant on, newest first."""
    sql = "SELECT * FROM consent WHERE customer = :customer AND asked >= :since ORDER BY id DESC LIMIT 200"
    return tuple(map(_consent, tx.rows(sql, customer=customer, since=since)))


def recent(tx: Tx, customer: int, now: Millis) -> tuple[Consent, ...]:
    """The requests that count for another one: those of the last two days."""
    return of_customer(tx, customer, now - 2 * DAY)


def answer(tx: Tx, after: Consent, before: Stage) -> bool:
    """Store what the customer said; False where somebody was faster."""
    changed = tx.run(
        """UPDATE consent SET stage = :stage, scope = :scope, until = :until, answered = :answered
           WHERE id = :id AND stage = :before""",
        stage=after.stage.value,
        scope=after.scope.value,
        until=after.until,
        answered=after.answered,
        id=after.id,
        before=before.value,
    )
    return changed > 0


def mint(tx: Tx, session: Impersonation, *, staff_session: int, start: str) -> int:
    """Prepare a session that the holder of the token with the hash `start` may begin once; its number."""
    return tx.insert(
        """INSERT INTO impersonation (consent, customer, staff, staff_name, staff_session, brand, ticket, reason, scope,
             minted, start, ends, seen, why, peer)
           VALUES (:consent, :customer, :staff, :staff_name, :staff_session, :brand, :ticket, :reason, :scope,
             :minted, :start, :ends, :minted, '', '') RETURNING id""",
        consent=session.consent,
        customer=session.customer,
        staff=session.staff,
        staff_name=session.staff_name,
        staff_session=staff_session,
        brand=session.brand,
        ticket=session.ticket,
        reason=session.reason,
        scope=session.scope.value,
        minted=session.started,
        start=start,
        ends=session.ends,
    )


def waiting(tx: Tx, start: str, since: Millis, now: Millis) -> Live | None:
    """The session that waits to be begun with the token of this hash, made after the instant `since` and by `now`."""
    sql = "SELECT * FROM impersonation WHERE start = :start AND minted > :since AND minted <= :now AND started IS NULL"
    row = tx.row(sql, start=start, since=since, now=now)
    return _live(row) if row else None


def begin(tx: Tx, number: int, *, cookie: str, ends: Millis, peer: str, now: Millis) -> bool:
    """Begin a session that waits, once; its consent is used up by that. False where either was used before."""
    consent = tx.value("SELECT consent FROM impersonation WHERE id = :id", id=number)
    if consent and not tx.run("UPDATE consent SET stage = 'used' WHERE id = :id AND stage = 'approved'", id=consent):
        return False
    begun = tx.run(
        """UPDATE impersonation SET start = NULL, cookie = :cookie, started = :now, seen = :now, ends = :ends,
             peer = :peer
           WHERE id = :id AND started IS NULL AND ended IS NULL""",
        cookie=cookie,
        now=now,
        ends=ends,
        peer=peer,
        id=number,
    )
    return begun > 0


def by_cookie(tx: Tx, cookie: str) -> Live | None:
    """The session with the token of this hash that was begun and not ended."""
    sql = "SELECT * FROM impersonation WHERE cookie = :cookie AND started IS NOT NULL AND ended IS NULL"
    row = tx.row(sql, cookie=cookie)
    return _live(row) if row else None


def live_one(tx: Tx, number: int) -> Live | None:
    """The session with this number, if it was begun and not ended."""
    row = tx.row("SELECT * FROM impersonation WHERE id = :id AND started IS NOT NULL AND ended IS NULL", id=number)
    return _live(row) if row else None


def leave_of(tx: Tx, session: Impersonation) -> Scope | None:
    """What allows a session at this moment: its consent while it stands, or the customer's switch."""
    if not session.consent:
        return standing(tx, session.customer)
    consent = find(tx, session.consent)
    return consent.scope if consent is not None and consent.stage is Stage.USED else None


def done(tx: Tx, number: int, *, did: bool, said: str, ticket: int, now: Millis) -> int:
    """Note a request of a session, which has been seen by that; the note's number."""
    tx.run("UPDATE impersonation SET seen = :now WHERE id = :id", id=number, now=now)
    return tx.insert(
        """INSERT INTO impersonation_act (impersonation, at, did, said, ticket)
           VALUES (:id, :now, :did, :said, :ticket) RETURNING id""",
        id=number,
        now=now,
        did=int(did),
        said=said,
        ticket=ticket,
    )


def came_to_nothing(tx: Tx, note: int) -> None:
    """What was noted as done was refused by its page."""
    tx.run("UPDATE impersonation_act SET did = 0 WHERE id = :id", id=note)


def end(tx: Tx, number: int, why: str, now: Millis) -> bool:
    """End a session that was begun; False where it has ended already."""
    sql = "UPDATE impersonation SET ended = :now, why = :why WHERE id = :id AND started IS NOT NULL AND ended IS NULL"
    return tx.run(sql, id=number, now=now, why=why) > 0


def live(tx: Tx, *, customer: int = 0, staff: str = "") -> tuple[Live, ...]:
    """The sessions that were begun and not ended, of a customer or by a staff member, or all."""
    rows = tx.rows(
        """SELECT * FROM impersonation WHERE ended IS NULL AND started IS NOT NULL
             AND (:customer = 0 OR customer = :customer) AND (:staff = '' OR staff = :staff) ORDER BY id""",
        customer=customer,
        staff=staff,
    )
    return tuple(map(_live, rows))


def history(tx: Tx, customer: int, limit: int = 100) -> tuple[Impersonation, ...]:
    """The sessions as a customer that were begun, newest first."""
    sql = """SELECT * FROM impersonation WHERE customer = :customer AND started IS NOT NULL
             ORDER BY id DESC LIMIT :limit"""
    return tuple(_session(row) for row in tx.rows(sql, customer=customer, limit=limit))


def search(tx: Tx, wanted: Wanted, *, before: int, limit: int) -> list[Line]:
    """The sessions that were begun, newest first, from below the number `before` (0 for the newest) (L7)."""
    rows = tx.rows(
        """SELECT impersonation.*, customer.name AS customer_name, customer.address,
             (SELECT count(*) FROM impersonation_act AS one WHERE one.impersonation = impersonation.id AND did) AS acts,
             (SELECT count(*) FROM impersonation_act AS one WHERE one.impersonation = impersonation.id AND NOT did)
               AS looks
           FROM impersonation JOIN customer ON customer.id = impersonation.customer
           WHERE started IS NOT NULL AND (:before = 0 OR impersonation.id < :before)
             AND (:brand = '' OR impersonation.brand = :brand) AND started >= :since
             AND (:person = '' OR staff = :person OR staff_name = :person OR customer.folded = lower(:person))
           ORDER BY impersonation.id DESC LIMIT :limit""",
        before=before,
        brand=wanted.brand,
        since=wanted.since,
        person=wanted.person,
        limit=limit,
    )
    return [_line(row) for row in rows]


def session(tx: Tx, number: int) -> Impersonation | None:
    """The session with this number, if it was begun."""
    row = tx.row("SELECT * FROM impersonation WHERE id = :id AND started IS NOT NULL", id=number)
    return _session(row) if row else None


def acts(tx: Tx, number: int) -> tuple[Act, ...]:
    """What was looked at and done in a session, in order."""
    rows = tx.rows("SELECT * FROM impersonation_act WHERE impersonation = :id ORDER BY id", id=number)
    return tuple(Act(at=r["at"], did=bool(r["did"]), said=r["said"], ticket=r["ticket"]) for r in rows)


def _consent(row: Row) -> Consent:
    return Consent(
        id=row["id"],
        customer=row["customer"],
        staff=row["staff"],
        staff_name=row["staff_name"],
        brand=row["brand"],
        ticket=row["ticket"],
        reason=row["reason"],
        scope=Scope(row["scope"]),
        until=row["until"],
        asked=row["asked"],
        stage=Stage(row["stage"]),
        answered=row["answered"],
    )


def _live(row: Row) -> Live:
    return Live(session=_session(row), staff_session=row["staff_session"])


def _session(row: Row) -> Impersonation:
    return Impersonation(
        id=row["id"],
        consent=row["consent"],
        customer=row["customer"],
        staff=row["staff"],
        staff_name=row["staff_name"],
        brand=row["brand"],
        ticket=row["ticket"],
        reason=row["reason"],
        scope=Scope(row["scope"]),
        started=row["started"] if row["started"] is not None else row["minted"],
        ends=row["ends"],
        seen=row["seen"],
        ended=row["ended"],
        why=row["why"],
    )


def _line(row: Row) -> Line:
    return Line(
        id=row["id"],
        customer=row["customer"],
        customer_name=row["customer_name"],
        address=row["address"],
        staff=row["staff_name"],
        reason=row["reason"],
        scope=row["scope"],
        brand=row["brand"],
        ticket=row["ticket"],
        started=row["started"],
        ended=row["ended"],
        why=row["why"],
        peer=row["peer"],
        acts=row["acts"],
        looks=row["looks"],
    )
