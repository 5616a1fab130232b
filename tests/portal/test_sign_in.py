"""Signing in by a mailed link: once, in time, by a button, in one browser; nobody learns who is known."""

import asyncio

import pytest

from gatepost.config import PortalSection
from gatepost.core import DAY, HOUR, MINUTE
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.counter import Counter
from gatepost.portal.sign_in import pages as sign_in
from gatepost.portal.sign_in.pages import send_links
from gatepost.store.sessions import Kind, ask, digest

from .conftest import AGENT, EDDIE, JANE, Browser, link_in


def sessions(market):
    return market.rows("SELECT * FROM session ORDER BY id")


def test_a_mailed_link_signs_in_by_its_button(market, browser):
    jane = browser()
    assert "Look into your mail" in jane.submit("/sign-in", address=JANE).text
    (letter,) = market.sent("customer/sign-in")
    assert (letter.to, letter.state) == (JANE, "ready")
    page = jane.get(link_in(market, JANE))
    assert JANE in page.text and sessions(market) == []
    entered = jane.submit(page)
    assert (entered.status_code, entered.headers["location"]) == (303, "/tickets")
    (session,) = sessions(market)
    assert (session["kind"], session["browser"]) == ("customer", AGENT)
    assert jane.get("/").headers["location"] == "/tickets"


@pytest.mark.catalogue("I02")
def test_a_link_is_good_once(market, browser):
    jane = browser()
    jane.submit("/sign-in", address=JANE)
    path = link_in(market, JANE)
    page = jane.get(path)
    assert jane.submit(page).status_code == 303
    again = jane.submit(page)
    assert again.status_code in (403, 410)
    late = browser().get(path)
    assert late.status_code == 410 and "no longer good" in late.text
    assert len(sessions(market)) == 1


@pytest.mark.catalogue("I03")
@pytest.mark.parametrize(
    ("after", "status"), [(15 * MINUTE - 1_000, 303), (15 * MINUTE, 410), (15 * MINUTE + 1_000, 410)]
)
def test_a_link_is_good_for_fifteen_minutes(market, browser, clock, after, status):
    jane = browser()
    jane.submit("/sign-in", address=JANE)
    page = jane.get(link_in(market, JANE))
    clock.at += after
    assert jane.submit(page).status_code == status


@pytest.mark.catalogue("I06")
def test_only_hashes_of_secrets_are_stored(market, browser):
    jane = browser()
    jane.submit("/sign-in", address=JANE)
    token = link_in(market, JANE).rpartition("/")[2]
    jane.submit(f"/sign-in/{token}")
    cookie = jane.cookies["__Host-gatepost-customer"]
    (link,) = market.rows("SELECT * FROM sign_in")
    (session,) = sessions(market)
    assert (link["digest"], session["digest"]) == (digest(token), digest(cookie))
    assert len(token) >= 43 and len(cookie) >= 43
    tables = [row["name"] for row in market.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in (name for name in tables if name != "outbox"):
        for row in market.rows(f"SELECT * FROM [{table}]"):
            for value in dict(row).values():
                said = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                assert token not in said and cookie not in said, table


@pytest.mark.catalogue("I08")
def test_a_link_signs_in_only_the_browser_that_saw_its_page(market, browser):
    mallory, victim = browser(), browser()
    mallory.submit("/sign-in", address="mallory@elsewhere.example")
    page = mallory.get(link_in(market, "mallory@elsewhere.example"))
    assert "mallory@elsewhere.example" in page.text
    form = {"form": page.text.partition('name="form" value="')[2].partition('"')[0]}
    path = page.request.url.path
    assert victim.post(path, data=form).status_code == 403
    victim.get("/sign-in")
    assert victim.post(path, data=form).status_code == 403
    cross = victim.post(path, data=form, headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
    assert cross.status_code == 403
    assert sessions(market) == []


@pytest.mark.catalogue("I09", "I10")
def test_a_session_gets_a_new_id_and_a_strict_cookie(market, browser):
    jane = browser()
    jane.cookies.set("__Host-gatepost-customer", "chosen-by-somebody", domain="my.orchard.example")
    jane.submit("/sign-in", address=JANE)
    entered = jane.submit(link_in(market, JANE))
    (cookie,) = [c for c in entered.headers.get_list("set-cookie") if "customer" in c]
    value = cookie.partition("=")[2].partition(";")[0]
    assert value != "chosen-by-somebody" and sessions(market)[0]["digest"] == digest(value)
    assert cookie.startswith("__Host-gatepost-customer=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()


@pytest.mark.catalogue("I15")
def test_known_and_unknown_addresses_are_answered_alike(market, browser):
    """The answer is written before anybody looks whether the address is known: same words, no mail written meanwhile."""
    known = browser().submit("/sign-in", address=JANE)
    other = browser().submit("/sign-in", address="nobody@nowhere.example")
    assert known.status_code == other.status_code == 200
    assert known.text.replace(JANE, "X") == other.text.replace("nobody@nowhere.example", "X")
    assert [name for name, _ in known.headers.items()] == [name for name, _ in other.headers.items()]
    ours = browser().submit("/sign-in", address="support@orchard.example")
    assert ours.text.replace("support@orchard.example", "X") == known.text.replace(JANE, "X")
    assert {mail.to for mail in market.sent("customer/sign-in")} == {JANE, "nobody@nowhere.example"}


@pytest.mark.catalogue("I16")
def test_links_are_not_sent_without_end(market, browser, clock):
    for _ in range(5):
        assert browser().submit("/sign-in", address=JANE).status_code == 200
    assert len(market.sent("customer/sign-in")) == 3
    clock.at += HOUR + 1
    browser().submit("/sign-in", address=JANE.upper())
    assert len(market.sent("customer/sign-in")) == 4
    statuses = [browser().submit("/sign-in", address=f"a{n}@x.example").status_code for n in range(21)]
    assert statuses.count(200) == 19 and statuses[-1] == 429


@pytest.mark.catalogue("I27")
def test_signing_out_ends_the_session_in_the_store(market, signed_in):
    jane, elsewhere, eddie = signed_in(), signed_in(), signed_in(EDDIE)
    stolen = dict(jane.cookies)
    assert jane.submit("/sign-in", action="/sign-out").status_code == 303
    thief = Browser(jane.app)
    thief.cookies.update(stolen)
    assert thief.get("/").headers["location"] == "/sign-in"
    assert elsewhere.get("/").headers["location"] == "/tickets"
    page = elsewhere.get("/sign-in")
    form = page.text.partition('name="form" value="')[2].partition('"')[0]
    assert elsewhere.post("/sign-out/everywhere", data={"form": form}).status_code == 303
    assert elsewhere.get("/").headers["location"] == "/sign-in"
    assert eddie.get("/").headers["location"] == "/tickets"


def test_a_session_ends_by_itself(signed_in, clock):
    jane = signed_in()
    clock.at += 30 * DAY - 1_000
    assert jane.get("/").headers["location"] == "/tickets"
    clock.at += 2_000
    assert jane.get("/").headers["location"] == "/sign-in"


@pytest.mark.catalogue("I14")
@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "/%0d%0aLocation:%20//evil", "\\\\evil",
     "javascript:alert(1)", "/tickets\r\nX: y", "/ /evil", "///evil.example", "/sign-out", "data:text/html,x", "", "tickets",
     "/nowhere", "//my.orchard.example@evil.example", "/.evil.example", "/../evil", "ＨTTPS://evil", "/\u202eevil",
        "/\t/evil.example", "/tickets@evil.example", "https:///evil.example", "http:/evil.example", "//evil%2eexample", "/%2f/evil.example",
        "/tickets/../../evil", "?next=//evil", "#//evil", "/tickets\\@evil", "ftp://evil.example", "/sign-in/x//evil", "/\u2215evil.example",
    ],
)  # fmt: skip
def test_signing_in_leads_to_our_own_pages_only(market, browser, wanted):
    jane = browser()
    page = jane.get("/sign-in", params={"next": wanted})
    assert "evil" not in page.text
    jane.submit(page, address=JANE, next=wanted)
    assert jane.submit(link_in(market, JANE)).headers["location"] == "/tickets"


async def test_two_that_write_the_mails_at_once_write_one_link_that_works(market, site, browser):
    visitor = browser()
    now = site.counter.now()
    market.db.write_now(
        lambda tx: ask(
            tx, address=JANE, kind=Kind.CUSTOMER, brand="orchard", language="en", wanted="", per_hour=3, now=now
        )
    )
    await asyncio.gather(*(send_links(site.counter) for _ in range(5)))
    assert len(market.sent("customer/sign-in")) == 1
    assert visitor.submit(link_in(market, JANE)).status_code == 303


def test_the_link_says_whether_one_is_signed_in_and_may_be_hidden(market, clock, browser, signed_in):
    """P1: Sign in for who is not, Account for who is; `portal.sign_in_link` hides the former."""
    assert '<a href="/account">' in signed_in().get("/tickets").text
    hidden = Portal(open_counter(market.house, market.db, clock, portal=PortalSection(sign_in_link=False)))
    page = Browser(hidden.app).get("/ask").text.partition("<main")[0]
    assert "/sign-in" not in page
    assert "/sign-in" in browser().get("/ask").text.partition("<main")[0]


async def test_staff_see_who_is_on_the_portal(market, site, signed_in, clock):
    """P10: for two minutes after a look; nothing of it is written by the look itself."""
    jane, who = signed_in(), market.rows("SELECT id FROM customer WHERE folded = :folded", folded=JANE)[0]["id"]
    assert not site.counter.presence.online(who, clock.at)
    jane.get("/tickets")
    assert site.counter.presence.online(who, clock.at)
    assert not site.counter.presence.online(who, clock.at + 2 * MINUTE)
    assert sessions(market)[0]["seen"] == sessions(market)[0]["started"]
    clock.at += MINUTE
    jane.get("/tickets")
    await site.look()
    assert sessions(market)[0]["seen"] == clock.at
    jane.submit("/tickets", action="/sign-out")
    assert not site.counter.presence.online(who, clock.at)


@pytest.mark.catalogue("I15")
def test_known_and_unknown_addresses_take_the_same_time(market, browser, clock, monkeypatch):
    """Nothing is looked up before the answer is there: the mail is written behind it, whoever asks."""
    order = []
    real = sign_in.send_links

    async def later(counter):
        order.append("mails")
        return await real(counter)

    monkeypatch.setattr(sign_in, "send_links", later)
    monkeypatch.setattr(sign_in, "refused", lambda *_: order.append("looked up") or "")
    monkeypatch.setattr(
        Counter,
        "show",
        lambda self, name, *a, _real=Counter.show, **k: (order.append(name), _real(self, name, *a, **k))[1],
    )
    for address in (JANE, "nobody@nowhere.example"):
        browser().submit("/sign-in", address=address)
    assert order == ["sign-in", "sign-in-sent", "mails", "looked up"] * 2


async def test_what_is_kept_for_some_time_only_is_forgotten(market, site, signed_in, clock):
    signed_in()
    await site.look()
    assert len(market.rows("SELECT * FROM sign_in")) == len(sessions(market)) == 1
    clock.at += DAY + 1
    await site.look()
    assert market.rows("SELECT * FROM sign_in") == [] and len(sessions(market)) == 1
    clock.at += 120 * DAY
    await site.look()
    assert sessions(market) == []
