"""A marketplace in one process: mails go through the pipeline, what goes out lies in the outbox, time is set by hand."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from gatepost import shipped
from gatepost.config import AuthenticationSection, LimitsSection, ReplyAddressSection
from gatepost.core import DAY
from gatepost.core.addresses import Addresses
from gatepost.core.letter import Arrival, Door, Envelope
from gatepost.core.party import Away, Brand, Customer, Hours, Product, Standing, Subscription, Team, Vendor
from gatepost.core.reply_address import Keys
from gatepost.events import came_due
from gatepost.house import House
from gatepost.mail.parse import read_letter
from gatepost.mail.templates import Letters
from gatepost.pipeline import handle
from gatepost.promises import Promises
from gatepost.rulebook import Rulebook
from gatepost.store import deadlines, parties, tickets
from gatepost.store.audit import AuditLog
from gatepost.store.database import Database
from gatepost.store.schema import migrate

MONDAY = 1_793_610_000_000  # 2026-11-02T09:00:00Z

BRAND = Brand(
    slug="orchard",
    name="Orchard Extensions",
    support=("support@orchard.example", "help@orchard.example"),
    languages=("en", "de", "fr", "it", "pl", "es", "vi", "nl"),
    portal="https://my.orchard.example",
    privacy="https://orchard.example/privacy",
    data_use="https://orchard.example/data-use",
)
TEAMS = {
    "triage": Team(slug="triage", name="Marketplace support", address="triage@staff.example"),
    "billing": Team(slug="billing", name="Billing", address="billing@staff.example"),
}


@dataclass
class Sent:
    """One mail of the outbox."""

    template: str
    to: str
    mail_from: str
    raw: bytes
    state: str
    error: str
    participant: int
    ticket: int
    message_id: str

    @property
    def message(self) -> Message:
        return message_from_bytes(self.raw)

    @property
    def reply_to(self) -> str:
        return self.message["Reply-To"].rpartition("<")[2].rstrip(">")

    @property
    def text(self) -> str:
        part = next(p for p in self.message.walk() if p.get_content_type() == "text/plain" and not p.get_filename())
        return part.get_payload(decode=True).decode()


@dataclass
class Market:
    """The house with its database, a clock, and the last arrival's number."""

    house: House
    db: Database
    now: int = MONDAY
    spool: int = 0
    outcomes: list[str] = field(default_factory=list)

    def arrive(
        self, raw: bytes | str, *to: str, mail_from: str = "", door: Door = Door.SMTP, received: int | None = None
    ) -> str:
        """Take one mail through the pipeline; its outcome."""
        self.spool += 1
        octets = raw.encode() if isinstance(raw, str) else raw
        octets = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        letter = read_letter(octets)
        sender = mail_from if mail_from is not None else ""
        if not sender and letter.sender is not None:
            sender = letter.sender.address
        envelope = Envelope(mail_from=sender, recipients=to or ("support@orchard.example",), door=door)
        came = self.now if received is None else received
        arrival = Arrival(id=self.spool, received=came, envelope=envelope, raw=octets)
        outcome = self.db.write_now(lambda tx: handle(tx, self.house, arrival, letter, self.now))
        self.outcomes.append(outcome.value)
        return outcome.value

    def sent(self, template: str = "") -> list[Sent]:
        """What is in the outbox, oldest first."""
        rows = self.db.read_now(lambda tx: tx.rows("SELECT * FROM outbox ORDER BY id"))
        mails = [
            Sent(
                template=r["template"],
                to=r["address"],
                mail_from=r["mail_from"],
                raw=bytes(r["raw"]),
                state=r["state"],
                error=r["error"],
                participant=r["participant"],
                ticket=r["ticket"],
                message_id=r["message_id"],
            )
            for r in rows
        ]
        return [mail for mail in mails if not template or mail.template == template]

    def ticket(self, number: int = 1001):
        return self.db.read_now(lambda tx: tickets.find(tx, number))

    def tickets(self) -> int:
        return self.db.read_now(lambda tx: tx.value("SELECT count(*) FROM ticket"))

    def rows(self, sql: str, **values):
        return self.db.read_now(lambda tx: tx.rows(sql, **values))

    def do_what_is_due(self) -> list[str]:
        """Do every deadline that has come by now."""
        due = self.db.read_now(lambda tx: deadlines.due(tx, self.now, 100))
        for one in due:
            self.db.write_now(lambda tx, one=one: came_due(tx, self.house, one, self.now))
        return [one.kind.value for one in due]


def fill(tx, now):
    """Two vendors, three products, four customers."""
    acme, _ = parties.put_vendor(
        tx,
        Vendor(
            id=0, slug="acme", name="Acme", support_address="tickets@acme.example", contact_address="orders@acme.example",
            senders=("@desk.acme.example",), hours=Hours(zone="Europe/Berlin"),
        ),
    )  # fmt: skip
    away, _ = parties.put_vendor(
        tx,
        Vendor(
            id=0, slug="brill", name="Brill", support_address="help@brill.example", hours=Hours(zone="Europe/Rome"),
            away=Away(starts=now - DAY, ends=now + 7 * DAY, substitute="partner@brill.example", text="We are at sea."),
        ),
    )  # fmt: skip
    labels, _ = parties.put_product(
        tx, Product(id=0, slug="shipping-labels", name="Shipping Labels", vendor_id=acme, aliases=("label printer",))
    )
    tax, _ = parties.put_product(tx, Product(id=0, slug="tax-pro", name="Tax Pro", vendor_id=acme))
    sails, _ = parties.put_product(tx, Product(id=0, slug="sails", name="Sails", vendor_id=away))
    for name, product, status, days in (
        ("jane", labels, Standing.ACTIVE, 300),
        ("jane", tax, Standing.ACTIVE, 300),
        ("eddie", labels, Standing.EXPIRED, -10),
        ("carl", tax, Standing.CANCELLED, 100),
        ("sam", sails, Standing.ACTIVE, 200),
    ):
        who, _ = parties.put_customer(
            tx,
            Customer(id=0, address=f"{name}@customer.example", name=name.title(), language="en", zone="Europe/Paris"),
        )
        parties.put_subscription(
            tx,
            Subscription(
                id=0, customer_id=who, product_id=product, status=status, starts=now - 65 * DAY, ends=now + days * DAY,
                reference=f"S-{name}-{product}",
            ),
        )  # fmt: skip


def new_house(tmp_path: Path, *, authentication: str = "off", keys: Keys | None = None) -> House:
    return House(
        hostname="mail.orchard.example",
        staff="staff@staff.example",
        brands=(BRAND,),
        teams=TEAMS,
        addresses=Addresses((BRAND,), "+", ""),
        reply=ReplyAddressSection(),
        keys=keys or Keys(current=1, secrets={1: b"k" * 32}),
        authentication=AuthenticationSection(mode=authentication, authserv_id="mx.orchard.example"),
        limits=LimitsSection(),
        promises=Promises(overdue_business_days=2, rating_days=7),
        rulebook=Rulebook(shipped.folder("rules"), tmp_path / "rules"),
        letters=Letters(tmp_path / "templates", shipped.folder("templates") / "mail"),
        audit=AuditLog(b"a" * 32),
    )


@pytest.fixture
def market(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    market = Market(house=new_house(tmp_path), db=db)
    db.write_now(lambda tx: fill(tx, MONDAY))
    yield market
    db.close()


@pytest.fixture(scope="session")
def make_market(tmp_path_factory):
    """Fresh markets around one house, for tests that need one for each example."""
    house = new_house(tmp_path_factory.mktemp("house"))

    @contextmanager
    def make():
        folder = tmp_path_factory.mktemp("market")
        db = Database(f"sqlite:///{folder / 'desk.sqlite3'}", prepare=migrate)
        market = Market(house=house, db=db)
        db.write_now(lambda tx: fill(tx, MONDAY))
        try:
            yield market
        finally:
            db.close()

    return make


@pytest.fixture
def strict_market(tmp_path):
    """The same behind a mail server whose Authentication-Results are believed, and nothing else."""
    db = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    market = Market(house=new_house(tmp_path, authentication="trusted-hop"), db=db)
    db.write_now(lambda tx: fill(tx, MONDAY))
    yield market
    db.close()


@pytest.fixture
def evaluating_market(tmp_path):
    """The same as the MX: nobody is believed without a proof from DNS."""
    db = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    market = Market(house=new_house(tmp_path, authentication="evaluate"), db=db)
    db.write_now(lambda tx: fill(tx, MONDAY))
    yield market
    db.close()


def mail(sender: str, subject: str, body: str, *headers: str, message_id: str = "") -> str:
    """A plain mail; further header lines come in front."""
    ident = message_id or f"{abs(hash((sender, subject, body)))}@client.example"
    lines = [
        *headers, f"From: {sender}", "To: support@orchard.example", f"Subject: {subject}",
        "Date: Mon, 2 Nov 2026 09:00:00 +0000", f"Message-ID: <{ident}>", "", body,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def compose_mail():
    return mail


def answered(sent, sender, body, *headers):
    """A plain reply, as a mail program writes it: its own Message-ID, ours cited."""
    lines = [
        *headers, f"From: {sender}", f"To: {sent.reply_to}", f"Subject: Re: {sent.message['Subject']}",
        "Date: Mon, 2 Nov 2026 11:00:00 +0000", f"Message-ID: <{abs(hash((sender, body)))}@elsewhere.example>",
        f"In-Reply-To: {sent.message['Message-ID']}",
        f"References: {' '.join((sent.message['References'] or '').split())} {sent.message['Message-ID']}", "", body,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture(name="reply_to", scope="session")
def reply_to_fixture():
    return answered
