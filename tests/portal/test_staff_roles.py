"""Every staff page of the table × every role × every method: who may, may; who may not is refused, whatever they send."""

import re

import pytest
from tests.pipeline.conftest import MONDAY, Market, fill, new_house

from gatepost.core.staff import Permission
from gatepost.portal.page import Who
from gatepost.portal.routes import pages
from gatepost.store.database import Database
from gatepost.store.schema import migrate

from .staff_desk import MEMBERS, Floor

DONE = {200, 303, 409, 410, 422}


@pytest.fixture
def floor(market):
    return Floor(market).fill()


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    """A floor for tests that only look."""
    folder = tmp_path_factory.mktemp("floor")
    db = Database(f"sqlite:///{folder / 'desk.sqlite3'}", prepare=migrate)
    market = Market(house=new_house(folder), db=db)
    db.write_now(lambda tx: fill(tx, MONDAY))
    yield Floor(market).fill()
    db.close()


def staff_pages(floor):
    return [page for page in pages(floor.portal.counter) if page.who is Who.STAFF]


def values_of(floor):
    """What stands in paths, for which there is something."""
    numbers = {
        "/staff/tickets": "1001", "/staff/customers": str(floor.jane), "/staff/quarantine": str(floor.held),
        "/staff/outbox": str(floor.dead),
    }  # fmt: skip
    return numbers, {"slug": "acme", "file": str(floor.file), "customer": str(floor.jane)}


def path_of(page, values):
    """The page's path with values in it."""
    numbers, known = values
    number = next((value for start, value in numbers.items() if page.path.startswith(start)), "1")
    known = known | {"number": number}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda hit: known.get(hit[1], "1"), page.path)


def token(floor, browser):
    """The value that forms of this session send back, as they stand on any page."""
    answer = browser.get("/staff/sign-in")
    session = floor.market.rows("SELECT max(id) AS id FROM session")[0]["id"]
    assert answer.status_code == 200
    from gatepost.portal.visitors import Visitors  # noqa: PLC0415 - the one place that makes it

    return Visitors(floor.portal.counter)._token("session", str(session))


def test_every_staff_page_asks_for_a_permission_but_the_doors(floor):
    bare = {(page.method, page.path) for page in staff_pages(floor) if not page.permission}
    assert bare == {("GET", "/staff"), ("POST", "/staff/sign-out")}
    known = {permission.value for permission in Permission}
    assert {str(page.permission) for page in staff_pages(floor) if page.permission} <= known
    assert len(staff_pages(floor)) > 30


@pytest.mark.catalogue("I12", "J07")
@pytest.mark.parametrize("slug", MEMBERS)
def test_a_role_opens_its_pages_and_no_other(floor, slug):
    values, browser = values_of(floor), floor.staff(slug)
    form = token(floor, browser)
    for page in staff_pages(floor):
        if page.path == "/staff/sign-out":
            continue
        path, may = path_of(page, values), not page.permission or page.permission in MEMBERS[slug].permissions
        if page.method == "GET":
            answers = [browser.get(path), browser.head(path)]
        else:
            answers = [browser.post(path, data={"form": form})]
        for answer in answers:
            assert answer.status_code in (DONE | {404} if may else {403}), (slug, page.method, path, answer.status_code)
            assert answer.headers["cache-control"] == "no-store"
        if may and page.method == "GET":
            assert answers[0].status_code in DONE, (slug, path)


@pytest.mark.catalogue("I11", "J07")
@pytest.mark.parametrize("who", ["nobody", "customer"])
def test_who_is_not_staff_gets_to_the_door_and_no_further(looked_at, who):
    floor, values, browser = looked_at, values_of(looked_at), getattr(looked_at, who)()
    for page in staff_pages(floor):
        path = path_of(page, values)
        if page.method == "GET":
            answer = browser.get(path)
            assert answer.status_code == 303 and answer.headers["location"].startswith("/staff/sign-in"), path
        else:
            assert browser.post(path, data={"form": "x" * 40}).status_code in (401, 403), path


@pytest.mark.catalogue("I11")
def test_no_post_is_taken_without_its_form_or_with_that_of_another_session(floor):
    other, values = token(floor, floor.staff("ada")), values_of(floor)
    browser = floor.staff("ada")
    own = token(floor, browser)
    for page in staff_pages(floor):
        if page.method != "POST":
            continue
        path = path_of(page, values)
        for data in ({}, {"form": ""}, {"form": "0" * 40}, {"form": other}):
            assert browser.post(path, data=data).status_code == 403, path
        cross = browser.post(path, data={"form": own}, headers={"sec-fetch-site": "cross-site"})
        assert cross.status_code == 403, path
    assert floor.acts() == [("vera", "ticket.written", "ticket 1001")]


@pytest.mark.catalogue("I01")
def test_no_look_changes_anything(looked_at):
    floor, values, browser = looked_at, values_of(looked_at), looked_at.staff("ada")
    before = "\n".join(floor.market.db._writer.iterdump())
    for page in staff_pages(floor):
        for method in ("GET", "HEAD", "OPTIONS"):
            browser.request(method, path_of(page, values))
    assert "\n".join(floor.market.db._writer.iterdump()) == before
    assert migrate(floor.market.db._writer) == []


@pytest.mark.catalogue("I29")
@pytest.mark.parametrize("value", ["0", "99999999", "-1", "1e3", "٣", "%00", "../1", "'", "999999999999999999999"])
def test_a_number_that_is_none_is_not_there(looked_at, value):
    floor, browser = looked_at, looked_at.staff("ada")
    for page in staff_pages(floor):
        if page.method == "GET" and "{" in page.path:
            path = re.sub(r"\{\w+\}", lambda _: value, page.path)
            answer = browser.get(path)
            assert answer.status_code == 404, (path, answer.status_code)


@pytest.mark.catalogue("I23", "I24")
@pytest.mark.parametrize(
    "query",
    [
        "view=nothing", "view=open&before=x", "view=open&before=-1--1", "before=" + "9" * 400, "q=%22", "q=*", "q=NEAR(",
        "q=%27%20OR%201%3D1", "q=a%00b", "state=x&before=9e9", "limit=1000000000", "q=%F0%9F%A6%8A", "after=%00",
        "account=x", "since=0000-00-00&until=x", "days=1000000", "person=%25&action=x",
    ],
)  # fmt: skip
def test_whatever_is_asked_is_answered(looked_at, query):
    browser = looked_at.staff("ada")
    for page in staff_pages(looked_at):
        if page.method == "GET" and "{" not in page.path:
            assert browser.get(f"{page.path}?{query}").status_code < 500, (page.path, query)
    assert browser.get(f"/staff/vendors/acme?{query}").status_code == 200
