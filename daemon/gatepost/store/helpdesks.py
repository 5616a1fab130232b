"""Vendors' habits as the store knows them: our latest mail to one, and on which tickets the same words came."""

import hashlib
from dataclasses import dataclass

from ..core import DAY, Millis
from ..core import helpdesk_words as words
from ..core.facts import Facts
from ..core.helpdesk import NOT_A_VENDOR, Habit, Notice, weigh
from ..core.identity import Identity, Trust
from ..core.letter import Letter
from ..core.nature import Nature
from ..core.party import Party, Role, Vendor
from ..core.receipt import Step, What
from .database import Row, Tx
from .ticket_events import Happened

_REMEMBERED = 180 * DAY
_LEAST_WORDS = 4
_AT_ONCE = 200
_LATELY = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a vendor's mail says, as a hash of the words that do not differ from ticket to ticket."""

    vendor: int
    mark: str


_STEPS = {
    Happened.CLOSED.value: What.CLOSED,
    Happened.OPENED.value: What.OPENED,
    Happened.MOVED.value: What.MOVED,
}


def notice(tx: Tx, facts: Facts, letter: Letter, nature: Nature, identity: Identity, received: Millis) -> Notice:
    """What a mail is if a vendor wrote it: an answer, or a notice of their help desk. Reads only."""
    vendor = _vendor(facts, identity)
    return (
        NOT_A_VENDOR if vendor is None else weigh(letter, nature, _habit(tx, facts, letter, identity, vendor, received))
    )


def remember(tx: Tx, facts: Facts, letter: Letter, identity: Identity, row: int, at: Millis) -> Words | None:
    """Remember the words of a vendor's mail, so that they are known when they come on another ticket; None for others.

    A mail without a ticket stands for one of its own, by its arrival `row`. What nothing proves teaches nothing: it has
    neither the vendor's reply address nor a proof of its sender.
    """
    vendor = _vendor(facts, identity)
    if vendor is None or (identity.participant is None and identity.trust is not Trust.TRUSTED):
        return None
    mark = _mark(letter, _subject(_ours(tx, identity, vendor, at)), _names(facts, vendor))
    if not mark:
        return None
    tx.run(
        """INSERT INTO vendor_words (vendor, mark, ticket, at) VALUES (:vendor, :mark, :ticket, :at)
           ON CONFLICT (vendor, mark, ticket) DO UPDATE SET at = excluded.at""",
        vendor=vendor.id,
        mark=mark,
        ticket=identity.ticket or -row,
        at=at,
    )
    return Words(vendor=vendor.id, mark=mark)


def take_for_answer(tx: Tx, words: Words, message: int, ticket: int, at: Millis) -> None:
    """Remember that a message goes on as an answer, should its words turn out to be a receipt's."""
    tx.run(
        """INSERT INTO taken_for_answer (message, vendor, mark, ticket, at)
           VALUES (:message, :vendor, :mark, :ticket, :at)""",
        message=message,
        vendor=words.vendor,
        mark=words.mark,
        ticket=ticket,
        at=at,
    )


def taken_for_answers(tx: Tx, words: Words, now: Millis) -> dict[int, int]:
    """The messages in these words that went on as answers, each with its ticket, oldest first; given out once.

    At most two hundred, so that nobody stops the house by them; the rest come with the next mail in the same words.
    """
    rows = tx.rows(
        """DELETE FROM taken_for_answer WHERE message IN (SELECT message FROM taken_for_answer
             WHERE vendor = :vendor AND mark = :mark AND at > :since ORDER BY message LIMIT :most)
           RETURNING message, ticket""",
        vendor=words.vendor,
        mark=words.mark,
        since=now - _REMEMBERED,
        most=_AT_ONCE,
    )
    return {row["message"]: row["ticket"] for row in sorted(rows, key=lambda row: row["message"])}


def steps(tx: Tx, ticket: int) -> tuple[Step, ...]:
    """What has begun and ended the waits of a ticket so far, in order."""
    rows = tx.rows(
        """SELECT received AS at, 0 AS late, message.id, '' AS kind,
             participant.role IN ('requester', 'copied') AS theirs
           FROM message JOIN participant ON participant.ticket = message.ticket AND participant.number = message.author
           WHERE message.ticket = :ticket AND author_kind = 'human' AND internal = 0
           UNION ALL
           SELECT at, 1, id, kind, 0 FROM ticket_event WHERE ticket = :ticket
           ORDER BY 1, 2, 3""",
        ticket=ticket,
    )
    return tuple(
        Step(at=r["at"], what=_STEPS.get(r["kind"]) or (What.ASKED if r["theirs"] else What.ANSWERED)) for r in rows
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
    mark = _mark(letter, _subject(ours), names)
    elsewhere, again = _before(tx, vendor, mark, number, received)
    everywhere, followed = _course(tx, vendor, mark, number, received) if elsewhere >= words.OFTEN else (False, 0)
    return Habit(
        after=received - min(ours["at"], received) if ours is not None else None,
        our_subject=_subject(ours),
        ticket=ours["ticket"] if ours is not None else number,
        elsewhere=elsewhere,
        again=again,
        everywhere=everywhere,
        followed=followed,
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


def _course(tx: Tx, vendor: Vendor, mark: str, ticket: int, now: Millis) -> tuple[bool, int]:
    """Whether the vendor has written these words on all but a tenth of the tickets on which they wrote at all lately,
    and on how many of those something else of theirs followed before the customer had written again.

    Mails without a ticket are compared with their like: each of them counts as one, and answers none.
    """
    rows = tx.rows(
        """SELECT ticket, max(CASE WHEN mark = :mark THEN at END) AS came, max(at) AS latest,
             (SELECT max(received) FROM message JOIN participant ON participant.ticket = message.ticket
                AND participant.number = message.author
              WHERE message.ticket = lately.ticket AND participant.role IN ('requester', 'copied')) AS asked
           FROM (SELECT ticket, mark, at FROM vendor_words
                 WHERE vendor = :vendor AND (ticket > 0) = (:ticket > 0) AND at >= (SELECT min(at) FROM vendor_words
                   WHERE vendor = :vendor AND mark = :mark AND at > :since)
                 ORDER BY at DESC LIMIT :lately) AS lately
           WHERE ticket <> :ticket GROUP BY ticket""",
        vendor=vendor.id,
        mark=mark,
        ticket=ticket,
        since=now - _REMEMBERED,
        lately=_LATELY,
    )
    came = [row for row in rows if row["came"] is not None]
    followed = sum(not ticket or (row["latest"] > row["came"] > (row["asked"] or 0)) for row in came)
    return len(came) >= words.OFTEN and len(came) * 10 >= len(rows) * 9, followed


def _subject(ours: Row | None) -> str:
    return str(ours["subject"]) if ours is not None else ""


def _mark(letter: Letter, our_subject: str, names: tuple[str, ...]) -> str:
    """A hash of the words that do not differ from ticket to ticket; '' for a mail of hardly any words."""
    bare = our_subject.rpartition(" [#")[0] or our_subject
    said = words.shape(words.without_greeting(letter.reply_text or letter.text), letter.subject, bare, names=names)
    return hashlib.sha256(said.encode()).hexdigest()[:24] if len(said.split()) >= _LEAST_WORDS else ""
