"""The desk's tables, and the migrations that make them; every name is the glossary's.

A migration runs in one transaction with the record that it ran, so that a kill leaves old or new. A file that holds
migrations that this program does not know was written by a newer one and is refused.
"""

import sqlite3

from sqlite_utils import Database as Utils
from sqlite_utils import Migrations

from ..errors import PermanentError, TemporaryError
from . import (
    access,
    accounts,
    alarms,
    audit_tables,
    away_configs,
    card_warnings,
    consents,
    customers_view,
    decisions,
    drafts,
    erasure,
    holdings,
    intake,
    loop_tables,
    mail_limits,
    mailboxes,
    marks,
    one_time,
    orders,
    outbox_tables,
    persons,
    queue,
    ratings,
    sealed,
    sessions,
    staff_tables,
    threads,
    ticket_events,
    vendor_changes,
)

_PARTIES = (
    """CREATE TABLE customer (
        id INTEGER PRIMARY KEY, address TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        language TEXT NOT NULL, zone TEXT NOT NULL)""",
    # A further address of a customer, or of one participant who is no customer, confirmed by themselves.
    """CREATE TABLE customer_alias (
        folded TEXT PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id), at INTEGER NOT NULL)
       WITHOUT ROWID""",
    "CREATE INDEX customer_alias_customer ON customer_alias (customer)",
    """CREATE TABLE participant_alias (
        ticket INTEGER NOT NULL, number INTEGER NOT NULL, folded TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (ticket, number, folded)) WITHOUT ROWID""",
    """CREATE TABLE vendor (
        id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, support_address TEXT NOT NULL,
        contact_address TEXT NOT NULL, language TEXT NOT NULL, senders TEXT NOT NULL, hours TEXT NOT NULL, away TEXT,
        active INTEGER NOT NULL, masking INTEGER NOT NULL)""",
    # Whence a vendor writes: an address, or a domain written @domain; the support address is one of them.
    """CREATE TABLE vendor_sender (
        sender TEXT NOT NULL, vendor INTEGER NOT NULL REFERENCES vendor (id),
        PRIMARY KEY (sender, vendor)) WITHOUT ROWID""",
    "CREATE INDEX vendor_sender_vendor ON vendor_sender (vendor)",
    """CREATE TABLE product (
        id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        vendor INTEGER NOT NULL REFERENCES vendor (id), aliases TEXT NOT NULL, brand TEXT NOT NULL)""",
    """CREATE TABLE subscription (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id),
        product INTEGER NOT NULL REFERENCES product (id), status TEXT NOT NULL, starts INTEGER NOT NULL, ends INTEGER,
        reference TEXT NOT NULL)""",
    "CREATE INDEX subscription_customer ON subscription (customer, product)",
    "CREATE UNIQUE INDEX subscription_reference ON subscription (reference) WHERE reference <> ''",
)

_TICKETS = (
    """CREATE TABLE ticket (
        number INTEGER PRIMARY KEY AUTOINCREMENT, brand TEXT NOT NULL, subject TEXT NOT NULL, filed INTEGER NOT NULL,
        state TEXT NOT NULL, route TEXT NOT NULL, team TEXT NOT NULL, customer INTEGER NOT NULL,
        product INTEGER NOT NULL, vendor INTEGER NOT NULL, waiting_since INTEGER, last_activity INTEGER NOT NULL,
        unread INTEGER NOT NULL, rating_wanted INTEGER NOT NULL, clock_wanted INTEGER NOT NULL, flags TEXT NOT NULL,
        language TEXT NOT NULL, assignee TEXT NOT NULL DEFAULT '')""",
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('ticket', 1000)",
    "CREATE INDEX ticket_activity ON ticket (state, last_activity)",
    "CREATE INDEX ticket_customer ON ticket (customer, last_activity)",
    "CREATE INDEX ticket_vendor ON ticket (vendor, state, last_activity)",
    """CREATE TABLE participant (
        ticket INTEGER NOT NULL REFERENCES ticket (number), number INTEGER NOT NULL, role TEXT NOT NULL,
        address TEXT NOT NULL, name TEXT NOT NULL, party INTEGER NOT NULL,
        membership TEXT NOT NULL CHECK (membership IN ('pending', 'active', 'removed')), language TEXT NOT NULL,
        joined INTEGER NOT NULL, back TEXT NOT NULL, PRIMARY KEY (ticket, number)) WITHOUT ROWID""",
    # An `internal` message is a note or commands alone: nobody is sent it. `cards` is JSON, '' for none.
    # NULL in reply_text or relay_text means: the same as text.
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket (number), author INTEGER NOT NULL,
        sender TEXT NOT NULL, sender_name TEXT NOT NULL, received INTEGER NOT NULL, dated INTEGER,
        message_id TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, reply_text TEXT,
        relay_text TEXT, author_kind TEXT NOT NULL, reason TEXT NOT NULL, trust TEXT NOT NULL,
        refs TEXT NOT NULL, troubles TEXT NOT NULL,
        internal INTEGER NOT NULL DEFAULT 0, cards TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX message_ticket ON message (ticket, id)",
    """CREATE VIRTUAL TABLE message_words USING fts5 (
        subject, text, content='message', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TABLE attachment (
        id INTEGER PRIMARY KEY, message INTEGER NOT NULL REFERENCES message (id), filename TEXT NOT NULL,
        content_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, content_id TEXT NOT NULL,
        inline INTEGER NOT NULL)""",
    "CREATE INDEX attachment_message ON attachment (message)",
    "CREATE TABLE content (sha256 TEXT PRIMARY KEY, octets BLOB NOT NULL)",
    # What a ticket or an arrival went through, in order: for `gatepost trace` and for staff.
    """CREATE TABLE trace (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, ticket INTEGER NOT NULL, arrival INTEGER NOT NULL,
        kind TEXT NOT NULL, said TEXT NOT NULL)""",
    "CREATE INDEX trace_ticket ON trace (ticket, id)",
    "CREATE INDEX trace_arrival ON trace (arrival, id)",
    """CREATE TABLE label (
        ticket INTEGER NOT NULL REFERENCES ticket (number), topic TEXT NOT NULL, confidence REAL NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (ticket, topic)) WITHOUT ROWID""",
    # What is due when; `since` is the instant for which it was promised. One open deadline of a kind per ticket.
    """CREATE TABLE deadline (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ticket INTEGER NOT NULL REFERENCES ticket (number),
        due INTEGER NOT NULL, since INTEGER NOT NULL, state TEXT NOT NULL, ended INTEGER, why TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX deadline_open ON deadline (ticket, kind) WHERE state = 'open'",
    "CREATE INDEX deadline_due ON deadline (due) WHERE state = 'open'",
    # Counters, so that no list has to count rows, and versions, so that what is cached knows when it is stale.
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
)

_ARRIVALS = (
    # One row for each arrival that was looked at. `outcome` is '' while tries go on, then what became of it.
    """CREATE TABLE arrival (
        id INTEGER PRIMARY KEY, door TEXT NOT NULL, spool INTEGER NOT NULL, received INTEGER NOT NULL,
        mail_from TEXT NOT NULL, recipients TEXT NOT NULL, peer TEXT NOT NULL, helo TEXT NOT NULL,
        size INTEGER NOT NULL, outcome TEXT NOT NULL, message INTEGER, ticket INTEGER, tries INTEGER NOT NULL,
        cause TEXT NOT NULL, handled INTEGER)""",
    "CREATE UNIQUE INDEX arrival_spool ON arrival (door, spool, received)",
    "CREATE INDEX arrival_message ON arrival (message)",
    "CREATE INDEX arrival_ticket ON arrival (ticket)",
    # The bytes as they came, compressed.
    "CREATE TABLE raw (arrival INTEGER PRIMARY KEY REFERENCES arrival (id), octets BLOB NOT NULL)",
    # How it was decided: the judgements, the weighing, every rule's hit or miss, as JSON.
    "CREATE TABLE decision (arrival INTEGER PRIMARY KEY REFERENCES arrival (id), said TEXT NOT NULL)",
    # The same mail over several ways is one message (G6). The Message-ID alone never says that (B08).
    """CREATE TABLE seen (
        fingerprint TEXT NOT NULL, message_id TEXT NOT NULL, message INTEGER NOT NULL, ticket INTEGER NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (fingerprint, ticket)) WITHOUT ROWID""",
    "CREATE INDEX seen_message_id ON seen (message_id)",
    # `released` is wanted by `said`, and waits for the desk to run the mail again; `done` has been through.
    """CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, arrival INTEGER NOT NULL UNIQUE REFERENCES arrival (id), cause TEXT NOT NULL,
        detail TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, ticket INTEGER NOT NULL, at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('held', 'released', 'done', 'forgotten')), said TEXT NOT NULL,
        ended INTEGER)""",
    "CREATE INDEX quarantine_state ON quarantine (state, id)",
    # What we have asked by mail: once, open for some days, answered by the address that was asked.
    """CREATE TABLE confirmation (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ticket INTEGER NOT NULL REFERENCES ticket (number),
        participant INTEGER NOT NULL, address TEXT NOT NULL, quarantine INTEGER NOT NULL, about TEXT NOT NULL,
        asked INTEGER NOT NULL, answered INTEGER)""",
    "CREATE INDEX confirmation_address ON confirmation (address, asked)",
    # Automatic mails that left, for the caps (A4).
    """CREATE TABLE automatic (
        at INTEGER NOT NULL, address TEXT NOT NULL, domain TEXT NOT NULL, ticket INTEGER NOT NULL)""",
    "CREATE INDEX automatic_at ON automatic (at)",
    "CREATE INDEX automatic_address ON automatic (address, at)",
    "CREATE INDEX automatic_domain ON automatic (domain, at)",
)

_migrations = Migrations("gatepost")


@_migrations()
def m0001_first(db: Utils) -> None:
    """The tables of the first release."""
    for statement in (
        *_PARTIES,
        *_TICKETS,
        *_ARRIVALS,
        *outbox_tables.TABLES,
        *outbox_tables.INDEXES,
        *ratings.TABLES,
        *loop_tables.TABLES,
        *intake.TABLES,
        *mailboxes.TABLES,
        *threads.TABLES,
    ):
        db.execute(statement)


_migrations()(audit_tables.m0020_audit)
_migrations()(audit_tables.m0021_audit_mail)
_migrations()(sessions.m0030_sessions)
_migrations()(queue.m0022_queue)
_migrations()(orders.m0023_orders)
_migrations()(staff_tables.m0024_staff)
_migrations()(ticket_events.m0031_ticket_events)
_migrations()(drafts.m0032_drafts)
_migrations()(accounts.m0040_accounts)
_migrations()(customers_view.m0025_customers)
_migrations()(consents.m0050_consent)
_migrations()(sealed.m0060_sealed_raw)
_migrations()(one_time.m0061_one_time_secrets)
_migrations()(access.m0062_access_accounts)
_migrations()(persons.m0063_legal_holds)
_migrations()(erasure.m0064_erasures)
# Later migrations live with their tables.
_migrations()(alarms.m0070_alarms)
_migrations()(mail_limits.m0100_mail_limits)
_migrations()(decisions.m0080_rule_books)
_migrations()(marks.m0081_marks)
_migrations()(card_warnings.m0101_card_warnings)
_migrations()(away_configs.m0102_away_configs)
_migrations()(mailboxes.m0090_mailbox_health)
_migrations()(staff_tables.m0150_wrong_codes)
_migrations()(queue.m0151_deadlines)
_migrations()(loop_tables.m0110_taken_for_answers)
_migrations()(vendor_changes.m0140_vendor_changes)
_migrations()(holdings.m0111_holdings)
_migrations()(persons.m0160_erasing)


def migrate(connection: sqlite3.Connection) -> list[str]:
    """Bring the file behind `connection` up to this program's schema; the names of the migrations that ran.

    Raises PermanentError for a file of a newer program, TemporaryError where the disk refuses.
    """
    pending = unapplied(connection)
    if pending:
        try:
            _migrations.apply(Utils(connection, execute_plugins=False, recursive_triggers=False))
        except sqlite3.OperationalError as error:
            path = connection.execute("PRAGMA database_list").fetchone()[2]
            raise TemporaryError(
                f"{path} cannot be brought up to this version: {error}",
                "Is the disk full or read-only? The migration that failed has changed nothing.",
            ) from error
    return pending


def unapplied(connection: sqlite3.Connection) -> list[str]:
    """The names of the migrations that this program knows and the file has not had; changes nothing.

    Raises PermanentError for a file of a newer program.
    """
    db = Utils(connection, execute_plugins=False, recursive_triggers=False)
    known = {migration.name for migration in _migrations._migrations}
    unknown = sorted({done.name for done in _migrations.applied(db)} - known)
    if unknown:
        raise PermanentError(
            f"the database was written by a newer gatepost (it has {', '.join(unknown)})",
            "Install that version again, or restore a backup made before the upgrade.",
        )
    return [migration.name for migration in _migrations.pending(db)]


def known() -> list[str]:
    """The names of all migrations of this program, in their order."""
    return [migration.name for migration in _migrations._migrations]


def applied(connection: sqlite3.Connection) -> set[str]:
    """The names of the migrations that a file has had."""
    return {done.name for done in _migrations.applied(Utils(connection, execute_plugins=False))}
