"""Tickets with their participants and labels: stored, found, listed by pages."""

from collections.abc import Iterator
from dataclasses import replace

from ..core import Millis
from ..core.effect import Label
from ..core.party import Membership, Participant, Role
from ..core.ticket import State, Ticket
from ..core.topics import AT_MOST
from ..core.verdict import Route
from . import aliases, holdings, queue, ticket_events
from .database import Row, Tx
from .ticket_events import Happened
from .trace import count


def open_(tx: Tx, ticket: Ticket) -> int:
    """Store a new ticket; its number, which is never given twice."""
    number = tx.insert(
        """INSERT INTO ticket (brand, subject, filed, state, route, team, customer, product, vendor, waiting_since,
             last_activity, unread, rating_wanted, clock_wanted, flags, language, assignee)
           VALUES (:brand, :subject, :filed, :state, :route, :team, :customer, :product, :vendor, :waiting_since,
             :last_activity, :unread, :rating_wanted, :clock_wanted, :flags, :language, :assignee) RETURNING number""",
        **_values(ticket),
    )
    for name in _counters(ticket):
        count(tx, name, 1)
    holdings.note(tx, replace(ticket, number=number), ticket.filed)
    return number


def save(tx: Tx, ticket: Ticket, now: Millis = 0) -> None:
    """Store what has become of a ticket; with `now`, what its readers are told of it: closed, opened, handed on."""
    was = find(tx, ticket.number)
    tx.run(
        """UPDATE ticket SET brand = :brand, subject = :subject, filed = :filed, state = :state, route = :route,
             team = :team, customer = :customer, product = :product, vendor = :vendor, waiting_since = :waiting_since,
             last_activity = :last_activity, unread = :unread, rating_wanted = :rating_wanted,
             clock_wanted = :clock_wanted, flags = :flags, language = :language, assignee = :assignee
           WHERE number = :number""",
        number=ticket.number,
        **_values(ticket),
    )
    before, after = _counters(was) if was is not None else frozenset(), _counters(ticket)
    for name in before - after:
        count(tx, name, -1)
    for name in after - before:
        count(tx, name, 1)
    if was is not None and holdings.holder(was) != holdings.holder(ticket):
        holdings.note(tx, ticket, now or ticket.filed)
    if now and was is not None:
        for kind in _happened(was, ticket):
            ticket_events.note(tx, ticket.number, kind, now)


def _happened(before: Ticket, ticket: Ticket) -> Iterator[Happened]:
    if before.state is not ticket.state:
        yield Happened.CLOSED if ticket.state is State.CLOSED else Happened.OPENED
    # A ticket that was in nobody's hands yet is given, not handed on.
    if (before.vendor_id, before.route, before.team) != (ticket.vendor_id, ticket.route, ticket.team):
        yield Happened.MOVED


def find(tx: Tx, number: int) -> Ticket | None:
    """The ticket with this number."""
    row = tx.row("SELECT * FROM ticket WHERE number = :number", number=number)
    return _ticket(row) if row else None


def page(
    tx: Tx, *, state: State | None = None, flag: str = "", before: Millis | None = None, limit: int = 50
) -> tuple[Ticket, ...]:
    """Tickets, the latest activity first, by pages: `before` is the last activity of the page before."""
    rows = tx.rows(
        """SELECT * FROM ticket
           WHERE (:state = '' OR state = :state) AND (:flag = '' OR (' ' || flags || ' ') LIKE ('% ' || :flag || ' %'))
             AND last_activity < :before
           ORDER BY last_activity DESC, number DESC LIMIT :limit""",
        state=state.value if state else "",
        flag=flag,
        before=before if before is not None else 1 << 62,
        limit=limit,
    )
    return tuple(_ticket(row) for row in rows)


def participants(tx: Tx, number: int) -> tuple[Participant, ...]:
    """Everyone on a ticket, removed ones too, in the order in which they came."""
    rows = tx.rows("SELECT * FROM participant WHERE ticket = :number ORDER BY number", number=number)
    return tuple(_participant(row, aliases.of_participant(tx, row)) for row in rows)


def join(tx: Tx, participant: Participant) -> None:
    """Put a participant on a ticket, or change what is known of the one with that number."""
    tx.run(
        """INSERT INTO participant (ticket, number, role, address, name, party, membership, language, joined, back)
           VALUES (:ticket, :number, :role, :address, :name, :party, :membership, :language, :joined, :back)
           ON CONFLICT (ticket, number) DO UPDATE SET role = excluded.role, address = excluded.address,
             name = excluded.name, party = excluded.party, membership = excluded.membership,
             language = excluded.language, joined = excluded.joined, back = excluded.back""",
        ticket=participant.ticket,
        number=participant.number,
        role=participant.role.value,
        address=participant.address,
        name=participant.name,
        party=participant.party_id,
        membership=participant.membership.value,
        language=participant.language,
        joined=participant.joined,
        back=participant.back,
    )


def label(tx: Tx, number: int, label: Label, now: Millis) -> None:
    """Give a ticket a topic, once."""
    tx.run(
        """INSERT INTO label (ticket, topic, confidence, at) VALUES (:ticket, :topic, :confidence, :at)
           ON CONFLICT (ticket, topic) DO UPDATE SET confidence = excluded.confidence, at = excluded.at""",
        ticket=number,
        topic=label.topic,
        confidence=label.confidence,
        at=now,
    )


def labels(tx: Tx, number: int) -> tuple[str, ...]:
    """The topics of a ticket, at most two, newest first, and the surer one first of those that came together."""
    rows = tx.rows(
        "SELECT topic FROM label WHERE ticket = :number ORDER BY at DESC, confidence DESC, topic LIMIT :most",
        number=number,
        most=AT_MOST,
    )
    return tuple(row["topic"] for row in rows)


def _counters(ticket: Ticket) -> frozenset[str]:
    return queue.counters_of(ticket.state.value, " ".join(ticket.flags), ticket.assignee, unread=ticket.unread)


def _values(ticket: Ticket) -> dict[str, object]:
    return {
        "brand": ticket.brand,
        "subject": ticket.subject,
        "filed": ticket.filed,
        "state": ticket.state.value,
        "route": ticket.route.value,
        "team": ticket.team,
        "customer": ticket.customer_id,
        "product": ticket.product_id,
        "vendor": ticket.vendor_id,
        "waiting_since": ticket.waiting_since,
        "last_activity": ticket.last_activity,
        "unread": int(ticket.unread),
        "rating_wanted": int(ticket.rating_wanted),
        "clock_wanted": int(ticket.clock_wanted),
        "flags": " ".join(ticket.flags),
        "language": ticket.language,
        "assignee": ticket.assignee,
    }


def _ticket(row: Row) -> Ticket:
    return Ticket(
        number=row["number"],
        brand=row["brand"],
        subject=row["subject"],
        filed=row["filed"],
        state=State(row["state"]),
        route=Route(row["route"]),
        team=row["team"],
        customer_id=row["customer"],
        product_id=row["product"],
        vendor_id=row["vendor"],
        waiting_since=row["waiting_since"],
        last_activity=row["last_activity"],
        unread=bool(row["unread"]),
        rating_wanted=bool(row["rating_wanted"]),
        clock_wanted=bool(row["clock_wanted"]),
        flags=tuple(row["flags"].split()),
        language=row["language"],
        assignee=row["assignee"],
    )


def _participant(row: Row, known_as: tuple[str, ...]) -> Participant:
    return Participant(
        ticket=row["ticket"],
        number=row["number"],
        role=Role(row["role"]),
        address=row["address"],
        name=row["name"],
        party_id=row["party"],
        membership=Membership(row["membership"]),
        language=row["language"],
        joined=row["joined"],
        back=row["back"],
        aliases=known_as,
    )
