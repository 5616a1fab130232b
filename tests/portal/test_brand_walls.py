"""Two brands at two hosts: who is signed in at one is not at the other, and sees there what belongs there alone."""

from dataclasses import replace

import pytest

from gatepost.config import ShopSignInSection, SsoSection
from gatepost.config.section import Secret
from gatepost.links import For
from gatepost.portal.app import Portal

from .conftest import BASE, JANE, Browser, link_in, mail
from .test_access import NEW, SHARED, times, word
from .test_tickets import lines

OTHER = "https://help.meadow.example"


@pytest.fixture
def two(market):
    """Jane has 1001 of one brand and 1002 of the other, each with a file."""
    first = next(iter(market.house.brands.values()))
    market.house.brands["meadow"] = replace(first, slug="meadow", name="Meadow", portal=OTHER)
    for about in ("Shipping Labels jam", "Tax Pro rounds"):
        market.arrive(mail(f"Jane <{JANE}>", about, "It is broken."))
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET brand = 'meadow' WHERE number = 1002"))
    return market


@pytest.fixture
def at(two, site):
    def open_at(base, **options):
        return Browser(Portal(replace(site.counter, **options)).app, base_url=base)

    return open_at


def sign_in(market, browser):
    browser.submit("/sign-in", address=JANE)
    token = [letter for letter in market.sent("customer/sign-in") if letter.to == JANE][-1].text
    assert browser.submit(token[token.index("/sign-in/") :].split()[0]).status_code == 303
    return browser


@pytest.mark.catalogue("I12")
@pytest.mark.parametrize(("base", "own", "foreign"), [(BASE, "1001", "1002"), (OTHER, "1002", "1001")])
def test_a_portal_shows_the_tickets_of_its_own_brand(two, at, base, own, foreign):
    jane = sign_in(two, at(base))
    for path in ("/tickets", "/tickets?state=all", "/tickets?q=broken", f"/tickets?q={foreign}&state=all"):
        assert foreign not in lines(jane.get(path).text)
    assert lines(jane.get("/tickets").text) == [own]
    missing = jane.get("/tickets/999")
    for path in (f"/tickets/{foreign}", f"/tickets/{foreign}/secret"):
        assert (jane.get(path).status_code, jane.get(path).text) == (404, missing.text)
    page = jane.get(f"/tickets/{own}")
    assert page.status_code == 200
    form = {"form": page.text.partition('name="form" value="')[2].partition('"')[0], "text": "Hm."}
    for act in ("reply", "close"):
        assert jane.post(f"/tickets/{foreign}/{act}", data=form).status_code == 404
    # A mailed link still shows the one ticket that it is for, wherever.
    link = two.house.links.sign(For.VIEW, (int(foreign), 1), two.now + 1_000)
    assert jane.get(f"/view/{link}").status_code == 200


def test_brands_at_one_host_and_brands_without_a_portal_are_seen_together(two, at):
    for portal in (BASE, ""):
        two.house.brands["meadow"] = replace(two.house.brands["meadow"], portal=portal)
        assert sorted(lines(sign_in(two, at(BASE)).get("/tickets").text)) == ["1001", "1002"]


@pytest.mark.catalogue("I09")
def test_a_session_of_one_brand_is_none_at_the_other(two, at):
    jane, other = sign_in(two, at(BASE)), at(OTHER)
    for name, value in jane.cookies.items():
        other.cookies.set(name, value)
    assert other.get("/tickets").headers["location"].startswith("/sign-in")
    assert jane.get("/tickets").status_code == 200


def test_a_mailed_link_signs_in_where_it_was_asked_for(two, at):
    at(BASE).submit("/sign-in", address=JANE)
    link = link_in(two, JANE)
    assert at(OTHER).get(link).status_code == 404
    assert at(BASE).get(link).status_code == 200


def test_a_brand_says_by_which_ways_one_signs_in(two, at, clock, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(b"s" * 32)
    key.chmod(0o600)
    shop = ShopSignInSection(issuer="shop", audience="portal", secret=Secret(file=str(key)))
    sections = {"shop_sign_in": shop, "sso": SsoSection(issuer="https://id.example", client_id="x", name="Orchard ID")}
    brands = two.house.brands
    brands["meadow"] = replace(brands["meadow"], sign_in=("mail",))
    brands["orchard"] = replace(brands["orchard"], sign_in=("sso", "shop"))
    said = word(SHARED, **times(clock))
    ours, other = at(BASE, **sections), at(OTHER, **sections)
    assert "Orchard ID" in ours.get("/sign-in").text and "Send me a link" not in ours.get("/sign-in").text
    assert "Orchard ID" not in other.get("/sign-in").text and "Send me a link" in other.get("/sign-in").text
    assert [
        other.get(path).status_code for path in (f"/sign-in/shop/{said}", "/sign-in/with", "/sign-in/with/back")
    ] == [404] * 3
    assert ours.get(f"/sign-in/shop/{said}").status_code == 200
    page = other.get("/sign-in")
    form = {"form": page.text.partition('name="form" value="')[2].partition('"')[0], "address": NEW}
    ours.cookies.set("__Host-gatepost-visit", other.cookies["__Host-gatepost-visit"])
    assert ours.post("/sign-in", data=form).status_code == 404
    assert two.rows("SELECT * FROM sign_in") == []
