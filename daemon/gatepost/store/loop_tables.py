"""The tables that keep mail from going round: vendors' words, markers passed on, circuit breakers."""

from sqlite_utils import Database as Utils

TABLES: tuple[str, ...] = (
    # A hash of the words of a vendor's mail, by the tickets on which they came.
    """CREATE TABLE vendor_words (
        vendor INTEGER NOT NULL, mark TEXT NOT NULL, ticket INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (vendor, mark, ticket)) WITHOUT ROWID""",
    # The marks of gateways that a message had passed when it came: what is relayed of it carries them on.
    "CREATE TABLE passed (message INTEGER PRIMARY KEY REFERENCES message (id), marks TEXT NOT NULL)",
    # Pairs to which no automatic mail goes until `until`; `closed` is set by whoever closes it.
    """CREATE TABLE breaker (
        id INTEGER PRIMARY KEY, pair TEXT NOT NULL, why TEXT NOT NULL, opened INTEGER NOT NULL,
        until INTEGER NOT NULL, closed INTEGER, by TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX breaker_open ON breaker (pair) WHERE closed IS NULL",
    # Mails from addresses of domains to which automatic mail had just gone.
    "CREATE TABLE heard (at INTEGER NOT NULL, address TEXT NOT NULL, domain TEXT NOT NULL)",
    "CREATE INDEX heard_at ON heard (at)",
    "CREATE INDEX heard_address ON heard (address, at)",
    "CREATE INDEX heard_domain ON heard (domain, at)",
    "CREATE INDEX arrival_received ON arrival (received)",
    # Destinations to which mail waits so long that staff were told.
    """CREATE TABLE delay (
        id INTEGER PRIMARY KEY, destination TEXT NOT NULL, since INTEGER NOT NULL, told INTEGER NOT NULL,
        ended INTEGER)""",
    "CREATE UNIQUE INDEX delay_open ON delay (destination) WHERE ended IS NULL",
)


def m0110_taken_for_answers(db: Utils) -> None:
    """A vendor's mails that went on as answers, by their words."""
    db.execute(
        """CREATE TABLE taken_for_answer (
            message INTEGER PRIMARY KEY REFERENCES message (id), vendor INTEGER NOT NULL, mark TEXT NOT NULL,
            ticket INTEGER NOT NULL, at INTEGER NOT NULL)"""
    )
    db.execute("CREATE INDEX taken_for_answer_words ON taken_for_answer (vendor, mark, message)")
    db.execute("CREATE INDEX vendor_words_lately ON vendor_words (vendor, at)")
