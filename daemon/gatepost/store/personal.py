"""What the tables hold about one person, as plain rows for their export (L01). Reads only."""

import json
from collections.abc import Sequence
from typing import Any

from .database import Tx


def profile(tx: Tx, customer: int) -> dict[str, Any]:
    """The profile of a customer, as they chose it and as the marketplace has it."""
    row = tx.row("SELECT language, zone FROM customer WHERE id = :id", id=customer)
    own = tx.row("SELECT name, language, zone, terms FROM account WHERE customer = :id", id=customer)
    found = {"language": row["language"], "time_zone": row["zone"]} if row is not None else {}
    return found | ({"account": {key: own[key] for key in own.keys()}} if own is not None else {})  # noqa: SIM118


def subscriptions(tx: Tx, customer: int) -> list[dict[str, Any]]:
    """The subscriptions of a customer."""
    return _plain(
        tx,
        """SELECT p.name AS product, s.status, s.starts, s.ends, s.reference FROM subscription AS s
           JOIN product AS p ON p.id = s.product WHERE s.customer = :id ORDER BY s.id""",
        id=customer,
    )


def purchases(tx: Tx, customer: int) -> list[dict[str, Any]]:
    """The orders of a customer."""
    return _plain(
        tx,
        "SELECT reference, placed, total, currency, status, items FROM purchase WHERE customer = :id ORDER BY id",
        id=customer,
    )


def mails_to(tx: Tx, addresses: Sequence[str]) -> list[dict[str, Any]]:
    """The mails that we sent to these addresses: when, about what, and how it ended."""
    return _plain(
        tx,
        """SELECT o.created AS sent, o.subject, o.template AS kind, o.ticket, d.state FROM delivery AS d
           JOIN outbox AS o ON o.id = d.outbox
           WHERE lower(d.recipient) IN (SELECT lower(value) FROM json_each(:addresses)) ORDER BY d.id""",
        addresses=json.dumps(addresses),
    )


def ratings(tx: Tx, tickets: Sequence[int]) -> list[dict[str, Any]]:
    """The ratings of these tickets."""
    return _plain(
        tx,
        """SELECT ticket, score, comment, at, changed FROM rating
           WHERE ticket IN (SELECT value FROM json_each(:tickets)) ORDER BY ticket""",
        tickets=json.dumps(tickets),
    )


def sessions(tx: Tx, customer: int) -> list[dict[str, Any]]:
    """When and where a customer was signed in."""
    return _plain(
        tx,
        """SELECT started, seen, ended, browser, peer AS network_address FROM session
           WHERE customer = :id AND kind = 'customer' ORDER BY id""",
        id=customer,
    )


def _plain(tx: Tx, sql: str, **values: object) -> list[dict[str, Any]]:
    return [{key: row[key] for key in row.keys()} for row in tx.rows(sql, **values)]  # noqa: SIM118
