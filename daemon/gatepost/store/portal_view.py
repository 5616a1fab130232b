"""What customers may see of tickets, in SQL: whose tickets are whose, the list, and the search in their words.

A ticket is a customer's where they are its requester or confirmed as copied, by one of their addresses. Tickets that
an unproved mail has filed in their name wait until they are confirmed (P7).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..core import Millis
from ..core.letter import Attachment
from ..core.party import Role
from ..core.ticket import UNVERIFIED, State
from .database import Row, Tx
from .messages import attachment_of


class Sort(StrEnum):
    """By what the list is in order."""

    ACTIVITY = "activity"
    CREATED = "created"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which tickets appear at all, as the config says (`portal.show`, `portal.hide_flags`); `elsewhere` are the brands
    whose tickets are seen at another portal.
    """

    kinds: frozenset[str]
    hide: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of the list: `state` None for both; `after` is the (key, number) of the last line before."""

    state: State | None = State.OPEN
    sort: Sort = Sort.ACTIVITY
    newest_first: bool = True
    after: tuple[int, int] | None = None
    limit: int = 25
    numbers: tuple[int, ...] | None = None


# Every ticket that is the customer's, with the best of their roles on it (a requester's before a copied one's).
# `folded || ''` has no affinity, as the index on lower(address) has none: SQLite would not use it otherwise.
_THEIRS = """
    SELECT ticket.*, min(participant.role <> 'requester') AS copied
    FROM participant JOIN ticket ON ticket.number = participant.ticket
    WHERE lower(participant.address) IN (
        SELECT folded || '' FROM customer WHERE id = :customer
        UNION ALL SELECT folded || '' FROM customer_alias WHERE customer = :customer)
      AND participant.role IN ('requester', 'copied') AND participant.membership = 'active'
      AND (' ' || ticket.flags || ' ') NOT LIKE '% unverified %'
      AND ticket.brand NOT IN (SELECT value FROM json_each(:elsewhere))
    GROUP BY ticket.number"""

_SHOWN = """
    ((:vendor AND theirs.route = 'vendor') OR (:team AND theirs.route <> 'vendor'))
      AND (:copied OR NOT theirs.copied)
      AND (:imported OR (' ' || theirs.flags || ' ') NOT LIKE '% imported %')"""

_PAGE = (
    "WITH theirs AS ("  # noqa: S608 - our own constants
    + _THEIRS
    + """), keyed AS (
    SELECT theirs.*, product.name AS product_name,
      :sign * CASE :sort WHEN 'activity' THEN theirs.last_activity WHEN 'created' THEN theirs.filed
                         ELSE theirs.number END AS key,
      :sign * theirs.number AS second
    FROM theirs LEFT JOIN product ON product.id = theirs.product
    WHERE (:state = '' OR theirs.state = :state) AND """
    + _SHOWN
    + """)
    SELECT * FROM keyed WHERE (key, second) > (:after_key, :after_number) ORDER BY key, second LIMIT :limit"""
)

_COUNT = (
    "WITH theirs AS ("  # noqa: S608 - our own constants
    + _THEIRS + ") SELECT theirs.state, count(*) AS count FROM theirs WHERE " + _SHOWN
    + " GROUP BY theirs.state"
)  # fmt: skip


def page(tx: Tx, customer: int, wanted: Wanted, shown: Shown) -> tuple[Row, ...]:
    """The lines of one page of the list, in order; the columns of a ticket, `copied`, `product_name` and `key`."""
    hidden, among = frozenset(shown.hide), None if wanted.numbers is None else frozenset(wanted.numbers)
    found: list[Row] = []
    after, step = wanted.after, wanted.limit + 25 if among is None else -1
    while True:
        rows = _lines(tx, customer, wanted, shown, after, step)
        found += (
            row for row in rows if hidden.isdisjoint(row["flags"].split()) and (among is None or row["number"] in among)
        )
        if len(found) >= wanted.limit or step < 0 or len(rows) < step:
            return tuple(found[: wanted.limit])
        after = (rows[-1]["key"], rows[-1]["second"])


def _lines(
    tx: Tx, customer: int, wanted: Wanted, shown: Shown, after: tuple[int, int] | None, limit: int
) -> Sequence[Row]:
    return tx.rows(
        _PAGE,
        customer=customer,
        sort=wanted.sort.value,
        sign=-1 if wanted.newest_first else 1,
        state=wanted.state.value if wanted.state is not None else "",
        after_key=after[0] if after is not None else -(1 << 62),
        after_number=after[1] if after is not None else -(1 << 62),
        limit=limit,
        elsewhere=json.dumps(shown.elsewhere),
        **_kinds(shown),
    )


def counts(tx: Tx, customer: int, shown: Shown) -> dict[State, int]:
    """How many tickets of each state appear, but for those hidden by a flag."""
    rows = tx.rows(_COUNT, customer=customer, elsewhere=json.dumps(shown.elsewhere), **_kinds(shown))
    return {State(row["state"]): row["count"] for row in rows}


def role(tx: Tx, customer: int, ticket: int, elsewhere: Sequence[str]) -> tuple[int, Role] | None:
    """The customer's number and role on a ticket that is theirs; None where it is not, or waits to be confirmed, or is
    of a brand whose portal is `elsewhere`.
    """
    row = tx.row(
        """SELECT participant.number, participant.role, ticket.flags, ticket.brand
           FROM participant JOIN ticket ON ticket.number = participant.ticket
           WHERE ticket.number = :ticket AND participant.role IN ('requester', 'copied')
             AND participant.membership = 'active' AND lower(participant.address) IN (
               SELECT folded || '' FROM customer WHERE id = :customer
               UNION ALL SELECT folded || '' FROM customer_alias WHERE customer = :customer)
           ORDER BY participant.role <> 'requester', participant.number LIMIT 1""",
        customer=customer,
        ticket=ticket,
    )
    if row is None or UNVERIFIED in row["flags"].split() or row["brand"] in elsewhere:
        return None
    return row["number"], Role(row["role"])


def matching(tx: Tx, customer: int, words: Sequence[str], elsewhere: Sequence[str], limit: int = 300) -> Sequence[Row]:
    """The public messages on the customer's tickets that hold every word (or one that begins so), newest first.

    Any text is a valid question: each word stands in quotes, in which FTS5 knows no operator (I23).
    """
    quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in words)
    if not quoted:
        return ()
    return tx.rows(
        """WITH theirs AS ("""  # noqa: S608 - our own constants
        + _THEIRS
        + """)
           SELECT message.id, message.ticket, message.subject, message.text, theirs.brand, vendor.masking
           FROM message_words JOIN message ON message.id = message_words.rowid
           JOIN theirs ON theirs.number = message.ticket LEFT JOIN vendor ON vendor.id = theirs.vendor
           WHERE message_words MATCH :words AND message.author_kind = 'human' AND message.internal = 0
           ORDER BY message.id DESC LIMIT :limit""",
        customer=customer,
        words=quoted,
        elsewhere=json.dumps(elsewhere),
        limit=limit,
    )


def files(tx: Tx, ticket: int) -> Sequence[Row]:
    """What the public messages of a ticket have brought: everything about the files but their contents."""
    return tx.rows(
        """SELECT attachment.* FROM message JOIN attachment ON attachment.message = message.id
           WHERE message.ticket = :ticket AND message.author_kind = 'human' AND message.internal = 0
           ORDER BY attachment.id""",
        ticket=ticket,
    )


def file(tx: Tx, number: int, ticket: int) -> Attachment | None:
    """One file of a public message of this ticket, with its content."""
    row = tx.row(
        """SELECT attachment.*, content.octets FROM attachment JOIN content USING (sha256)
           JOIN message ON message.id = attachment.message
           WHERE attachment.id = :id AND message.ticket = :ticket
             AND message.author_kind = 'human' AND message.internal = 0""",
        id=number,
        ticket=ticket,
    )
    return None if row is None else attachment_of(row)


def has_written(tx: Tx, message_id: str) -> int:
    """The ticket on which a message with this id of ours is; 0 for none: a form that is sent twice counts once."""
    return int(tx.value("SELECT ticket FROM seen WHERE message_id = :id LIMIT 1", id=message_id) or 0)


def questions(tx: Tx, ticket: int, participant: int, since: Millis) -> Sequence[Row]:
    """The open questions that a participant was asked since then."""
    return tx.rows(
        """SELECT * FROM confirmation WHERE ticket = :ticket AND participant = :participant AND answered IS NULL
           AND asked > :since ORDER BY id""",
        ticket=ticket,
        participant=participant,
        since=since,
    )


def _kinds(shown: Shown) -> dict[str, int]:
    return {kind: int(kind in shown.kinds) for kind in ("vendor", "team", "copied", "imported")}
