"""Receipts of help desks that come hours later, from desks that mark nothing, in words that nobody knows (A6, E03).

A desk is a habit (what it keeps of our mail) and its words. Customers file and write again, the desk acknowledges each
mail of ours late, and now and then a person answers through the same desk. What nobody reads back from the program is
kept here by hand: since when each customer waits, and when their answer was due when they wrote.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import pytest

from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.party import Customer, Standing, Subscription
from gatepost.core.report_card import By
from gatepost.store import parties, report_card

ADDRESS = "tickets@acme.example"
CUSTOMERS = 24

WORDS = {
    "receipt": "Hello {name},\n\nyour request has been received under the number {n}, and we will get back to you soon.\n\nThe Acme Team",
    "mixed": "Hello {name},\n\nwe have received your message, {n}. Tea is being made while one of us finds the place.\n\nYour friends at Acme",
    "unknown": "Hello {name},\n\nwhat you wrote is with us now as {n}, and one of the crew takes care of it.\n\nYour friends at Acme",
    "finnish": "Hei {name},\n\nviestisi on tullut perille tunnuksella {n} ja joku meistä palaa asiaan.\n\nTerveisin Acmen väki",
}  # fmt: skip
AT_MOST = {"receipt": 1, "mixed": 3, "unknown": 15, "finnish": 15}
"""How often customers may be sent such words before they are known."""

ENDINGS = [f"Then {what} {how}." for what in ("it prints", "the labels fit", "it is fast") for how in
           ("again", "at once", "on both sides", "as before", "in colour")]  # fmt: skip


@dataclass
class Mail:
    """What a desk sends: the text, its subject, the recipient, From, and what it keeps of our fields."""

    text: str
    subject: str
    to: str
    sender: str = ADDRESS
    fields: tuple[str, ...] = ()

    def raw(self, n):
        lines = [
            *self.fields, f"From: {self.sender}", f"To: {self.to}", f"Subject: {self.subject}",
            "Date: Mon, 2 Nov 2026 09:00:05 +0000", f"Message-ID: <{n}.{abs(hash(self.text)) % 10**9}@desk.acme.example>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", self.text,
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def kept(ours, text, n):
    cited = ours.message["Message-ID"]
    fields = (f"In-Reply-To: {cited}", f"References: {cited}")
    return [Mail(text, f"[#{n}] {ours.message['Subject']}", ours.reply_to, fields=fields)]


def lost(ours, text, n):
    return [Mail(text, f"[#{n}] {ours.message['Subject']}", "support@orchard.example")]


def rewritten(ours, text, n):
    return [Mail(text, f"Acme #{n}", ours.reply_to)]


def stripped(ours, text, n):
    return [Mail(text, f"Re: {ours.message['Subject'].rpartition(' [#')[0]}", ours.reply_to)]


def twofold(ours, text, n):
    second = text.replace("{n}", "").replace("Acme", "Acme's night watch")
    return [*kept(ours, text, n), *rewritten(ours, second, n)]


def noreply(ours, text, n):
    return [Mail(text, f"[#{n}] {ours.message['Subject']}", ours.reply_to, sender="noreply@mail.deskmaker.example")]


HABITS = (kept, lost, rewritten, stripped, twofold, noreply)


@dataclass
class Ours:
    """A mail of ours as it lies in the outbox."""

    message: Message

    @property
    def reply_to(self):
        return self.message["Reply-To"].rpartition("<")[2].rstrip(">")


@dataclass
class Ledger:
    """What was done, by hand: since when each ticket waits, the due instant when it began, what people answered."""

    waits: dict[int, int | None] = field(default_factory=dict)
    due: dict[tuple[int, int], int] = field(default_factory=dict)
    answers: int = 0
    receipts: int = 0


class Play:
    """Customers, the desk and its people, for so many exchanges."""

    def __init__(self, market, compose_mail, habit, words, seed):
        self.market, self.compose, self.habit, self.words = market, compose_mail, habit, words
        self.chance, self.ledger = random.Random(seed), Ledger()
        self.n = 4_000

    def exchange(self):
        self.n += 1
        open_ = list(self.ledger.waits)
        number = self.file() if not open_ or self.chance.random() < 0.6 else self.again(self.chance.choice(open_))
        ours = self.ours("ticket", number)
        self.market.now += self.chance.randrange(20 * MINUTE, 20 * HOUR)
        name = self.customer(number).title()
        for mail in self.habit(ours, self.words.replace("{name}", f"{name} Roe"), self.n):
            self.ledger.receipts += 1
            mail.text = mail.text.replace("{n}", str(self.n))
            self.market.arrive(mail.raw(self.n), mail.to, mail_from=mail.sender)
        if self.chance.random() < 0.3:
            self.market.now += self.chance.randrange(MINUTE, 9 * HOUR)
            text = f"Hi {name},\n\nplease set the printer to {self.n} points. {self.chance.choice(ENDINGS)}\n\nAnn\n"
            answer = Mail(text, f"Re: [#{self.n}] {ours.message['Subject']}", ours.reply_to)
            assert self.market.arrive(answer.raw(f"a{self.n}"), answer.to, mail_from=ADDRESS) == "continued"
            self.ledger.answers += 1
            self.ledger.waits[number] = None

    def ours(self, template, number):
        """Our latest mail of that kind on the ticket, without reading the whole outbox."""
        (row,) = self.market.rows(
            "SELECT raw FROM outbox WHERE ticket = :n AND template = :t ORDER BY id DESC LIMIT 1", n=number, t=template
        )
        return Ours(message_from_bytes(bytes(row["raw"])))

    def customer(self, number):
        return f"c{number % CUSTOMERS}"

    def file(self):
        number = 1001 + self.market.tickets()
        who = self.customer(number)
        sender = f"{who.title()} Roe <{who}@customer.example>"
        assert (
            self.market.arrive(self.compose(sender, f"Shipping Labels, case {self.n}", "It stays blank.")) == "opened"
        )
        self.noted(number)
        return number

    def again(self, number):
        ack = self.ours("acknowledgement", number)
        who = self.customer(number)
        cited = f"In-Reply-To: {ack.message['Message-ID']}"
        raw = self.compose(
            f"{who.title()} Roe <{who}@customer.example>", "Re: Shipping Labels", f"Any news? {self.n}", cited
        )
        assert self.market.arrive(raw, ack.reply_to) == "continued"
        self.noted(number)
        return number

    def noted(self, number):
        if self.ledger.waits.get(number) is None:
            self.ledger.waits[number] = self.market.now
            (row,) = self.overdue(number)
            self.ledger.due[number, self.market.now] = row["due"]

    def overdue(self, number):
        return self.market.rows(
            "SELECT due, since FROM deadline WHERE ticket = :n AND kind = 'overdue' AND state = 'open'", n=number
        )


@pytest.fixture
def entitled(market):
    """Two dozen customers with subscriptions."""

    def fill(tx):
        labels = next(product for product in parties.products(tx) if product.slug == "shipping-labels")
        for n in range(CUSTOMERS):
            who, _ = parties.put_customer(tx, Customer(id=0, address=f"c{n}@customer.example", name=f"C{n} Roe"))
            right = Subscription(
                id=0, customer_id=who, product_id=labels.id, status=Standing.ACTIVE, starts=market.now - 1,
                ends=market.now + 4_000 * DAY, reference=f"S-{n}",
            )  # fmt: skip
            parties.put_subscription(tx, right)

    market.db.write_now(fill)


def check(play, words):
    """Nobody was sent receipts once they were known, no clock stands still for one, and people's answers arrived."""
    market, ledger = play.market, play.ledger
    # What comes without our address opens a ticket for the staff until it is known.
    assert market.tickets() - len(ledger.waits) <= (AT_MOST[words] if play.habit is lost else 0)
    sent = market.sent()
    relayed = [mail for mail in sent if mail.template == "answer"]
    of_desk = [mail for mail in relayed if "please set the printer" not in mail.text]
    assert len(relayed) - len(of_desk) == ledger.answers
    assert len({mail.ticket for mail in of_desk}) <= AT_MOST[words]
    automatic = Counter(mail.ticket for mail in sent if mail.message["Auto-Submitted"])
    assert max(automatic.values()) <= 2
    for number, since in ledger.waits.items():
        assert market.ticket(number).waiting_since == since, number
        found = [(row["since"], row["due"]) for row in play.overdue(number)]
        assert found == ([] if since is None else [(since, ledger.due[number, since])]), number
    vendor = market.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))
    said = market.db.read_now(lambda tx: report_card.said(tx, vendor.id, 0))
    assert sum(one.by is By.VENDOR for one in said) == ledger.answers


def run(market, compose_mail, habit, words, exchanges):
    play = Play(market, compose_mail, habit, WORDS[words], seed=f"{habit.__name__} {words}")
    for _ in range(exchanges):
        play.exchange()
    check(play, words)


SHORT = [
    (kept, "finnish"), (lost, "unknown"), (rewritten, "mixed"), (stripped, "unknown"), (twofold, "finnish"),
    (noreply, "receipt"),
]  # fmt: skip
"""Each habit once; every habit with all words is the long form."""


@pytest.mark.catalogue("E03")
@pytest.mark.parametrize(("habit", "words"), SHORT)
def test_late_receipts(market, entitled, compose_mail, habit, words):
    run(market, compose_mail, habit, words, 60)


@pytest.mark.chaos
@pytest.mark.catalogue("E03")
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("habit", HABITS)
def test_a_thousand_late_receipts(market, entitled, compose_mail, habit, words):
    run(market, compose_mail, habit, words, 1_000)
