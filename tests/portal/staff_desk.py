"""A marketplace with members of staff of every role, a desk that does what their pages ask, and browsers of theirs."""

import secrets
from dataclasses import replace

from tests.pipeline.conftest import MONDAY, mail

from gatepost.clock import FixedClock
from gatepost.core import DAY, HOUR
from gatepost.core.consent import Impersonation, Scope
from gatepost.core.party import Order
from gatepost.core.staff import ROLES, Member, permitted
from gatepost.from_page import file_of
from gatepost.mail.parse import read_letter
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.staff.desk import StaffDesk
from gatepost.postroom import Postroom
from gatepost.release import Releases
from gatepost.staff_work import answer
from gatepost.store import audit, consents, orders, parties, quarantine, sessions
from gatepost.store.sessions import Kind, Session

from .conftest import JANE, Browser

MEMBERS = {
    slug: Member(
        slug=slug, name=name, address=f"{slug}@staff.example", roles=roles, permissions=permitted(roles, ROLES)
    )
    for slug, name, roles in (
        ("vera", "Vera Lind", ("agent",)),
        ("otto", "Otto Kern", ("lead",)),
        ("nils", "Nils Aue", ("auditor",)),
        ("ada", "Ada Boss", ("admin",)),
        ("gone", "Gone", ()),
    )
}


class Reading:
    """Reads a mail here and now."""

    async def read(self, raw):
        return read_letter(raw)


class Floor:
    """Jane has written, Vera has answered with a file; a mail in her name is held; one of ours failed; Otto was her."""

    def __init__(self, market):
        self.market, self.clock = market, FixedClock(MONDAY)
        house = market.house
        house.members = MEMBERS
        house.staff_addresses |= {member.address for member in MEMBERS.values()}
        brand = replace(next(iter(house.brands.values())), impersonation=True)
        house.brands[brand.slug] = brand
        releases = Releases(db=market.db, house=house, reader=Reading(), clock=self.clock)
        postroom = Postroom(db=market.db, house=house, clock=self.clock, delay_hours=4)
        self.portal = Portal(open_counter(house, market.db, self.clock, desk=StaffDesk(releases, postroom, Reading())))
        self.jane = market.db.read_now(lambda tx: parties.customer_of(tx, JANE)).id

    def fill(self):
        market, house = self.market, self.market.house
        market.arrive(mail(f"Jane Roe <{JANE}>", "Shipping Labels", "It <b>jams</b>.\nhttps://shop.example/a?b=1"))
        file = file_of("log.txt", "text/plain", b"line")
        market.db.write_now(lambda tx: answer(tx, house, 1001, MEMBERS["vera"], "Which model?", [file], market.now))
        (told,) = market.sent("answer")
        forged = mail("Eve <eve@elsewhere.example>", "Re: Shipping Labels", "Send it to me.")
        market.arrive(forged.replace("support@orchard.example", told.reply_to), told.reply_to)
        market.arrive(mail(f"Jane Roe <{JANE}>", "Tax Pro", "A second thing.", message_id="second@client.example"))
        failed = "UPDATE delivery SET state = 'dead', next = NULL, said = '550 no' WHERE ticket = 1002"
        market.db.write_now(lambda tx: tx.run(failed))
        for number in range(4):
            order = Order(
                id=0, customer_id=self.jane, reference=f"O-{number}", placed=market.now - (1 + 25 * number) * DAY,
                total=4990 + number, currency="EUR", status="completed", items="Labels",
            )  # fmt: skip
            market.db.write_now(lambda tx, order=order: orders.put(tx, order))
        market.db.write_now(self._visited)
        return self

    def _visited(self, tx):
        """Otto was logged in as Jane for a minute."""
        now = self.market.now
        visit = Impersonation(
            id=0, consent=0, customer=self.jane, staff="otto", staff_name="Otto Kern", brand="orchard", ticket=1001,
            reason="to look", scope=Scope.READ, started=now, ends=now + HOUR, seen=now,
        )  # fmt: skip
        number = consents.mint(tx, visit, staff_session=0, start="visited")
        consents.begin(tx, number, cookie="visit", ends=now + HOUR, peer="192.0.2.1", now=now)
        consents.done(tx, number, did=False, said="Ticket", ticket=1001, now=now)
        consents.end(tx, number, "the staff member ended it", now + 60_000)

    @property
    def held(self):
        return self.market.db.read_now(quarantine.page)[0].id

    @property
    def dead(self):
        return self.market.rows("SELECT outbox FROM delivery WHERE state = 'dead' LIMIT 1")[0]["outbox"]

    @property
    def file(self):
        return self.market.rows("SELECT id FROM attachment")[0]["id"]

    def nobody(self):
        return Browser(self.portal.app)

    def staff(self, slug):
        """A browser in which this member has signed in."""
        secret, now = secrets.token_urlsafe(32), self.clock.now()
        row = Session(id=0, kind=Kind.STAFF, staff=slug, started=now, expires=now + 12 * HOUR)
        self.market.db.write_now(lambda tx: sessions.open_(tx, row, secret))
        return self._with("staff", secret)

    def customer(self):
        """A browser in which Jane has signed in."""
        secret, now = secrets.token_urlsafe(32), self.clock.now()
        row = Session(id=0, kind=Kind.CUSTOMER, customer=self.jane, started=now, expires=now + DAY)
        self.market.db.write_now(lambda tx: sessions.open_(tx, row, secret))
        return self._with("customer", secret)

    def acts(self):
        """What stands in the audit log, after its chain was followed."""
        assert self.market.db.read_now(self.market.house.audit.verify) is None
        rows = self.market.db.read_now(lambda tx: list(audit.entries(tx)))
        return [(row.actor.text, row.action, row.object) for row in rows]

    def _with(self, kind, secret):
        browser = self.nobody()
        browser.cookies.set(f"__Host-gatepost-{kind}", secret, domain="my.orchard.example")
        return browser
