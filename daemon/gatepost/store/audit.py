"""The audit log in SQL: added to in the transaction of the act, never changed, and read by filters and pages.

Whatever cannot be written here raises, and takes the act with it. SQL triggers refuse every change but one: a word (a
person's name, an act's details) may be blanked, by `forget`, which writes the row that says so.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..core import Millis
from ..core.audit import DETAILS, Act, Action, Checker, Entry, Fault, Head, Who, Word, chain, seal
from .database import Row, Tx

_PAGE = 1_000
_LONGEST = 8_192
_WORDS_A_ROW = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows are wanted; '', 0 and None leave a part open. `person` is who did it or for whom it was done."""

    person: str = ""
    actor: str = ""
    action: str = ""
    object: str = ""
    grant: int = 0
    since: Millis | None = None
    until: Millis | None = None


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The log, written with the key that seals it; `salt` is the chance beside each word, which goes with it."""

    key: bytes = field(repr=False)
    salt: Callable[[], str] = secrets.token_hex

    def write(self, tx: Tx, act: Act, now: Millis) -> int:
        """Add a row, in the transaction of the act; its number."""
        last = tx.row("SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1")
        details = json.dumps(dict(act.details), ensure_ascii=False, sort_keys=True) if act.details else ""
        if len(details) > _LONGEST:
            raise ValueError(f"the details of {act.action.value} are too long for the audit log")
        about = act.about or (act.on_behalf_of.party if act.on_behalf_of is not None else 0)
        entry = Entry(
            id=last["id"] + 1 if last is not None else 1,
            at=now,
            action=act.action.value,
            object=act.object,
            grant=act.grant,
            actor=self._person(tx, act.actor),
            on_behalf_of=self._person(tx, act.on_behalf_of) if act.on_behalf_of is not None else None,
            details=self._word(tx, DETAILS, about, details) if details else None,
            mac="",
        )
        _insert(tx, replace(entry, mac=chain(self.key, last["mac"] if last is not None else "", entry)))
        return entry.id

    def forget(
        self,
        tx: Tx,
        *,
        actor: Who,
        party: int,
        objects: Sequence[str] = (),
        names: Sequence[str] = (),
        now: Millis,
    ) -> int:
        """Take the names of the customer `party`, and the details that tell of them, out of the log; how many words.

        `names` are addresses and names of theirs that may stand in any word, `objects` what is theirs and may be told
        of, for example `ticket 1001`. The rows stay, under the same number of a nameless person, and the chain holds.
        """
        words = set(_words_of(tx, party))
        for one in objects:
            words.update(_details_about(tx, one))
        for name in names:
            words.update(_words_with(tx, name))
        every = sorted(words)
        # As many rows as it takes: one row says no more than fits into it.
        for start in range(0, max(1, len(every)), _WORDS_A_ROW):
            details = {"words": every[start : start + _WORDS_A_ROW]}
            act = Act(actor=actor, action=Action.PERSON_ERASED, object=f"customer {party}", details=details)
            self.write(tx, act, now)
        for word in words:
            tx.run("UPDATE audit_word SET text = '', salt = '' WHERE id = :id", id=word)
        return len(words)

    def verify(self, tx: Tx, heads: Sequence[Head] = (), on_row: Callable[[], object] = lambda: None) -> Fault | None:
        """The first row that was changed, taken out, put in or swapped since it was written; None for a whole log."""
        checker = Checker(self.key, heads)
        for entry in entries(tx):
            checker.look(entry)
            on_row()
        return checker.fault(_orphans(tx))

    def _person(self, tx: Tx, who: Who) -> Word:
        row = tx.row(
            "SELECT * FROM audit_word WHERE text = :text AND kind = :kind AND kind <> 'details' AND party = :party",
            text=who.name,
            kind=who.kind.value,
            party=who.party,
        )
        return _word_of(row) if row is not None else self._word(tx, who.kind.value, who.party, who.name)

    def _word(self, tx: Tx, kind: str, party: int, text: str) -> Word:
        salt = self.salt()
        number = tx.insert(
            """INSERT INTO audit_word (id, kind, party, text, salt, seal)
               VALUES ((SELECT coalesce(max(id), 0) + 1 FROM audit_word), :kind, :party, :text, :salt, :seal)
               RETURNING id""",
            kind=kind,
            party=party,
            text=text,
            salt=salt,
            seal=(sealed := seal(self.key, salt, text)),
        )
        return Word(id=number, kind=kind, party=party, text=text, salt=salt, seal=sealed)


def head(tx: Tx) -> Head | None:
    """The last row, None where there is none."""
    row = tx.row("SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1")
    return Head(id=row["id"], mac=row["mac"]) if row is not None else None


def mail_head(tx: Tx, head: int, *, before: Millis, now: Millis) -> bool:
    """Whether this head is to be mailed: the log has grown since the last mail, which was before that instant.

    If so, it counts as mailed from now on.
    """
    last = tx.row("SELECT head, at FROM audit_mail WHERE id = 1")
    if last is not None and (last["head"] >= head or last["at"] > before):
        return False
    tx.run(
        """INSERT INTO audit_mail (id, head, at) VALUES (1, :head, :now)
           ON CONFLICT (id) DO UPDATE SET head = excluded.head, at = excluded.at""",
        head=head,
        now=now,
    )
    return True


def size(tx: Tx) -> int:
    """How many rows there are, or were before somebody cut the log."""
    return int(tx.value("SELECT coalesce(max(id), 0) FROM audit"))


def entries(tx: Tx) -> Iterator[Entry]:
    """Every row, the oldest first."""
    after = -(1 << 62)
    while rows := tx.rows(f"{_ENTRY} WHERE a.id > :after ORDER BY a.id LIMIT :n", after=after, n=_PAGE):
        yield from map(_entry_of, rows)
        after = rows[-1]["id"]


def page(tx: Tx, wanted: Filter, *, before: int = 1 << 62, limit: int = 100) -> tuple[Entry, ...]:
    """The rows that fit the filter, the newest first, below the number `before`."""
    values = {name: getattr(wanted, name) for name in _CHOSEN}
    rows = tx.rows(page_sql(wanted), before=before, limit=limit, **values)
    return tuple(map(_entry_of, rows))


def page_sql(wanted: Filter) -> str:
    """The query of a page: only what is wanted stands in it, so that each part can use its index."""
    parts = [part for name, part in _CHOSEN.items() if getattr(wanted, name) not in ("", 0, None)]
    where = " AND ".join(("a.id < :before", *parts))
    return f"{_ENTRY} WHERE {where} ORDER BY a.id DESC LIMIT :limit"


def all_of(tx: Tx, wanted: Filter) -> Iterator[Entry]:
    """Every row that fits the filter, the newest first."""
    before = 1 << 62
    while rows := page(tx, wanted, before=before, limit=_PAGE):
        yield from rows
        before = rows[-1].id


def _insert(tx: Tx, entry: Entry) -> None:
    tx.run(
        """INSERT INTO audit (id, at, action, object, grant_id, actor, on_behalf_of, details, mac)
           VALUES (:id, :at, :action, :object, :grant, :actor, :on_behalf_of, :details, :mac)""",
        id=entry.id,
        at=entry.at,
        action=entry.action,
        object=entry.object,
        grant=entry.grant,
        actor=entry.actor.id,
        on_behalf_of=entry.on_behalf_of.id if entry.on_behalf_of is not None else None,
        details=entry.details.id if entry.details is not None else None,
        mac=entry.mac,
    )


def _words_of(tx: Tx, party: int) -> Iterator[int]:
    """The customer's names, and the details that are about them."""
    sql = "SELECT id FROM audit_word WHERE party = :party AND party <> 0 AND kind IN ('customer', 'details')"
    for row in tx.rows(sql, party=party):
        yield row["id"]


def _words_with(tx: Tx, name: str) -> Iterator[int]:
    """The words in which a name or an address stands, whoever they are about."""
    for row in tx.rows("SELECT id FROM audit_word WHERE instr(lower(text), :name) > 0", name=name.lower()):
        yield row["id"]


def _details_about(tx: Tx, object_: str) -> Iterator[int]:
    sql = "SELECT details FROM audit WHERE object = :object AND details IS NOT NULL AND action <> 'person.erased'"
    for row in tx.rows(sql, object=object_):
        yield row["details"]


def _orphans(tx: Tx) -> tuple[int, ...]:
    rows = tx.rows(
        """SELECT id FROM audit_word WHERE id NOT IN (SELECT actor FROM audit)
             AND id NOT IN (SELECT on_behalf_of FROM audit WHERE on_behalf_of IS NOT NULL)
             AND id NOT IN (SELECT details FROM audit WHERE details IS NOT NULL) ORDER BY id LIMIT 1"""
    )
    return tuple(row["id"] for row in rows)


_NAMED = "(SELECT id FROM audit_word WHERE text = {} AND kind <> 'details')"
_CHOSEN = {
    "action": "a.action = :action",
    "object": "a.object = :object",
    "grant": "a.grant_id = :grant",
    "since": "a.at >= :since",
    "until": "a.at < :until",
    "actor": f"a.actor IN {_NAMED.format(':actor')}",
    "person": f"(a.actor IN {_NAMED.format(':person')} OR a.on_behalf_of IN {_NAMED.format(':person')})",
}
_WORD = ("id", "kind", "party", "text", "salt", "seal")
_CITED = ", ".join(f"{table}.{column} AS {table}_{column}" for table in ("w", "o", "d") for column in _WORD)
_ENTRY = f"""SELECT a.id, a.at, a.action, a.object, a.grant_id, a.mac, a.actor, a.on_behalf_of, a.details, {_CITED}
    FROM audit AS a LEFT JOIN audit_word AS w ON w.id = a.actor LEFT JOIN audit_word AS o ON o.id = a.on_behalf_of
    LEFT JOIN audit_word AS d ON d.id = a.details"""  # noqa: S608 - constants of ours
_MISSING = Word(id=0, kind="", party=0, text="", salt="", seal="")


def _entry_of(row: Row) -> Entry:
    def cited(column: str, table: str) -> Word | None:
        if row[column] is None:
            return None
        found = {name: row[f"{table}_{name}"] for name in _WORD}
        return Word(**found) if found["id"] is not None else replace(_MISSING, id=row[column])

    return Entry(
        id=row["id"],
        at=row["at"],
        action=row["action"],
        object=row["object"],
        grant=row["grant_id"],
        actor=cited("actor", "w") or _MISSING,
        on_behalf_of=cited("on_behalf_of", "o"),
        details=cited("details", "d"),
        mac=row["mac"],
    )


def _word_of(row: Row) -> Word:
    return Word(**{name: row[name] for name in _WORD})
