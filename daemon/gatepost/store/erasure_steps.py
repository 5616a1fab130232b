"""The steps of an erasure in SQL: each a piece of bounded size, safe to do twice, that says whether more is left of it.

What is of the marketplace stays, without a name: that there was a ticket, when, for which product, how it was rated.
The last steps sweep every column of text of every table, so that what a later table keeps is found as well.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from .database import Tx

GONE = "(erased)"
_BATCH = 200
_ROWS = 5_000
# What no sweep looks into: the audit log forgets by its own way, the index is cleared word by word, vendors are firms.
_UNSWEPT = ("sqlite_", "_sqlite", "audit", "message_words", "erasure", "legal_hold", "vendor", "product", "rule_book")
_INDEXED = ("subject", "text")


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


def _mails(tx: Tx, one: Erasure) -> bool:
    """The mails as they came, and how they were decided: of their tickets, and whatever they sent."""
    rows = tx.rows(
        f"""SELECT id FROM arrival WHERE (ticket {_IN} OR lower(mail_from) {_ADDRESSES} OR id IN (
              SELECT arrival FROM quarantine WHERE lower(sender) {_ADDRESSES} OR ticket {_IN})
              OR id IN (SELECT a.id FROM arrival AS a JOIN message AS m ON m.id = a.message
                        WHERE lower(m.sender) {_ADDRESSES}))
            AND recipients <> '[]' AND outcome <> '' ORDER BY id LIMIT :limit""",
        numbers=one.tickets,
        strings=one.addresses,
        limit=_BATCH,
    )
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
    return len(rows) == _BATCH


def _words(tx: Tx, one: Erasure) -> bool:
    """The words and files of every message on their own tickets, and of their own messages on those of others."""
    rows = tx.rows(
        f"""SELECT m.id, m.subject, m.text FROM message AS m WHERE m.author_kind <> 'erased' AND
              (m.ticket IN (SELECT value FROM json_each(:filed)) OR lower(m.sender) {_ADDRESSES})
            ORDER BY m.id LIMIT :limit""",
        filed=json.dumps(one.filed),
        strings=one.addresses,
        limit=_BATCH,
    )
    for row in rows:
        _unindex(tx, row["id"], row["subject"], row["text"])
        tx.run("INSERT INTO message_words (rowid, subject, text) VALUES (:id, '', :gone)", id=row["id"], gone=GONE)
        tx.run(
            """UPDATE message SET sender = '', sender_name = '', message_id = '', subject = '', text = :gone,
                 reply_text = NULL, relay_text = NULL, reason = '', refs = '', cards = '', author_kind = 'erased'
               WHERE id = :id""",
            id=row["id"],
            gone=GONE,
        )
        tx.run(
            "UPDATE attachment SET filename = :gone, sha256 = '', content_id = '' WHERE message = :id",
            id=row["id"],
            gone=GONE,
        )
        tx.run("DELETE FROM seen WHERE message = :id", id=row["id"])
        tx.run("DELETE FROM passed WHERE message = :id", id=row["id"])
    return len(rows) == _BATCH


def _files(tx: Tx, one: Erasure) -> bool:
    """Contents that no attachment names any more."""
    tx.run("DELETE FROM content WHERE sha256 NOT IN (SELECT sha256 FROM attachment)")
    return False


def _outbox(tx: Tx, one: Erasure) -> bool:
    """Mails of ours on their tickets or to them: what has not gone out does not go, and no text stays."""
    rows = tx.rows(
        f"""SELECT id FROM outbox WHERE (ticket {_IN} OR lower(address) {_ADDRESSES} OR id IN (
              SELECT outbox FROM delivery WHERE lower(recipient) {_ADDRESSES})) AND key NOT LIKE 'erased-%'
            ORDER BY id LIMIT :limit""",
        numbers=one.tickets,
        strings=one.addresses,
        limit=_BATCH,
    )
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
    return len(rows) == _BATCH


def _tickets(tx: Tx, one: Erasure) -> bool:
    """What stands around their tickets: subjects, traces, notes, fields, ratings' comments, secrets, reminders."""
    for number in one.filed:
        tx.run(
            "UPDATE ticket SET subject = :gone, customer = 0, assignee = assignee WHERE number = :n",
            n=number,
            gone=GONE,
        )
    for number in (*one.filed, *one.others):
        tx.run("DELETE FROM trace WHERE ticket = :n", n=number)
        for table in ("ticket_field", "thread", "seen", "automatic"):
            tx.run(f"DELETE FROM {table} WHERE ticket = :n", n=number)
        tx.run("UPDATE confirmation SET address = '', about = '{}' WHERE ticket = :n", n=number)
        tx.run(
            "UPDATE one_time_secret SET octets = X'', state = 'destroyed' WHERE ticket = :n AND state = 'open'",
            n=number,
        )
        tx.run("UPDATE access_account SET login = '', removed = coalesce(removed, made) WHERE ticket = :n", n=number)
    for number in one.filed:
        tx.run("UPDATE rating SET comment = '', customer = 0 WHERE ticket = :n", n=number)
        tx.run("UPDATE impersonation_act SET said = '' WHERE ticket = :n", n=number)
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
            WHERE lower(address) {_ADDRESSES} OR (:customer <> 0 AND party = :customer
              AND role IN ('requester', 'copied'))""",
        strings=one.addresses,
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


def columns(tx: Tx) -> list[tuple[str, str]]:
    """Every column of text that could hold an address, table by table; tables that others add are among them."""
    tables = tx.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    names = [row["name"] for row in tables if not row["name"].startswith(_UNSWEPT)]
    return [
        (name, column["name"])
        for name in names
        for column in tx.rows("SELECT name FROM pragma_table_info(:table) WHERE type = 'TEXT'", table=name)
    ]


def _sent(tx: Tx, one: Erasure) -> bool:
    """Mails of ours to others that name them, as far as they have gone out: their text goes."""
    last = one.place + _ROWS
    for variant in {each for string in one.strings for each in (string, string.lower())}:
        tx.run(
            """UPDATE outbox SET raw = X'' WHERE id > :first AND id <= :last AND instr(raw, CAST(:variant AS BLOB)) > 0
                 AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.outbox = outbox.id
                                 AND d.state IN ('queued', 'sending', 'deferred'))""",
            first=one.place,
            last=last,
            variant=variant,
        )
    end = int(tx.value("SELECT coalesce(max(id), 0) FROM outbox"))
    tx.run("UPDATE erasure SET place = :place WHERE id = :id", id=one.id, place=last if last < end else 0)
    return last < end


STEPS: tuple[Callable[[Tx, Erasure], bool], ...] = (
    _mails, _words, _files, _outbox, _sent, _tickets, _places, _account,
)  # fmt: skip


def sweep(tx: Tx, one: Erasure, table: str, column: str) -> bool:
    """Take their addresses and full name out of a piece of one column; whether more of it is left."""
    by_row = tx.value("SELECT 1 FROM sqlite_master WHERE name = :t AND sql LIKE '%WITHOUT ROWID%'", t=table) is None
    last = one.place + _ROWS
    piece = f"rowid > {one.place:d} AND rowid <= {last:d} AND " if by_row else ""
    for string in one.strings:
        found = f'{piece}instr(lower("{column}"), :lower) > 0'
        if tx.value(f'SELECT 1 FROM "{table}" WHERE {found} LIMIT 1', lower=string.lower()) is None:
            continue
        indexed = table == "message" and column in _INDEXED
        rows = tx.rows(f"SELECT id, subject, text FROM message WHERE {found}", lower=string.lower()) if indexed else ()
        for row in rows:
            _unindex(tx, row["id"], row["subject"], row["text"])
            for kept in ("raw", "sealed_raw", "decision"):
                tx.run(
                    f"DELETE FROM {kept} WHERE arrival IN (SELECT id FROM arrival WHERE message = :id)", id=row["id"]
                )
        _take_out(tx, table, column, string, found)
        for row in rows:
            tx.run(
                "INSERT INTO message_words (rowid, subject, text) SELECT id, subject, text FROM message WHERE id = :id",
                id=row["id"],
            )
    end = int(tx.value(f'SELECT coalesce(max(rowid), 0) FROM "{table}"')) if by_row else 0
    tx.run("UPDATE erasure SET place = :place WHERE id = :id", id=one.id, place=last if last < end else 0)
    return last < end


def _take_out(tx: Tx, table: str, column: str, string: str, found: str) -> None:
    """Replace a string in the rows that are found; where a key forbids that, blank it; where that too, the row goes."""
    lower = string.lower()
    for variant in dict.fromkeys((string, lower)):
        tx.run(
            f'UPDATE OR IGNORE "{table}" SET "{column}" = replace("{column}", :variant, :gone) WHERE {found}',
            variant=variant,
            gone=GONE,
            lower=lower,
        )
    tx.run(f"""UPDATE OR IGNORE "{table}" SET "{column}" = '' WHERE {found}""", lower=lower)
    tx.run(f'DELETE FROM "{table}" WHERE {found}', lower=lower)


def _unindex(tx: Tx, message: int, subject: str, text: str) -> None:
    """Take a message's words out of the index; it must be told what they were."""
    tx.run(
        "INSERT INTO message_words (message_words, rowid, subject, text) VALUES ('delete', :id, :subject, :text)",
        id=message,
        subject=subject,
        text=text,
    )
