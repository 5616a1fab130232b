"""The last steps of an erasure: every column of text of every table, so that what a later table keeps is found as well.

A table is swept by ranges of its key, all of its columns at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .database import Row, Tx
from .erasure_steps import GONE, ROWS, Erasure, moved, named, unindex

# What no sweep looks into: the audit log forgets by its own way, the index is cleared word by word, vendors are firms.
_UNSWEPT = ("sqlite_", "_sqlite", "audit", "message_words", "erasure", "legal_hold", "vendor", "product", "rule_book")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A table with columns of text, and the number by which its rows are told apart; '' where it has none."""

    table: str
    columns: tuple[str, ...]
    key: str

    def __call__(self, tx: Tx, one: Erasure) -> bool:
        """Take the person out of the next piece; whether more is left."""
        last = one.place + ROWS
        if (self.key or not one.place) and self._some(tx, one, one.place):
            rows = self._messages(tx, one) if self.table == "message" else ()
            for row in rows:
                unindex(tx, row["id"], row["subject"], row["text"])
                for kept in ("raw", "sealed_raw", "decision"):
                    sql = f"DELETE FROM {kept} WHERE arrival IN (SELECT id FROM arrival WHERE message = :id)"
                    tx.run(sql, id=row["id"])
                mails = "SELECT id, ticket, address FROM outbox WHERE ticket = :ticket AND message = :id AND raw <> X''"
                named(tx, one, tx.rows(mails, ticket=row["ticket"], id=row["id"]))
            for column in self.columns:
                for string in one.strings:
                    self._take_out(tx, one, column, string)
            for row in rows:
                tx.run(
                    """INSERT INTO message_words (rowid, subject, text)
                       SELECT id, subject, text FROM message WHERE id = :id""",
                    id=row["id"],
                )
        return moved(tx, one, last, self._end(tx))

    def has(self, tx: Tx, one: Erasure, place: int) -> bool:
        """Whether the piece behind `place` holds the person, or is the last; a table without a key is one piece."""
        return (bool(self.key or place) and place + ROWS >= self._end(tx)) or self._some(tx, one, place)

    def _end(self, tx: Tx) -> int:
        return int(tx.value(f'SELECT coalesce(max("{self.key}"), 0) FROM "{self.table}"')) if self.key else 0

    def _piece(self, place: int) -> str:
        """The rows of a piece; the first has whatever lies before it too."""
        if not self.key:
            return ""
        first = f'"{self.key}" > {place:d} AND ' if place else ""
        return f'{first}"{self.key}" <= {place + ROWS:d} AND '

    def _some(self, tx: Tx, one: Erasure, place: int) -> bool:
        strings = {f"s{number}": string.lower() for number, string in enumerate(one.strings)}
        anywhere = " OR ".join(f'instr(lower("{column}"), :{name}) > 0' for column in self.columns for name in strings)
        if not anywhere:
            return False
        sql = f'SELECT 1 FROM "{self.table}" WHERE {self._piece(place)}({anywhere}) LIMIT 1'
        return tx.value(sql, **strings) is not None

    def _messages(self, tx: Tx, one: Erasure) -> Sequence[Row]:
        """The messages whose indexed words hold them."""
        found: dict[int, Row] = {}
        for string in one.strings:
            sql = f"""SELECT id, ticket, subject, text FROM message WHERE {self._piece(one.place)}
                      (instr(lower(subject), :lower) > 0 OR instr(lower(text), :lower) > 0)"""
            found.update({row["id"]: row for row in tx.rows(sql, lower=string.lower())})
        return tuple(found.values())

    def _take_out(self, tx: Tx, one: Erasure, column: str, string: str) -> None:
        """Replace a string; where a key forbids that, blank the column; where that too, the row goes."""
        lower = string.lower()
        found = f'{self._piece(one.place)}instr(lower("{column}"), :lower) > 0'
        if tx.value(f'SELECT 1 FROM "{self.table}" WHERE {found} LIMIT 1', lower=lower) is None:
            return
        for variant in dict.fromkeys((string, lower)):
            tx.run(
                f"""UPDATE OR IGNORE "{self.table}" SET "{column}" = replace("{column}", :variant, :gone)
                    WHERE {found}""",
                variant=variant,
                gone=GONE,
                lower=lower,
            )
        tx.run(f"""UPDATE OR IGNORE "{self.table}" SET "{column}" = '' WHERE {found}""", lower=lower)
        tx.run(f'DELETE FROM "{self.table}" WHERE {found}', lower=lower)


def sweeps(tx: Tx) -> list[Sweep]:
    """Every table with columns of text that could hold an address; tables that others add are among them."""
    tables = tx.rows("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [
        Sweep(table=row["name"], columns=columns, key=_key(tx, row["name"], row["sql"]))
        for row in tables
        if not row["name"].startswith(_UNSWEPT) and (columns := _texts(tx, row["name"]))
    ]


def _texts(tx: Tx, table: str) -> tuple[str, ...]:
    columns = tx.rows("SELECT name FROM pragma_table_info(:table) WHERE type = 'TEXT'", table=table)
    return tuple(column["name"] for column in columns)


def _key(tx: Tx, table: str, sql: str) -> str:
    if "WITHOUT ROWID" not in sql:
        return "rowid"
    first = tx.value("SELECT name FROM pragma_table_info(:table) WHERE pk = 1 AND type = 'INTEGER'", table=table)
    return str(first or "")
