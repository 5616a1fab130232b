"""The tables of the audit log, and the triggers that let nothing in them be changed but a word be blanked."""

from sqlite_utils import Database as Utils

TABLES: tuple[str, ...] = (
    # What rows cite: persons' names, and details as JSON; `party` is the customer or vendor whom it is about.
    """CREATE TABLE audit_word (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, party INTEGER NOT NULL, text TEXT NOT NULL, salt TEXT NOT NULL,
        seal TEXT NOT NULL)""",
    "CREATE INDEX audit_word_text ON audit_word (text) WHERE kind <> 'details'",
    "CREATE INDEX audit_word_party ON audit_word (party) WHERE party <> 0",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
        grant_id INTEGER NOT NULL, actor INTEGER NOT NULL REFERENCES audit_word (id),
        on_behalf_of INTEGER REFERENCES audit_word (id), details INTEGER REFERENCES audit_word (id),
        mac TEXT NOT NULL)""",
    "CREATE INDEX audit_actor ON audit (actor, id)",
    "CREATE INDEX audit_on_behalf_of ON audit (on_behalf_of, id) WHERE on_behalf_of IS NOT NULL",
    "CREATE INDEX audit_details ON audit (details) WHERE details IS NOT NULL",
    "CREATE INDEX audit_action ON audit (action, id)",
    "CREATE INDEX audit_object ON audit (object, id)",
    "CREATE INDEX audit_grant ON audit (grant_id, id) WHERE grant_id <> 0",
    "CREATE INDEX audit_at ON audit (at)",
    """CREATE TRIGGER audit_kept BEFORE UPDATE ON audit
       BEGIN SELECT RAISE (ABORT, 'the audit log is only added to'); END""",
    """CREATE TRIGGER audit_whole BEFORE DELETE ON audit
       BEGIN SELECT RAISE (ABORT, 'the audit log is only added to'); END""",
    # INSERT OR REPLACE deletes without a trigger: it has to be refused before.
    """CREATE TRIGGER audit_behind BEFORE INSERT ON audit
       WHEN NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM audit)
       BEGIN SELECT RAISE (ABORT, 'the audit log is only added to'); END""",
    """CREATE TRIGGER audit_word_kept BEFORE UPDATE ON audit_word
       WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.party <> OLD.party OR NEW.seal <> OLD.seal
         OR NEW.text <> '' OR NEW.salt <> ''
       BEGIN SELECT RAISE (ABORT, 'the audit log is only added to'); END""",
    """CREATE TRIGGER audit_word_whole BEFORE DELETE ON audit_word
       BEGIN SELECT RAISE (ABORT, 'the audit log is only added to'); END""",
    """CREATE TRIGGER audit_word_behind BEFORE INSERT ON audit_word
       WHEN NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM audit_word)
       BEGIN SELECT RAISE (ABORT, 'the audit log is only added to'); END""",
)


MAIL_TABLES: tuple[str, ...] = (
    # The head that was mailed last: one row.
    "CREATE TABLE audit_mail (id INTEGER PRIMARY KEY CHECK (id = 1), head INTEGER NOT NULL, at INTEGER NOT NULL)",
)


def m0021_audit_mail(db: Utils) -> None:
    """Which head was mailed last."""
    for statement in MAIL_TABLES:
        db.execute(statement)


def m0020_audit(db: Utils) -> None:
    """The audit log."""
    for statement in TABLES:
        db.execute(statement)
