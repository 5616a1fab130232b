"""A portal on loopback and a real Chromium that looks at it; the programs of a person, not of a test client."""

import asyncio
import re
import secrets
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline.conftest import BRAND, MONDAY, Market, fill, mail, new_house

from gatepost.clock import FixedClock
from gatepost.config import PageSection
from gatepost.core import HOUR
from gatepost.core.staff import ROLES, Member, permitted
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.server import PortalServer
from gatepost.store import parties, sessions
from gatepost.store.database import Database
from gatepost.store.schema import migrate
from gatepost.store.sessions import Kind, Session

JANE = "jane@customer.example"
ANNA = Member(
    slug="anna",
    name="Anna Berg",
    address="anna@staff.example",
    roles=("lead",),
    permissions=permitted(("lead",), ROLES),
)
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")


class Street:
    """The marketplace, its portal at a port of this machine, and the mails that it has sent."""

    def __init__(self, folder: Path, languages: tuple[str, ...] = ("en", "de")) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        house = new_house(folder)
        brand = replace(BRAND, portal=self.base, impersonation=True, languages=languages)
        house.brands[brand.slug] = brand
        house.members = {ANNA.slug: ANNA}
        self.db = Database(f"sqlite:///{folder / 'desk.sqlite3'}", prepare=migrate)
        self.market = Market(house=house, db=self.db)
        self.db.write_now(lambda tx: fill(tx, MONDAY))
        self.clock = FixedClock(MONDAY)
        page = PageSection(plain_http=True)
        self.portal = Portal(open_counter(house, self.db, self.clock, page=page))
        self._server = PortalServer(self.portal.app, page)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.do(self._server.serve(listener))

    def do(self, work):
        """Run a coroutine in the portal's loop; what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self.do(self._server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.db.close()

    def arrive(self, sender: str, subject: str, body: str, to: str = "support@orchard.example") -> str:
        return self.market.arrive(mail(sender, subject, body), to)

    def link(self, template: str, to: str, after: int = 0) -> str:
        """The portal's link in the newest mail of this kind to this address, once there are more than `after`."""
        end, pause = time.monotonic() + 15, threading.Event()
        while True:
            self.do(self.portal.look())
            letters = [m for m in self.market.sent(template) if m.to == to]
            if len(letters) > after:
                return re.search(rf"{re.escape(self.base)}/\S+", letters[-1].text)[0]
            assert time.monotonic() < end, f"no {template} to {to}"
            pause.wait(0.05)

    def customer(self, address: str) -> int:
        return self.db.read_now(lambda tx: parties.customer_of(tx, address)).id

    def sign_in(self, page, address: str = JANE) -> None:
        """Sign in as people do: by the link in the mail."""
        before = len([m for m in self.market.sent("customer/sign-in") if m.to == address])
        page.goto(f"{self.base}/sign-in")
        page.get_by_role("textbox").first.fill(address)
        page.get_by_role("button", name=re.compile("link|Sign in", re.I)).first.click()
        page.goto(self.link("customer/sign-in", address, before))
        for box in page.locator("input[type=checkbox][required]").all():
            box.check()
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.base}/tickets")

    def be_staff(self, context, member: Member = ANNA) -> None:
        """Give the browser the session of a member of staff who has signed in."""
        secret, now = secrets.token_urlsafe(32), self.clock.now()
        row = Session(id=0, kind=Kind.STAFF, staff=member.slug, started=now, expires=now + 12 * HOUR)
        self.db.write_now(lambda tx: sessions.open_(tx, row, secret))
        context.add_cookies([{"name": "gatepost-staff", "value": secret, "url": self.base}])


@pytest.fixture
def street(tmp_path):
    street = Street(tmp_path)
    yield street
    street.close()


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium; tests that use it are marked real("chromium").

    Started anew for each file: while Playwright's own event loop runs in this thread, no asynchronous test can.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def person(chromium):
    """Makes browsers' windows: `person(width=390, dark=True)`; each has cookies of its own."""
    contexts = []

    def make(*, width: int = 1100, dark: bool = False, **options):
        scheme = "dark" if dark else "light"
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


def hindrances(page) -> list[str]:
    """What axe finds that hinders people on a page, in its words."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page.wait_for_load_state("load")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{v['id']}: {node['target']} {node['html'][:120]}" for v in found for node in v["nodes"]]
