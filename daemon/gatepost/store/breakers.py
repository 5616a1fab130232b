"""Circuit breakers in SQL: what went to and fro within the window, and which pairs are open until when."""

from dataclasses import dataclass

from ..core import DAY, Millis
from ..core.breaker import EVERYBODY, Traffic
from .database import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A pair to which no automatic mail goes until `until`."""

    pair: str
    why: str
    opened: Millis
    until: Millis


def hear(tx: Tx, address: str, since: Millis, now: Millis) -> None:
    """Count a mail from an address, if automatic mail went to its domain since then; others say nothing of a loop."""
    domain = address.casefold().rpartition("@")[2]
    tx.run(
        """INSERT INTO heard (at, address, domain) SELECT :now, :address, :domain
           WHERE EXISTS (SELECT 1 FROM automatic WHERE domain = :domain AND at > :since)""",
        now=now,
        address=address.casefold(),
        domain=domain,
        since=since,
    )
    tx.run("DELETE FROM heard WHERE at < :old", old=now - DAY)


def most_since(tx: Tx, since: Millis) -> int:
    """How many automatic mails can have left since then at most, without counting them: they lie in order of time.

    A clock that was set back makes it less; what left before that counts no more.
    """
    return int(
        tx.value(
            """SELECT coalesce(max(rowid) - (SELECT rowid FROM automatic WHERE at > :since ORDER BY at LIMIT 1) + 1, 0)
               FROM automatic""",
            since=since,
        )
    )


def traffic(tx: Tx, pair: str, since: Millis, bound: int) -> Traffic:
    """What went to and fro since then; what came is counted only from `bound` automatic mails on, else it is 0."""
    if pair == EVERYBODY:
        out, came = "automatic WHERE at > :since", "arrival WHERE received > :since"
    else:
        which = "domain = :who" if pair.startswith("@") else "address = :who"
        out, came = f"automatic WHERE {which} AND at > :since", f"heard WHERE {which} AND at > :since"
    values = {"since": since} if pair == EVERYBODY else {"since": since, "who": pair.removeprefix("@")}
    sent = int(tx.value(f"SELECT count(*) FROM {out}", **values))  # noqa: S608 - constants of ours
    heard = int(tx.value(f"SELECT count(*) FROM {came}", **values)) if sent >= bound else 0  # noqa: S608 - the same
    return Traffic(out=sent, heard=heard)


def messages_since(tx: Tx, ticket: int, since: Millis) -> int:
    """How many messages of people came on a ticket since then."""
    sql = "SELECT count(*) FROM message WHERE ticket = :ticket AND received > :since AND author_kind = 'human'"
    return int(tx.value(sql, ticket=ticket, since=since))


def open_(tx: Tx, pair: str, why: str, now: Millis, until: Millis) -> bool:
    """Open the breaker of a pair; False where it is open already, and then it stays so at least until `until`."""
    longer = "UPDATE breaker SET until = max(until, :until) WHERE pair = :pair AND closed IS NULL"
    if tx.run(longer, pair=pair, until=until):
        return False
    sql = "INSERT INTO breaker (pair, why, opened, until, by) VALUES (:pair, :why, :now, :until, '')"
    tx.run(sql, pair=pair, why=why, now=now, until=until)
    return True


def standing(tx: Tx, *pairs: str) -> dict[str, Open]:
    """The open breakers of these pairs, three of them at most."""
    first, second, third = (*pairs, "", "")[:3]
    rows = tx.rows(
        "SELECT * FROM breaker WHERE pair IN (:first, :second, :third) AND closed IS NULL",
        first=first,
        second=second,
        third=third,
    )
    return {row["pair"]: _open(row) for row in rows}


def all_open(tx: Tx) -> tuple[Open, ...]:
    """Every open breaker, the oldest first."""
    return tuple(_open(row) for row in tx.rows("SELECT * FROM breaker WHERE closed IS NULL ORDER BY id"))


def over(tx: Tx, now: Millis) -> tuple[Open, ...]:
    """The open breakers whose time is over."""
    rows = tx.rows("SELECT * FROM breaker WHERE closed IS NULL AND until <= :now ORDER BY id", now=now)
    return tuple(_open(row) for row in rows)


def close(tx: Tx, pair: str, by: str, now: Millis) -> bool:
    """Close the breaker of a pair; `by` says who: a person, or the time. False where it is not open."""
    sql = "UPDATE breaker SET closed = :now, by = :by WHERE pair = :pair AND closed IS NULL"
    return tx.run(sql, pair=pair, by=by, now=now) > 0


def _open(row: Row) -> Open:
    return Open(pair=row["pair"], why=row["why"], opened=row["opened"], until=row["until"])
