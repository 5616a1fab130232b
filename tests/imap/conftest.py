"""A desk's database with mailboxes that fetch into it: from our own server, which fails at will, or a real Dovecot."""

import base64
import hashlib
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

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

sys.path.insert(0, str(Path(__file__).parent))

from dovecot_server import started

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
            octets=octets, clock=Clock(), wake=self.taken.release,
            **{"backlog": 1_000_000, "tokens": Tokens(section), **more},
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


class TokenServer(ThreadingHTTPServer):
    """Gives OAuth2 tokens for a refresh token or a client secret, and tells an IMAP server whether one is good.

    `answers` are given out first, as (status, JSON or text); `asked` is what each client showed. A person agrees on the
    page /authorise (`agree`), or says whatever is in `device` first. `strict`: a refresh token that is shown twice ends
    the grant.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _TokenTalk)
        self.good, self.asked, self.answers, self.rotate, self.lives = set(), [], [], "", 3600
        self.device, self.codes, self.strict, self.refresh = [], {}, False, ["r-1"]
        self.on_token = self.good.add
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def agree(self, page):
        """The person agrees; where their browser is sent."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}/?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form):
        self.asked.append(form)
        if self.answers:
            return self.answers.pop(0)
        if refusal := self._refusal(form):
            return 400, {"error": refusal}
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        self.on_token(token)
        said = {"access_token": token, "token_type": "Bearer", "expires_in": self.lives}
        if self.strict:
            self.refresh.append(f"r-{len(self.asked) + 1}")
            return 200, {**said, "refresh_token": self.refresh[-1]}
        return 200, {**said, "refresh_token": self.rotate} if self.rotate else said

    def _refusal(self, form):
        """RFC 6749 5.2, RFC 7636 4.6, RFC 8628 3.5: why nothing is given; '' where all is right."""
        match form["grant_type"]:
            case "authorization_code":
                asked = self.codes.pop(form["code"], None)
                digest = hashlib.sha256(form["code_verifier"].encode()).digest()
                proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                right = asked and (asked["code_challenge"], asked["redirect_uri"]) == (proof, form["redirect_uri"])
                return "" if right else "invalid_grant"
            case "urn:ietf:params:oauth:grant-type:device_code":
                return self.device.pop(0) if self.device else ""
            case "refresh_token" if self.strict and form["refresh_token"] != self.refresh[-1]:
                self.refresh.append("")
                return "invalid_grant"
        return ""


class _TokenTalk(BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        if self.path == "/device":
            said = {"device_code": "d-1", "user_code": "WDJB-MJHT", "expires_in": 900, "interval": 0.01}
            self._say(200, {**said, "verification_uri": f"{self.server.url}/activate"})
        elif self.path == "/introspect":
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            good = form.get("token", bearer) in self.server.good
            self._say(200, {"active": good, "username": "support"} if good else {"active": False})
        else:
            self._say(*self.server.token(form))

    do_GET = do_POST

    def _say(self, status, said):
        octets = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_):
        pass


@pytest.fixture
def tokens():
    server = TokenServer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def lasting_tokens():
    """One for a server that is started once and asks it."""
    server = TokenServer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def dovecot(until, lasting_tokens):
    """A real Dovecot: its ports, without and with TLS, and its folder."""
    with started(until, lasting_tokens.url) as dovecot:
        yield dovecot


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
