"""A portal over the marketplace of the pipeline's tests, and browsers that keep cookies and send forms as people do."""

import re
from copy import copy
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient
from tests.pipeline.conftest import MONDAY, Market, answered, fill, mail, make_market, new_house

from gatepost.clock import FixedClock
from gatepost.core.product import names_of
from gatepost.portal.app import Portal, open_counter
from gatepost.store.database import Database
from gatepost.store.schema import migrate

BASE = "https://my.orchard.example"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
JANE = "jane@customer.example"
EDDIE = "eddie@customer.example"


class _Forms(HTMLParser):
    """The forms of a page: where each leads, and the fields that it has."""

    def __init__(self):
        super().__init__()
        self.forms, self._text = [], None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.forms.append({"action": given.get("action", ""), "fields": {}})
        elif self.forms and tag == "input" and given.get("name"):
            # Browsers send no form whose required box is not ticked.
            ticked = "checked" in given or (given.get("type") == "checkbox" and "required" in given)
            chosen = given.get("type") not in ("radio", "checkbox") or ticked
            if chosen and given.get("type") != "file":
                self.forms[-1]["fields"][given["name"]] = given.get("value", "")
        elif self.forms and tag == "textarea":
            self._text = given["name"]
            self.forms[-1]["fields"][self._text] = ""

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._text = None

    def handle_data(self, data):
        if self._text:
            self.forms[-1]["fields"][self._text] += data


def forms_of(text):
    parser = _Forms()
    parser.feed(text)
    return parser.forms


class Browser(TestClient):
    """Keeps cookies, follows no redirect by itself, and sends the forms of the page it has just seen."""

    def __init__(self, app, **options):
        headers = {"user-agent": AGENT, "sec-fetch-site": "same-origin", **options.pop("headers", {})}
        super().__init__(
            app, headers=headers, base_url=options.pop("base_url", BASE), follow_redirects=False, **options
        )

    def submit(self, page, action=None, files=None, **fields):
        """Send a form of `page` (a path, or an answer): the one that leads to `action`, else the last."""
        answer = self.get(page) if isinstance(page, str) else page
        found = [form for form in forms_of(answer.text) if action is None or form["action"] == action]
        assert found, f"no form to {action} on {answer.request.url}"
        form = found[-1]
        target = form["action"] or answer.request.url.path
        return self.post(target, data={**form["fields"], **fields}, files=files)


@pytest.fixture(scope="session")
def houses(tmp_path_factory):
    """The two houses of these tests: reading letters and rules takes longer than most tests."""
    folder = tmp_path_factory.mktemp("houses")
    return {how: new_house(folder / how, authentication=how) for how in ("off", "trusted-hop")}


def _open(house, tmp_path):
    """A market of its own in a house like this one."""
    own = copy(house)
    own.brands, own._names, own.books_kept = dict(house.brands), (-1, names_of(())), set()
    db = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    db.write_now(lambda tx: fill(tx, MONDAY))
    return Market(house=own, db=db)


@pytest.fixture
def market(houses, tmp_path):
    market = _open(houses["off"], tmp_path)
    yield market
    market.db.close()


@pytest.fixture
def strict_market(houses, tmp_path):
    """The same behind a mail server whose Authentication-Results are believed, and nothing else."""
    market = _open(houses["trusted-hop"], tmp_path)
    yield market
    market.db.close()


@pytest.fixture
def clock():
    return FixedClock(MONDAY)


@pytest.fixture
def site(market, clock):
    """The portal over the market; its clock is the market's, where a test moves both."""
    return Portal(open_counter(market.house, market.db, clock))


@pytest.fixture
def strict_site(strict_market, clock):
    """The portal over a market that believes nobody without a proof."""
    return Portal(open_counter(strict_market.house, strict_market.db, clock))


@pytest.fixture
def browser(site):
    """Makes browsers: nobody is signed in."""

    def make(**options):
        return Browser(site.app, **options)

    return make


def link_in(market, address):
    """The path of the sign-in link in the newest mail to this address."""
    letters = [mail for mail in market.sent("customer/sign-in") if mail.to == address]
    return re.search(r"https://my\.orchard\.example(/sign-in/\S+)", letters[-1].text)[1]


@pytest.fixture
def signed_in(market, browser):
    """Makes browsers in which the person with this address has signed in by their mailed link."""

    def make(address=JANE, **options):
        visitor = browser(**options)
        assert visitor.submit("/sign-in", address=address).status_code == 200
        assert visitor.submit(link_in(market, address)).status_code == 303
        return visitor

    return make


__all__ = ["answered", "fill", "mail", "make_market", "new_house"]
