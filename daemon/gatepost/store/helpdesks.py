"""Vendors' habits as the store knows them: our latest mail to one, and on which tickets the same words came."""

import hashlib

from ..core import DAY, Millis
from ..core.facts import Facts
from ..core.helpdesk import NOT_A_VENDOR, Habit, Notice, weigh
from ..core.helpdesk_words import shape, without_greeting
from ..core.identity import Identity
from ..core.letter import Letter
from ..core.nature import Nature
from ..core.party import Party, Role, Vendor
from .database import Row, Tx

_REMEMBERED = 180 * DAY
_LEAST_WORDS = 4


def notice(tx: Tx, facts: Facts, letter: Letter, nature: Nature, identity: Identity, received: Millis) -> Notice:
    """What a mail is if a vendor wrote it: an answer, or a notice of their help desk. Reads only."""
    vendor = _vendor(facts, identity)
    return (
        NOT_A_VENDOR if vendor is None else weigh(letter, nature, _habit(tx, facts, letter, identity, vendor, received))
    )


def remember(tx: Tx, facts: Facts, letter: Letter, identity: Identity, row: int, at: Millis) -> None:
    """Remember the words of a vendor's mail, so that they are known when they come on another ticket.

    A mail without a ticket stands for one of its own, by its arrival `row`.
    """
    vendor = _vendor(facts, identity)
    if vendor is None:
        return
    mark = _mark(letter, _subject(_ours(tx, identity, vendor, at)), _names(facts, vendor))
    if not mark:
        return
    tx.run(
        """INSERT INTO vendor_words (vendor, mark, ticket, at) VALUES (:vendor, :mark, :ticket, :at)
           ON CONFLICT (vendor, mark, ticket) DO UPDATE SET at = excluded.at""",
        vendor=vendor.id,
        mark=mark,
        ticket=identity.ticket or -row,
        at=at,
    )


def _vendor(facts: Facts, identity: Identity) -> Vendor | None:
    """The vendor who wrote, on a ticket that they answer or without any; None for everybody else."""
    if identity.participant is not None:
        return facts.vendor if identity.participant.role is Role.VENDOR else None
    return facts.sender_vendor if identity.party is Party.VENDOR else None


def _names(facts: Facts, vendor: Vendor) -> tuple[str, ...]:
    """What people and houses of the ticket are called."""
    return (facts.brand.name, vendor.name, *(p.name for p in facts.participants))


def _habit(tx: Tx, facts: Facts, letter: Letter, identity: Identity, vendor: Vendor, received: Millis) -> Habit:
    """What is known around one mail of `vendor` that came at `received`."""
    ours, number, names = _ours(tx, identity, vendor, received), identity.ticket or 0, _names(facts, vendor)
    elsewhere, again = _before(tx, vendor, _mark(letter, _subject(ours), names), number, received)
    return Habit(
        after=received - min(ours["at"], received) if ours is not None else None,
        our_subject=_subject(ours),
        ticket=ours["ticket"] if ours is not None else number,
        elsewhere=elsewhere,
        again=again,
        names=names,
    )


def _ours(tx: Tx, identity: Identity, vendor: Vendor, before: Millis) -> Row | None:
    """Our latest mail to the vendor: on the ticket that theirs is about, or on any; `at` is when it went out."""
    if identity.ticket is not None and identity.participant is not None:
        return tx.row(
            """SELECT subject, ticket, coalesce((SELECT max(changed) FROM delivery WHERE outbox = outbox.id
                 AND state = 'sent'), created) AS at FROM outbox
               WHERE ticket = :ticket AND participant = :participant AND created <= :before
               ORDER BY id DESC LIMIT 1""",
            ticket=identity.ticket,
            participant=identity.participant.number,
            before=before,
        )
    return tx.row(
        """SELECT outbox.subject, outbox.ticket, outbox.created AS at FROM outbox
           WHERE ticket = (SELECT max(number) FROM ticket WHERE vendor = :vendor) AND address = :address
             AND created <= :before ORDER BY id DESC LIMIT 1""",
        vendor=vendor.id,
        address=vendor.support_address,
        before=before,
    )


def _before(tx: Tx, vendor: Vendor, mark: str, ticket: int, now: Millis) -> tuple[int, bool]:
    """On how many other tickets the same words came from the vendor, and whether they came on this one."""
    row = tx.row(
        """SELECT coalesce(sum(ticket <> :ticket), 0) AS elsewhere, coalesce(sum(ticket = :ticket), 0) AS here
           FROM vendor_words WHERE vendor = :vendor AND mark = :mark AND at > :since""",
        vendor=vendor.id,
        mark=mark,
        ticket=ticket,
        since=now - _REMEMBERED,
    )
    return (row["elsewhere"], bool(row["here"])) if mark and row is not None else (0, False)


def _subject(ours: Row | None) -> str:
    return str(ours["subject"]) if ours is not None else ""


def _mark(letter: Letter, our_subject: str, names: tuple[str, ...]) -> str:
    """A hash of the words that do not differ from ticket to ticket; '' for a mail of hardly any words."""
    bare = our_subject.rpartition(" [#")[0] or our_subject
    words = shape(without_greeting(letter.reply_text or letter.text), letter.subject, bare, names=names)
    return hashlib.sha256(words.encode()).hexdigest()[:24] if len(words.split()) >= _LEAST_WORDS else ""
