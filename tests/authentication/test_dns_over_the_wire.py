"""The real resolver against a name server on loopback: what exists, what does not, what fails, what is kept."""

import asyncio

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from gatepost.authentication.dns_resolver import DnsResolver
from gatepost.authentication.resolver import Kind, NoAnswer, Unusable
from gatepost.config import AuthenticationSection
from gatepost.core.letter import Arrival, Door, Envelope
from gatepost.mail.parse import read_letter
from gatepost.parts import build_evaluator

LONG = '"' + "x" * 200 + '" "' + "y" * 100 + '"'
ZONE = {
    ("example.org.", "TXT"): ["300 IN TXT " + LONG, '300 IN TXT "second"', '300 IN TXT "\\255"'],
    ("example.org.", "MX"): ["300 IN MX 20 b.example.org.", "300 IN MX 10 a.example.org."],
    ("example.org.", "A"): ["300 IN A 192.0.2.1", "300 IN A 192.0.2.2"],
    ("example.org.", "AAAA"): ["300 IN AAAA 2001:db8::1"],
    ("1.2.0.192.in-addr.arpa.", "PTR"): ["300 IN PTR a.example.org."],
    ("alias.example.", "A"): ["300 IN CNAME example.org.", "300 IN A 192.0.2.1"],
    ("customer.example.", "TXT"): ['300 IN TXT "v=spf1 ip4:192.0.2.1 -all"'],
    ("brief.example.", "A"): ["5 IN A 192.0.2.9"],
    ("flood.example.", "A"): [f"300 IN A 10.0.{n // 250}.{n % 250}" for n in range(201)],
}


class Server(asyncio.DatagramProtocol):
    """A name server that answers from ZONE and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, octets, peer):
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name == "dead.example.":
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in ZONE:
            for line in ZONE[name, kind]:
                ttl, _, kept, data = line.split(" ", 3)
                owner = "example.org." if name == "alias.example." and kept == "A" else name
                rrset = dns.rrset.from_text(owner, int(ttl), "IN", kept, data)
                answer.find_rrset(answer.answer, rrset.name, rrset.rdclass, rrset.rdtype, create=True).update(rrset)
        elif name not in {zone_name for zone_name, _ in ZONE}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(max_size=65_000), peer)


class Monotonic:
    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


@pytest.fixture
async def server():
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    yield protocol
    transport.close()


@pytest.fixture
def clock():
    return Monotonic()


@pytest.fixture
def resolver(server, clock):
    return DnsResolver(
        servers=[("127.0.0.1", server.transport.get_extra_info("sockname")[1])], seconds=0.2, monotonic=clock
    )


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("example.org", Kind.TXT, {"x" * 200 + "y" * 100, "second", "\xff"}),
        ("example.org", Kind.MX, ("a.example.org", "b.example.org")),
        ("example.org", Kind.A, {"192.0.2.1", "192.0.2.2"}),
        ("example.org", Kind.AAAA, {"2001:db8::1"}),
        ("1.2.0.192.in-addr.arpa", Kind.PTR, {"a.example.org"}),
        ("alias.example", Kind.A, {"192.0.2.1"}),
        ("brief.example", Kind.TXT, set()),
        ("gone.example", Kind.A, set()),
        ("odd name%.example", Kind.A, set()),
    ],
)
async def test_what_dns_says(resolver, name, kind, expected):
    found = await resolver.ask(name, kind)
    assert (found if isinstance(expected, tuple) else set(found)) == expected


@pytest.mark.parametrize(("name", "said"), [("dead.example", "time-out"), ("broken.example", "NoNameservers")])
async def test_no_answer_is_temporary(resolver, name, said):
    with pytest.raises(NoAnswer, match=f"no answer for TXT {name}") as caught:
        await resolver.ask(name, Kind.TXT)
    assert said in caught.value.message
    assert caught.value.temporary


async def test_an_answer_beyond_measure_is_refused(resolver):
    with pytest.raises(Unusable):
        await resolver.ask("flood.example", Kind.A)


async def test_an_answer_is_kept_for_its_time_and_no_longer(resolver, server, clock):
    for at, asked in ((0, 1), (4, 1), (6, 2)):
        clock.at = 100.0 + at
        assert await resolver.ask("brief.example", Kind.A) == ("192.0.2.9",)
        assert len(server.asked) == asked


async def test_a_dead_server_does_not_hold_up_the_next_mail(resolver, server, clock):
    for _ in range(3):
        with pytest.raises(NoAnswer):
            await resolver.ask("broken.example", Kind.TXT)
    asked = len(server.asked)
    clock.at += 11
    with pytest.raises(NoAnswer):
        await resolver.ask("broken.example", Kind.TXT)
    assert len(server.asked) == 2 * asked


async def test_no_more_answers_are_kept_than_fit(resolver, monkeypatch):
    monkeypatch.setattr("gatepost.authentication.dns_resolver._KEPT", 3)
    for number in range(6):
        await resolver.ask(f"gone{number}.example", Kind.A)
    assert len(resolver._kept) == 3


async def test_the_daemon_asks_the_servers_of_its_config_and_only_in_the_mode_that_asks(server):
    port = server.transport.get_extra_info("sockname")[1]
    section = AuthenticationSection(mode="evaluate", nameservers=(f"127.0.0.1:{port}",), query_seconds=1.0)
    envelope = Envelope(mail_from="jane@customer.example", recipients=(), peer="192.0.2.1", helo="x.example")
    raw = b"From: jane@customer.example\r\n\r\n"
    proof = await build_evaluator(section).prove(
        Arrival(id=1, received=0, envelope=envelope, raw=raw), read_letter(raw)
    )
    assert proof.why == "DMARC pass: SPF of customer.example aligned with From customer.example"
    assert ("_dmarc.customer.example.", "TXT") in server.asked
    for mode in ("off", "trusted-hop"):
        assert build_evaluator(section.model_copy(update={"mode": mode})) is None


async def test_mail_of_a_relay_on_this_machine_has_no_spf(server):
    port = server.transport.get_extra_info("sockname")[1]
    section = AuthenticationSection(mode="evaluate", nameservers=(f"127.0.0.1:{port}",))
    for peer, door in (("127.0.0.1", Door.SMTP), ("::1", Door.SMTP), ("192.0.2.1", Door.LMTP), ("", Door.IMAP)):
        envelope = Envelope(mail_from="jane@customer.example", recipients=(), peer=peer, door=door)
        raw = b"From: jane@customer.example\r\n\r\n"
        proof = await build_evaluator(section).prove(
            Arrival(id=1, received=0, envelope=envelope, raw=raw), read_letter(raw)
        )
        assert [finding.method for finding in proof.findings] == ["dmarc"]
