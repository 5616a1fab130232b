"""The tables of the outbox and their indexes; what their states mean is told in outbox.py."""

TABLES: tuple[str, ...] = (
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        ticket INTEGER NOT NULL,
        participant INTEGER NOT NULL,
        message INTEGER NOT NULL,
        template TEXT NOT NULL,
        key TEXT NOT NULL,
        address TEXT NOT NULL,
        message_id TEXT NOT NULL,
        mail_from TEXT NOT NULL,
        subject TEXT NOT NULL,
        raw BLOB NOT NULL,
        auto TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('ready', 'error', 'dropped')),
        error TEXT NOT NULL,
        created INTEGER NOT NULL,
        UNIQUE (ticket, participant, address, key)
    )""",
    """CREATE TABLE delivery (
        id INTEGER PRIMARY KEY,
        outbox INTEGER NOT NULL REFERENCES outbox (id),
        ticket INTEGER NOT NULL,
        recipient TEXT NOT NULL,
        destination TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'deferred', 'sent', 'failed', 'dead', 'dropped')),
        attempts INTEGER NOT NULL,
        since INTEGER NOT NULL,
        next INTEGER,
        lease_until INTEGER,
        owner TEXT NOT NULL,
        code INTEGER NOT NULL,
        said TEXT NOT NULL,
        changed INTEGER NOT NULL
    )""",
    """CREATE TABLE attempt (
        id INTEGER PRIMARY KEY,
        delivery INTEGER NOT NULL REFERENCES delivery (id),
        at INTEGER NOT NULL,
        code INTEGER NOT NULL,
        said TEXT NOT NULL,
        took_ms INTEGER NOT NULL,
        host TEXT NOT NULL
    )""",
)

INDEXES: tuple[str, ...] = (
    "CREATE INDEX delivery_outbox ON delivery (outbox)",
    "CREATE INDEX delivery_line ON delivery (ticket, recipient, id)",
    "CREATE INDEX delivery_due ON delivery (next, id, destination) WHERE next IS NOT NULL",
    "CREATE INDEX delivery_leased ON delivery (destination) WHERE lease_until IS NOT NULL",
    "CREATE INDEX delivery_open ON delivery (state, since) WHERE state IN ('queued', 'sending', 'deferred')",
    "CREATE INDEX delivery_ended ON delivery (state, id) WHERE state IN ('failed', 'dead')",
    "CREATE INDEX outbox_message_id ON outbox (message_id)",
    "CREATE INDEX outbox_error ON outbox (id) WHERE state = 'error'",
    "CREATE INDEX attempt_delivery ON attempt (delivery)",
)
