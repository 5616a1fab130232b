"""The rows of pages: what staff and customers wait for with 100,000 tickets in the house, against 1,000."""

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.testclient import TestClient

from gatepost.clock import Clock
from gatepost.config import load
from gatepost.core import DAY, HOUR, Millis
from gatepost.core.audit import Act, Action, ActorKind, Who
from gatepost.core.effect import Auto, Promise
from gatepost.core.event import DeadlineKind
from gatepost.core.identity import Authentication, Identity, Trust
from gatepost.core.letter import Letter, Mailbox
from gatepost.core.nature import ON_A_PAGE
from gatepost.core.outgoing import Outgoing
from gatepost.core.party import Hours, Participant, Party, Role, Vendor
from gatepost.core.rating import Rating
from gatepost.core.staff import ROLES, Member, permitted
from gatepost.core.ticket import Ticket
from gatepost.house import House
from gatepost.parts import build_house, open_database
from gatepost.portal.app import Portal, open_counter
from gatepost.store import deadlines, messages, outbox, parties, ratings, sessions, tickets
from gatepost.store.database import Database, Tx
from gatepost.store.sessions import Kind, Session

from .figures import Row, Sample
from .house import build
from .processes import scratch

_TURNS = 15
_VENDORS = 20
_APART = 90 * DAY // 100_000
_IDENTITY = Identity(party=Party.CUSTOMER, trust=Trust.TRUSTED, authentication=Authentication.VERIFIED)
_STAFF = "vera"


@dataclass(frozen=True)
class _Page:
    """One page, and how it is called in the table."""

    name: str
    path: str


_PAGES = (
    _Page("staff queue", "/staff/queue?view=open"),
    _Page("staff queue, unassigned", "/staff/queue?view=unassigned"),
    _Page("staff queue, overdue", "/staff/queue?view=overdue"),
    _Page("staff search for words", "/staff/queue?q=question+{middle}"),
    _Page("staff ticket", "/staff/tickets/{ticket}"),
    _Page("staff trace", "/staff/tickets/{ticket}/trace"),
    _Page("staff customers", "/staff/customers"),
    _Page("staff customer", "/staff/customers/1"),
    _Page("staff vendors", "/staff/vendors"),
    _Page("staff vendor", "/staff/vendors/vendor-1"),
    _Page("staff quarantine", "/staff/quarantine"),
    _Page("staff outbox", "/staff/outbox?state=sent"),
    _Page("staff rules", "/staff/rules"),
    _Page("staff log-ins", "/staff/log-ins"),
    _Page("staff audit log", "/staff/audit"),
    _Page("staff audit log of one person", "/staff/audit?person=vera"),
    _Page("customer list", "/tickets"),
    _Page("customer search for a word of every ticket", "/tickets?q=broke"),
    _Page("customer ticket", "/tickets/{ticket}"),
)


def pages(reps: int, quick: bool) -> Iterator[Row]:
    """Each page in a house of 100,000 tickets (10,000 if quick), and in one of 1,000; milliseconds for one answer."""
    size = 10_000 if quick else 100_000
    with scratch() as folder, _House(Path(folder) / "few", 1_000) as few, _House(Path(folder) / "many", size) as many:
        for page in _PAGES:
            row = Row(f"{page.name}, {size:,} tickets", "ms", base_name="1,000 tickets")
            for _ in range(reps):
                row.base.append(few.answer(page))
                row.ours.append(many.answer(page))
            yield row


class _House:
    """A portal over a house of so many tickets, and the browser of a member of staff."""

    def __init__(self, folder: Path, held: int) -> None:
        folder.mkdir()
        config = load(build(folder, 9, customers=500).config)
        house, self._held = build_house(config), held
        house.members = {_STAFF: _member()}
        self._db: Database = open_database(config)
        self._db.write_now(_found_vendors)
        for start in range(0, held, 10_000):
            self._db.write_now(partial(_fill, house=house, start=start, end=min(held, start + 10_000)))
        self._db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent', next = NULL"))
        secret, now = secrets.token_urlsafe(32), Clock().now()
        row = Session(id=0, kind=Kind.STAFF, staff=_STAFF, started=now, expires=now + HOUR)
        self._db.write_now(lambda tx: sessions.open_(tx, row, secret))
        theirs = Session(id=0, kind=Kind.CUSTOMER, customer=1, started=now, expires=now + HOUR)
        self._db.write_now(lambda tx: sessions.open_(tx, theirs, f"{secret}-1"))
        portal = Portal(open_counter(house, self._db, Clock()))
        cookies = {"__Host-gatepost-staff": secret, "__Host-gatepost-customer": f"{secret}-1"}
        self._browser = TestClient(portal.app, base_url="https://my.orchard.example", cookies=cookies)

    def __enter__(self) -> "_House":
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        with closing(self._db):
            pass

    def answer(self, page: _Page) -> Sample:
        """The median time of an answer, and the slowest of a few for p99."""
        path = page.path.format(ticket=1001 + self._held // 2, middle=self._held // 2)
        times = []
        self._browser.get(path, follow_redirects=False)
        for _ in range(_TURNS):
            began = time.perf_counter()
            found = self._browser.get(path, follow_redirects=False)
            times.append(1000 * (time.perf_counter() - began))
            if found.status_code != 200:
                raise RuntimeError(f"{path}: {found.status_code}")
        times.sort()
        return Sample(times[len(times) // 2], p50=times[len(times) // 2], p99=times[-1])


def _member() -> Member:
    return Member(
        slug=_STAFF, name="Vera", address="vera@staff.example", roles=("admin",),
        permissions=permitted(("admin",), ROLES),
    )  # fmt: skip


def _found_vendors(tx: Tx) -> None:
    """A marketplace of vendors who share the tickets."""
    for number in range(1, _VENDORS):
        address = f"tickets@vendor-{number}.example"
        vendor = Vendor(
            id=0, slug=f"vendor-{number}", name=f"Vendor {number}", support_address=address, hours=Hours(zone="UTC")
        )
        parties.put_vendor(tx, vendor)


def _fill(tx: Tx, house: House, start: int, end: int) -> None:
    """Tickets over 90 days, each with a question, its answer, deadlines, a mail that was sent, and an audit row; every
    tenth is overdue and has no answer, every second assigned, every fifth rated.
    """
    now = Clock().now()
    for number in range(start, end):
        filed, late = now - (100_000 - number) * _APART, number % 10 == 0
        vendor = 1 + number % _VENDORS
        ticket = Ticket(
            number=0, brand="orchard", subject=f"An older question {number}", filed=filed,
            customer_id=1 + number % 500, product_id=1, vendor_id=vendor, last_activity=filed, language="en",
            flags=("overdue",) if late else (), waiting_since=filed if late else None,
            assignee="vera@staff.example" if number % 2 else "",
        )  # fmt: skip
        opened = tickets.open_(tx, ticket)
        address = f"jane{number % 500}@customer.example"
        who = Participant(ticket=opened, number=1, role=Role.REQUESTER, address=address, party_id=1 + number % 500)
        tickets.join(tx, who)
        text = f"This is question {number}, and it broke."
        letter = Letter(sender=Mailbox(address=address), subject=ticket.subject, text=text, reply_text=text)
        messages.put(tx, ticket=opened, author=1, received=filed, letter=letter, nature=ON_A_PAGE, identity=_IDENTITY)
        for kind in (DeadlineKind.OVERDUE, DeadlineKind.RATING):
            deadlines.promise(tx, opened, Promise(kind=kind, due=filed + 2 * DAY, since=filed))
            if not late:
                deadlines.release(tx, opened, (kind,), "answered", filed + HOUR)
        if not late:
            _answer(tx, opened, vendor, filed + 3 * HOUR)
        if number % 5 == 1:
            given = Rating(ticket=opened, score=1 + number % 5, comment="", at=filed + DAY, changed=filed + DAY)
            ratings.put(tx, given, customer=1 + number % 500, vendor=vendor)
        mail = Outgoing(
            template="acknowledgement", key=f"ack-{opened}", recipients=(address,), message_id=f"{opened}@x",
            auto=Auto.REPLIED, ticket=opened, participant=1, raw=b"Subject: x\r\n\r\nx",
        )  # fmt: skip
        outbox.put(tx, mail, filed)
        act = Act(actor=Who(kind=ActorKind.STAFF, name="vera" if number % 100 == 0 else "otto"),
                  action=Action.TICKET_WRITTEN, object=f"ticket {opened}", about=1 + number % 500)  # fmt: skip
        house.audit.write(tx, act, filed)


def _answer(tx: Tx, ticket: int, vendor: int, at: Millis) -> None:
    """The vendor's answer."""
    address = f"tickets@vendor-{vendor}.example"
    who = Participant(ticket=ticket, number=2, role=Role.VENDOR, address=address, party_id=vendor)
    tickets.join(tx, who)
    letter = Letter(sender=Mailbox(address=address), subject="Re: question", text="Do this.", reply_text="Do this.")
    messages.put(tx, ticket=ticket, author=2, received=at, letter=letter, nature=ON_A_PAGE, identity=_IDENTITY)
