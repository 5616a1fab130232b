"""The changes of a vendor's addresses that wait for somebody's word, and the support addresses that were changed so.

What is decided about them is `core/vendor_change.py`'s.
"""

import json
from dataclasses import asdict

from sqlite_utils import Database as Utils

from ..core import DAY, Millis
from ..core.party import Away
from ..core.vendor_change import Change, Kind, Stage
from .database import Row, Tx

TABLES = (
    """CREATE TABLE vendor_change (
        id INTEGER PRIMARY KEY, vendor INTEGER NOT NULL REFERENCES vendor (id), kind TEXT NOT NULL,
        address TEXT NOT NULL, was TEXT NOT NULL, away TEXT NOT NULL, stage TEXT NOT NULL, asked INTEGER NOT NULL,
        expires INTEGER NOT NULL)""",
    "CREATE INDEX vendor_change_vendor ON vendor_change (vendor, asked)",
    # A support address that its vendor has changed: what the marketplace's table said before.
    "CREATE TABLE vendor_moved (vendor INTEGER PRIMARY KEY REFERENCES vendor (id), was TEXT NOT NULL)",
)
_KEPT: Millis = 90 * DAY


def m0140_vendor_changes(db: Utils) -> None:
    """Changes that vendors ask for."""
    for statement in TABLES:
        db.execute(statement)


def begin(
    tx: Tx, vendor: int, kind: Kind, address: str, *, was: str, away: Away | None, until: Millis, now: Millis
) -> Change:
    """Remember a change that is asked for; one of its kind that still waits is replaced by it."""
    tx.run("DELETE FROM vendor_change WHERE asked < :before", before=now - _KEPT)
    tx.run(
        """UPDATE vendor_change SET stage = 'replaced'
           WHERE vendor = :vendor AND kind = :kind AND stage IN ('asked', 'vouched')""",
        vendor=vendor,
        kind=kind.value,
    )
    number = tx.insert(
        """INSERT INTO vendor_change (vendor, kind, address, was, away, stage, asked, expires)
           VALUES (:vendor, :kind, :address, :was, :away, 'asked', :now, :until) RETURNING id""",
        vendor=vendor,
        kind=kind.value,
        address=address,
        was=was,
        away=json.dumps(asdict(away)) if away is not None else "",
        now=now,
        until=until,
    )
    return Change(
        id=number, vendor=vendor, kind=kind, address=address, was=was, away=away, asked=now, expires=until
    )  # fmt: skip


def find(tx: Tx, number: int) -> Change | None:
    """The change with this number."""
    row = tx.row("SELECT * FROM vendor_change WHERE id = :id", id=number)
    return _change(row) if row else None


def waiting(tx: Tx, vendor: int, now: Millis) -> tuple[Change, ...]:
    """What of this vendor's waits for somebody's word, as far as it can still be carried out in time."""
    rows = tx.rows(
        """SELECT * FROM vendor_change WHERE vendor = :vendor AND stage IN ('asked', 'vouched') AND expires > :now
           ORDER BY id""",
        vendor=vendor,
        now=now,
    )
    return tuple(map(_change, rows))


def asked_since(tx: Tx, vendor: int, since: Millis) -> int:
    """How many changes were asked for this vendor after that instant."""
    sql = "SELECT count(*) FROM vendor_change WHERE vendor = :vendor AND asked > :since"
    return int(tx.value(sql, vendor=vendor, since=since))


def step(tx: Tx, change: Change, to: Stage, *, until: Millis = 0) -> bool:
    """Take the change on from the stage in which it was read; False where somebody else has done so meanwhile."""
    taken = tx.run(
        """UPDATE vendor_change SET stage = :to, expires = max(expires, :until) WHERE id = :id AND stage = :from_""",
        id=change.id,
        to=to.value,
        until=until,
        from_=change.stage.value,
    )
    return taken > 0


def _change(row: Row) -> Change:
    return Change(
        id=row["id"],
        vendor=row["vendor"],
        kind=Kind(row["kind"]),
        address=row["address"],
        was=row["was"],
        away=Away(**json.loads(row["away"])) if row["away"] else None,
        stage=Stage(row["stage"]),
        asked=row["asked"],
        expires=row["expires"],
    )
