"""Which sections [away.SLUG] of the config were carried out, and what absence each has written (R8)."""

import json
from dataclasses import asdict

from sqlite_utils import Database as Utils

from ..core.party import Away
from .database import Tx

TABLES: tuple[str, ...] = (
    # `said` is the section as it stood, `written` the absence that it made, as JSON; '' where it could not be.
    "CREATE TABLE away_config (vendor TEXT PRIMARY KEY, said TEXT NOT NULL, written TEXT NOT NULL) WITHOUT ROWID",
)


def m0102_away_configs(db: Utils) -> None:
    """The table of the sections that were carried out."""
    for statement in TABLES:
        db.execute(statement)


def all_(tx: Tx) -> dict[str, tuple[str, Away | None]]:
    """What was carried out, by the vendor's slug."""
    rows = tx.rows("SELECT vendor, said, written FROM away_config")
    return {r["vendor"]: (r["said"], Away(**json.loads(r["written"])) if r["written"] else None) for r in rows}


def remember(tx: Tx, slug: str, said: str, written: Away | None) -> None:
    """Write down that a section was carried out."""
    tx.run(
        """INSERT INTO away_config (vendor, said, written) VALUES (:vendor, :said, :written)
           ON CONFLICT (vendor) DO UPDATE SET said = excluded.said, written = excluded.written""",
        vendor=slug,
        said=said,
        written=json.dumps(asdict(written)) if written is not None else "",
    )


def forget(tx: Tx, slug: str) -> None:
    """Forget a section that is gone."""
    tx.run("DELETE FROM away_config WHERE vendor = :vendor", vendor=slug)
