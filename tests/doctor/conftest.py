"""A Gatepost whose whole outside is on loopback: a name server with a zone, a smarthost, and a config that names them."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from gatepost.check import State
from gatepost.clock import Clock
from gatepost.config import load
from gatepost.demo.sink import Sink
from gatepost.doctor import run
from gatepost.lock import prepare_data_folder
from gatepost.store.database import Database
from gatepost.store.schema import migrate
from gatepost.store.spool import Spool

CONFIG = """
[gatepost]
data = "data"
hostname = "mail.market.example"
staff = "leads@office.example"
[smtp]
listen = ["127.0.0.1:0"]
[page]
listen = "127.0.0.1:0"
[authentication]
mode = "off"
nameservers = ["127.0.0.1:{dns}"]
[delivery]
smarthost = "127.0.0.1:{smarthost}"
{delivery}
[team.triage]
name = "Triage"
address = "triage@office.example"
[team.billing]
name = "Billing"
address = "billing@office.example"
[brand.market]
name = "Extension Market"
support = ["support@market.example"]
privacy = "https://market.example/privacy"
data_use = "https://market.example/data-use"
{more}
"""

SOUND = {
    ("mail.market.example.", "A"): ["192.0.2.7"],
    ("7.2.0.192.in-addr.arpa.", "PTR"): ["mail.market.example."],
    ("market.example.", "MX"): ["10 mail.market.example."],
    ("market.example.", "TXT"): ['"v=spf1 a:mail.market.example -all"'],
    ("_dmarc.market.example.", "TXT"): ['"v=DMARC1; p=reject"'],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`; names in `dead` get no answer, those in `broken` SERVFAIL."""

    def __init__(self):
        self.zone, self.dead, self.broken = dict(SOUND), set(), set()

    def connection_made(self, transport):
        self.transport = transport

    @property
    def port(self):
        return self.transport.get_extra_info("sockname")[1]

    def datagram_received(self, octets, peer):
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        if name in self.dead:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", kind, *records))
        elif name not in {known for known, _ in self.zone}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(max_size=65_000), peer)


class Patient:
    """What the doctor is called to: its folder, its name server, its smarthost; `findings` is what it hears."""

    def __init__(self, folder, dns_server, smarthost, monkeypatch):
        self.monkeypatch = monkeypatch
        self.folder, self.dns, self.smarthost = folder, dns_server, smarthost
        self.delivery, self.more = 'tls = "none"', ""
        self.data = folder / "data"

    @property
    def path(self):
        path = self.folder / "config.toml"
        text = CONFIG.format(dns=self.dns.port, smarthost=self.smarthost.port, delivery=self.delivery, more=self.more)
        path.write_text(text, encoding="utf-8")
        return path

    def make_databases(self):
        prepare_data_folder(self.data)
        Database(f"sqlite:///{self.data / 'desk.sqlite3'}", prepare=migrate).close()
        spool = Spool(self.data, now=Clock().now)
        spool.start()
        spool.close(5.0)

    async def findings(self, subject="", *, whole=False, **more):
        """State and words of every finding whose subject begins with `subject`; those of `check` only where asked for."""
        if not whole:
            self.monkeypatch.setattr("gatepost.doctor.check", lambda *_: [])
        found = [finding async for finding in run(load(self.path), Clock(), **more)]
        assert all(
            finding.detail for finding in found if finding.state is not State.FINE and finding.subject != "rules"
        )
        return [(finding.state.value, finding.seen) for finding in found if finding.subject.startswith(subject)]


@pytest.fixture
async def patient(tmp_path, monkeypatch):
    transport, dns_server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    async with Sink() as smarthost:
        yield Patient(tmp_path, dns_server, smarthost, monkeypatch)
    transport.close()
