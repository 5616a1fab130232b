"""As the MX: DNS is asked before a mail is decided, and what it said decides who may speak on a ticket."""

import asyncio
import json

import pytest

from gatepost.authentication import Evaluator
from gatepost.authentication.table import Table
from gatepost.clock import FixedClock
from gatepost.core.letter import Arrival, Envelope
from gatepost.desk import Desk
from gatepost.mail.parse import read_letter

HOME, ACME, EVIL = "192.0.2.1", "192.0.2.2", "203.0.113.66"
ZONE = {
    "customer.example": {"TXT": [f"v=spf1 ip4:{HOME} -all"]},
    "_dmarc.customer.example": {"TXT": ["v=DMARC1; p=none"]},
    "acme.example": {"TXT": [f"v=spf1 ip4:{ACME} -all"]},
    "desk.acme.example": {"TXT": [f"v=spf1 ip4:{ACME} -all"]},
    "_dmarc.acme.example": {"TXT": ["v=DMARC1; p=reject"]},
    "brill.example": {"TXT": [f"v=spf1 ip4:{ACME} -all"]},
    "plain.example": {"TXT": [f"v=spf1 ip4:{HOME} -all"]},
    "slow.example": "timeout",
}
JANE = "Jane Roe <jane@customer.example>"


class Post:
    """The desk of one marketplace: mails are handed in with the address that they came from."""

    def __init__(self, market) -> None:
        self.market = market
        self.table = Table(ZONE)
        self.arrivals: list[Arrival] = []
        self._done: asyncio.Queue[list[int]] = asyncio.Queue()
        self.desk = Desk(
            house=market.house, db=market.db, spool=self, gate=self, readers=self, clock=FixedClock(market.now),
            wake_delivery=lambda: None, evaluator=Evaluator(self.table),
        )  # fmt: skip

    def pending(self, after: int, limit: int) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if arrival.id > after][:limit]

    async def done(self, ids) -> None:
        if ids:
            self._done.put_nowait(list(ids))

    async def read(self, raw: bytes):
        return read_letter(raw)

    async def arrive(self, raw: str, peer: str, to: str = "support@orchard.example") -> str:
        """Hand in one mail and wait for the desk; its outcome."""
        octets = raw.replace("\n", "\r\n").encode()
        envelope = Envelope(
            mail_from=read_letter(octets).sender.address, recipients=(to,), peer=peer, helo="mx.example"
        )
        arrival = Arrival(id=len(self.arrivals) + 1, received=self.market.now, envelope=envelope, raw=octets)
        self.arrivals.append(arrival)
        self.desk.wake()
        async with asyncio.timeout(20):
            assert await self._done.get() == [arrival.id]
        return self.market.rows("SELECT outcome FROM arrival ORDER BY id DESC LIMIT 1")[0]["outcome"]


@pytest.fixture
async def post(evaluating_market):
    post = Post(evaluating_market)
    work = asyncio.create_task(post.desk.run())
    yield post
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def reply(sent, sender, body):
    return "\n".join(
        [f"From: {sender}", f"To: {sent.reply_to}", f"Subject: Re: {sent.message['Subject']}",
         f"Message-ID: <{abs(hash((sender, body)))}@client.example>", "", body, ""]
    )  # fmt: skip


@pytest.mark.catalogue("D03", "D04")
async def test_a_reply_threads_with_a_proof_and_is_held_without(post, compose_mail):
    market = post.market
    assert await post.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."), HOME) == "opened"
    (ack,) = market.sent("acknowledgement")
    assert await post.arrive(reply(ack, JANE, "Version 4.1."), HOME, ack.reply_to) == "continued"
    assert await post.arrive(reply(ack, JANE, "Forged."), EVIL, ack.reply_to) == "quarantined"
    assert len(market.sent("ticket")) == 2
    (held,) = market.rows("SELECT cause, detail FROM quarantine")
    assert held["cause"] == "sender_unverified"
    said = [row["said"] for row in market.rows("SELECT said FROM trace WHERE kind = 'judged'")]
    assert "DMARC pass: SPF of customer.example aligned with From customer.example" in said
    assert "spf=fail for customer.example, aligned with From (by all of customer.example)" in said
    decision = json.loads(market.rows("SELECT said FROM decision ORDER BY arrival DESC LIMIT 1")[0]["said"])
    assert decision["proof"]["why"].startswith("DMARC fail: neither SPF nor DKIM proves customer.example")
    assert [finding["method"] for finding in decision["proof"]["findings"]] == ["spf", "dmarc"]


@pytest.mark.catalogue("D04")
async def test_dns_that_does_not_answer_holds_a_reply_and_loses_nothing(post, compose_mail):
    market = post.market
    await post.arrive(compose_mail("New <new@slow.example>", "Shipping Labels prints nothing", "Blank."), HOME)
    assert market.tickets() == 1
    (row,) = market.rows("SELECT said FROM trace WHERE said LIKE 'DMARC temperror%'")
    assert "timeout" in row["said"]


@pytest.mark.catalogue("D12")
@pytest.mark.parametrize(
    ("sender", "peer", "outcome"),
    [
        ("tickets@acme.example", ACME, "continued"),
        ("anna@desk.acme.example", ACME, "continued"),
        ("tickets@acme.example", EVIL, "quarantined"),
        ("anna@desk.acme.example", EVIL, "quarantined"),
        ("help@brill.example", ACME, "quarantined"),
    ],
)
async def test_a_vendor_acts_only_with_the_own_token_from_the_own_domain_with_a_proof(
    post, compose_mail, sender, peer, outcome
):
    await post.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."), HOME)
    (ticket,) = post.market.sent("ticket")
    assert await post.arrive(reply(ticket, sender, "Press F5."), peer, ticket.reply_to) == outcome
    assert len(post.market.sent("answer")) == (outcome == "continued")


@pytest.mark.catalogue("D01")
async def test_a_forged_customer_gets_a_ticket_and_learns_nothing(post, compose_mail):
    assert await post.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."), EVIL) == "opened"
    for sent in post.market.sent():
        if sent.to == "jane@customer.example":
            assert "Shipping Labels" not in sent.text
            assert "active" not in sent.text
