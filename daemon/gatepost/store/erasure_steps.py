"""The steps of an erasure in SQL: each a piece of bounded size, safe to do twice, that says whether more is left of it.

What is of the marketplace stays, without a name: that there was a ticket, when, for which product, how it was rated.
A step that looks for the person in a large table is a walk: it goes over the rows by ranges of their key, and `ahead`
says, on a snapshot that blocks nobody, from where on the next range has something. The last steps, erasure_sweep.py's,
sweep every column of text of every table, so that what a later table keeps is found as well.
"""

import json
import quopri
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core import Millis
from .database import Row, Tx
from .trace import note

GONE = "(erased)"
DROPPED = "not sent: it names a person who was erased"
_BATCH = 100
ROWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure: of whom (numbers), how far it is, and by whose word."""

    id: int
    customer: int
    filed: tuple[int, ...]
    others: tuple[int, ...]
    strings: tuple[str, ...]
    by: str
    state: str
    step: int
    place: int
    asked: Millis

    @property
    def tickets(self) -> str:
        """The numbers of all their tickets, as JSON."""
        return json.dumps([*self.filed, *self.others])

    @property
    def addresses(self) -> str:
        """Their addresses and names, as JSON."""
        return json.dumps(self.strings, ensure_ascii=False)


_IN = "IN (SELECT value FROM json_each(:numbers))"
_ADDRESSES = "IN (SELECT lower(value) FROM json_each(:strings))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A step over the rows of one table that fulfil `where`, each batch of them done by `do`."""

    table: str
    where: str
    do: Callable[[Tx, Erasure, Sequence[Row]], None]
    columns: str = "t.id"

    def __call__(self, tx: Tx, one: Erasure) -> bool:
        """Do the next piece; whether more is left."""
        last = one.place + ROWS
        rows = tx.rows(
            f"SELECT {self.columns} FROM {self.table} AS t WHERE {self._piece} ORDER BY t.id LIMIT :limit",
            **self._values(one, one.place, last),
            limit=_BATCH,
        )
        self.do(tx, one, rows)
        if len(rows) == _BATCH:
            last = rows[-1]["id"]
        return moved(tx, one, last, tx.value(f"SELECT coalesce(max(id), 0) FROM {self.table}"))

    def has(self, tx: Tx, one: Erasure, place: int) -> bool:
        """Whether the piece behind `place` has something, or is the last."""
        end = tx.value(f"SELECT coalesce(max(id), 0) FROM {self.table}")
        return place + ROWS >= end or self._some(tx, one, place)

    def _some(self, tx: Tx, one: Erasure, place: int) -> bool:
        sql = f"SELECT 1 FROM {self.table} AS t WHERE {self._piece} LIMIT 1"
        return tx.value(sql, **self._values(one, place, place + ROWS)) is not None

    @property
    def _piece(self) -> str:
        return f"t.id > :first AND t.id <= :last AND ({self.where})"

    @staticmethod
    def _values(one: Erasure, first: int, last: int) -> dict[str, object]:
        plain = {each for string in one.strings for each in (string, string.lower())}
        variants = sorted(plain | {quopri.encodestring(each.encode()).decode("ascii") for each in plain})
        return {
            "first": first,
            "last": last,
            "numbers": one.tickets,
            "filed": json.dumps(one.filed),
            "strings": one.addresses,
            "variants": json.dumps(variants, ensure_ascii=False),
        }


def moved(tx: Tx, one: Erasure, last: int, end: int) -> bool:
    """Keep how far a step is; whether more is left of it."""
    tx.run("UPDATE erasure SET place = :place WHERE id = :id", id=one.id, place=last if last < end else 0)
    return last < end


def _mails(tx: Tx, one: Erasure, rows: Sequence[Row]) -> None:
    """The mails as they came, and how they were decided: of their tickets, and whatever they sent."""
    for row in rows:
        for table in ("raw", "sealed_raw", "decision", "trace"):
            tx.run(f"DELETE FROM {table} WHERE arrival = :id", id=row["id"])
        tx.run(
            "UPDATE arrival SET mail_from = '', recipients = '[]', peer = '', helo = '' WHERE id = :id", id=row["id"]
        )
        tx.run(
            """UPDATE quarantine SET detail = '', sender = '', subject = '', said = 'erased',
                 state = CASE WHEN state = 'held' THEN 'forgotten' ELSE state END WHERE arrival = :id""",
            id=row["id"],
        )
        tx.run("UPDATE taken SET digest = '' WHERE arrival = :id", id=row["id"])


_MAILS = f"""t.recipients <> '[]' AND t.outcome <> '' AND (t.ticket {_IN} OR lower(t.mail_from) {_ADDRESSES}
      OR EXISTS (SELECT 1 FROM quarantine AS q WHERE q.arrival = t.id
                 AND (lower(q.sender) {_ADDRESSES} OR q.ticket {_IN}))
      OR EXISTS (SELECT 1 FROM message AS m WHERE m.id = t.message AND lower(m.sender) {_ADDRESSES}))"""


def _words(tx: Tx, one: Erasure, rows: Sequence[Row]) -> None:
    """The words and files of every message on their own tickets, and of their own messages on those of others."""
    for row in rows:
        unindex(tx, row["id"], row["subject"], row["text"])
        tx.run("INSERT INTO message_words (rowid, subject, text) VALUES (:id, '', :gone)", id=row["id"], gone=GONE)
        tx.run(
            """UPDATE message SET sender = '', sender_name = '', message_id = '', subject = '', text = :gone,
                 reply_text = NULL, relay_text = NULL, reason = '', refs = '', cards = '', author_kind = 'erased'
               WHERE id = :id""",
            id=row["id"],
            gone=GONE,
        )
        _forget_files(tx, row["id"])
        tx.run("DELETE FROM seen WHERE message = :id AND message <> 0", id=row["id"])
        tx.run("DELETE FROM passed WHERE message = :id", id=row["id"])


_WORDS = f"""t.author_kind <> 'erased'
      AND (t.ticket IN (SELECT value FROM json_each(:filed)) OR lower(t.sender) {_ADDRESSES})"""


def _forget_files(tx: Tx, message: int) -> None:
    """The names of a message's files, and their contents where no other message has the same."""
    files = tx.rows("SELECT DISTINCT sha256 FROM attachment WHERE message = :id", id=message)
    tx.run(
        "UPDATE attachment SET filename = :gone, sha256 = '', content_id = '' WHERE message = :id",
        id=message,
        gone=GONE,
    )
    for file in files:
        tx.run(
            """DELETE FROM content WHERE sha256 = :sha256
               AND NOT EXISTS (SELECT 1 FROM attachment AS a WHERE a.sha256 = content.sha256)""",
            sha256=file["sha256"],
        )


def _outbox(tx: Tx, one: Erasure, rows: Sequence[Row]) -> None:
    """Mails of ours on their tickets or to them: what has not gone out does not go, and no text stays."""
    for row in rows:
        tx.run(
            "UPDATE attempt SET said = '' WHERE delivery IN (SELECT id FROM delivery WHERE outbox = :id)", id=row["id"]
        )
        tx.run(
            """UPDATE delivery SET recipient = '', destination = '', said = '', next = NULL, lease_until = NULL,
                 owner = '', state = CASE WHEN state IN ('queued', 'sending', 'deferred') THEN 'dropped' ELSE state END
               WHERE outbox = :id""",
            id=row["id"],
        )
        tx.run(
            """UPDATE outbox SET raw = X'', subject = '', address = '', mail_from = '', message_id = '', error = '',
                 key = 'erased-' || id, state = CASE WHEN state = 'error' THEN 'dropped' ELSE state END
               WHERE id = :id""",
            id=row["id"],
        )


_OUTBOX = f"""t.key NOT LIKE 'erased-%' AND (t.ticket {_IN} OR lower(t.address) {_ADDRESSES}
      OR EXISTS (SELECT 1 FROM delivery AS d WHERE d.outbox = t.id AND lower(d.recipient) {_ADDRESSES}))"""


def named(tx: Tx, one: Erasure, rows: Sequence[Row]) -> None:
    """Mails of ours to others that name them: their text goes, and what has not gone out does not go."""
    for row in rows:
        held = tx.run(
            """UPDATE delivery SET state = 'dropped', next = NULL, lease_until = NULL, owner = '', said = :said
               WHERE outbox = :id AND state IN ('queued', 'sending', 'deferred')""",
            id=row["id"],
            said=DROPPED,
        )
        if held:
            note(tx, kind="dropped", said=f"a mail to {row['address']}: {DROPPED}", now=one.asked, ticket=row["ticket"])
        tx.run("UPDATE outbox SET raw = X'' WHERE id = :id", id=row["id"])


_NAMED = """t.raw <> X'' AND EXISTS (SELECT 1 FROM json_each(:variants) AS v
      WHERE instr(t.raw, CAST(v.value AS BLOB)) > 0)"""


def _tickets(tx: Tx, one: Erasure) -> bool:
    """What stands around their tickets: subjects, traces, notes, fields, ratings' comments, secrets, reminders."""
    for number in one.filed:
        tx.run(
            "UPDATE ticket SET subject = :gone, customer = 0, assignee = assignee WHERE number = :n",
            n=number,
            gone=GONE,
        )
    tx.run(f"DELETE FROM automatic WHERE ticket {_IN}", numbers=one.tickets)
    tx.run(f"UPDATE confirmation SET address = '', about = '{{}}' WHERE ticket {_IN}", numbers=one.tickets)
    for number in (*one.filed, *one.others):
        tx.run("DELETE FROM trace WHERE ticket = :n", n=number)
        for table in ("ticket_field", "thread"):
            tx.run(f"DELETE FROM {table} WHERE ticket = :n", n=number)
        tx.run(
            "DELETE FROM seen WHERE message IN (SELECT id FROM message WHERE ticket = :n) AND message <> 0", n=number
        )
        tx.run(
            "UPDATE one_time_secret SET octets = X'', state = 'destroyed' WHERE ticket = :n AND state = 'open'",
            n=number,
        )
        tx.run("UPDATE access_account SET login = '', removed = coalesce(removed, made) WHERE ticket = :n", n=number)
    for number in one.filed:
        tx.run("UPDATE rating SET comment = '', customer = 0 WHERE ticket = :n", n=number)
    filed = json.dumps(one.filed)
    tx.run(f"UPDATE impersonation_act SET said = '' WHERE ticket {_IN}", numbers=filed)
    return False


def _places(tx: Tx, one: Erasure) -> bool:
    """Their places on tickets, which stay without a name, so that the others' numbers stay what they are."""
    tx.run(
        f"""DELETE FROM participant_alias WHERE lower(folded) {_ADDRESSES} OR EXISTS (SELECT 1 FROM participant AS p
             WHERE p.ticket = participant_alias.ticket AND p.number = participant_alias.number
               AND lower(p.address) {_ADDRESSES})""",
        strings=one.addresses,
    )
    tx.run(f"UPDATE legal_hold SET folded = '' WHERE folded {_ADDRESSES}", strings=one.addresses)
    tx.run(
        f"""UPDATE participant SET address = '', name = '', party = 0, membership = 'removed'
            WHERE lower(address) {_ADDRESSES} OR (:customer <> 0 AND party = :customer AND ticket {_IN}
              AND role IN ('requester', 'copied'))""",
        strings=one.addresses,
        numbers=one.tickets,
        customer=one.customer,
    )
    return False


def _account(tx: Tx, one: Erasure) -> bool:
    """Their account: profile, sessions, purchases, notes, consents. The number stays, so that no other gets it."""
    tx.run(f"DELETE FROM draft WHERE folded {_ADDRESSES}", strings=one.addresses)
    if not one.customer:
        return False
    tx.run(
        """DELETE FROM invitation WHERE folded IN (SELECT folded FROM customer WHERE id = :id
           UNION SELECT folded FROM customer_alias WHERE customer = :id)""",
        id=one.customer,
    )
    for table in (
        "account", "address_claim", "customer_alias", "session", "purchase", "customer_note", "consent_switch",
    ):  # fmt: skip
        tx.run(f"DELETE FROM {table} WHERE customer = :id", id=one.customer)
    for table in ("consent", "impersonation"):
        tx.run(f"UPDATE {table} SET reason = '' WHERE customer = :id", id=one.customer)
    tx.run("UPDATE impersonation SET peer = '' WHERE customer = :id", id=one.customer)
    tx.run("UPDATE subscription SET reference = '' WHERE customer = :id", id=one.customer)
    gone = f"erased-{one.customer}@erased.invalid"
    tx.run(
        "UPDATE customer SET address = :gone, folded = :gone, name = '', zone = '' WHERE id = :id",
        id=one.customer,
        gone=gone,
    )
    return False


Step = Callable[[Tx, Erasure], bool]
STEPS: tuple[Step, ...] = (
    Walk(table="arrival", where=_MAILS, do=_mails),
    Walk(table="message", where=_WORDS, do=_words, columns="t.id, t.subject, t.text"),
    Walk(table="outbox", where=_OUTBOX, do=_outbox),
    Walk(table="outbox", where=_NAMED, do=named, columns="t.id, t.ticket, t.address"),
    _tickets,
    _places,
    _account,
)


def unindex(tx: Tx, message: int, subject: str, text: str) -> None:
    """Take a message's words out of the index; it must be told what they were."""
    tx.run(
        "INSERT INTO message_words (message_words, rowid, subject, text) VALUES ('delete', :id, :subject, :text)",
        id=message,
        subject=subject,
        text=text,
    )
