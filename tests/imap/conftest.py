"""A desk's database with mailboxes that fetch into it: from our own server, which fails at will, or a real Dovecot."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bench.imap_server import ImapServer

from gatepost.clock import Clock
from gatepost.config import ImapSection, Secret
from gatepost.core.addresses import Addresses
from gatepost.core.letter import Door
from gatepost.core.party import Brand
from gatepost.ingress.imap import Mailbox
from gatepost.ingress.imap_session import Session
from gatepost.ingress.oauth import Tokens
from gatepost.store import mailboxes
from gatepost.store.database import Database
from gatepost.store.intake import Intake
from gatepost.store.schema import migrate

BRAND = Brand(slug="market", name="Market", support=("support@market.example",))
PATIENCE = 20.0


def mail(number, size=0, *, message_id=True):
    """A mail that says its number."""
    ident = f"Message-ID: <{number}@c.example>\r\n" if message_id else ""
    head = f"From: ada@customer.example\r\nTo: support@market.example\r\n{ident}Subject: {number}\r\n"
    return f"{head}\r\n{'x' * size}words of {number}\r\n".encode()


def until(wanted, seconds=PATIENCE):
    """Wait until something is so; the threads that bring it about tell nobody."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not wanted():
        assert time.monotonic() < end, "it has not come about"
        pause.wait(0.01)


@dataclass
class Desk:
    """The database, the mailboxes that run, and how they rested: `rests` are the pauses they asked for."""

    folder: Path
    db: Database
    rests: list[float] = field(default_factory=list)
    taken: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    running: list[Mailbox] = field(default_factory=list)

    def section(self, port, **more):
        password = Secret(file=str(self.folder / "password"))
        given = {"server": f"127.0.0.1:{port}", "tls": "none", "username": "support", "password": password}
        return ImapSection(**{**given, **more})

    def mailbox(self, section, name="support", octets=100_000, **more):
        found = Mailbox(
            name, section, db=self.db, addresses=Addresses((BRAND,)), otherwise="support@market.example",
            octets=octets, clock=Clock(), wake=self.taken.release, tokens=Tokens(section),
            **{"backlog": 1_000_000, **more},
        )  # fmt: skip
        self.running.append(found)
        return found

    def hasty(self, mailbox):
        """Let a mailbox rest no longer than a moment, and keep how long it would have."""
        rest = mailbox._stop.wait
        mailbox._rest = lambda seconds: self.rests.append(seconds) or rest(min(seconds, 0.01))
        return mailbox

    def session(self, section):
        return Session(section, Tokens(section), time.monotonic)

    def look(self, section, **more):
        """One visit that looks once."""
        opened = self.session(section)
        try:
            return self.mailbox(section, **more).look(opened)
        finally:
            opened.close()

    def raws(self):
        return [arrival.raw for arrival in Intake(self.db, Door.IMAP).pending(0, 1_000_000)]

    def state(self, name="support"):
        return {each.name: each for each in self.db.read_now(mailboxes.states)}.get(name)

    def is_failing(self, name="support"):
        state = self.state(name)
        return state is not None and state.failing is not None

    def is_well(self, name="support"):
        state = self.state(name)
        return state is not None and state.failing is None and state.fetched is not None


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    desk = Desk(tmp_path, Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate))
    yield desk
    for each in desk.running:
        if each._thread.ident is not None:
            each.close(PATIENCE)
    desk.db.close()


@pytest.fixture
def server():
    with ImapServer() as server:
        yield server


@pytest.fixture
def make_server():
    """Makes servers: `make_server(capabilities=…)`."""
    opened = []

    def make(**more):
        opened.append(ImapServer(**more))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture(scope="session", name="mail")
def mail_fixture():
    return mail


@pytest.fixture(scope="session", name="until")
def until_fixture():
    return until
