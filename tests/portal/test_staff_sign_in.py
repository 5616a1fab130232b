"""Staff sign in by a mailed link and a code that is taken once; who has no authenticator enrols one on the way."""

import re
from threading import Barrier, Thread

import pyotp
import pytest
from tests.portal.conftest import JANE, Browser

from gatepost.core import HOUR, MINUTE, SECOND
from gatepost.core.audit import operator
from gatepost.core.staff import ROLES, Member, permitted
from gatepost.portal.app import Portal, open_counter
from gatepost.staff_reset import reset_totp, unlock
from gatepost.store import audit

VERA = "vera@staff.example"


@pytest.fixture
def market(market):
    market.house.members = {
        "vera": Member(
            slug="vera", name="Vera Lind", address=VERA, roles=("agent",), permissions=permitted(("agent",), ROLES)
        )
    }
    market.house.staff_addresses |= {VERA}
    return market


def link_for(market, browser, address=VERA, **fields):
    """Ask for a link; the path in the mail that came."""
    assert browser.submit("/staff/sign-in", address=address, **fields).status_code == 200
    letters = [mail for mail in market.sent("staff/sign-in") if mail.to == address]
    return re.search(r"https://my\.orchard\.example(/staff/sign-in/\S+)", letters[-1].text)[1]


def key_on(page):
    return re.search(r'class="number">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")


def code(secret, now, steps=0):
    return pyotp.TOTP(secret).at(now // 1000 + 30 * steps)


@pytest.fixture
def enrolled(market, browser, clock):
    """Vera has enrolled and signed in; her browser and her secret."""
    visitor = browser()
    link = link_for(market, visitor)
    page = visitor.get(link)
    secret = key_on(page)
    assert visitor.submit(page, code=code(secret, clock.now())).status_code == 303
    return visitor, secret


def acts(market):
    assert market.db.read_now(market.house.audit.verify) is None
    return [entry.action for entry in market.db.read_now(lambda tx: list(audit.entries(tx)))]


def test_the_first_sign_in_enrols_and_goes_to_the_queue(market, enrolled):
    visitor, _ = enrolled
    answer = visitor.get("/staff")
    assert answer.status_code == 303 and answer.headers["location"] == "/staff/queue"
    assert acts(market) == ["staff.enrolled", "staff.signed-in"]
    stored = market.rows("SELECT secret FROM authenticator")[0]["secret"]
    assert enrolled[1].encode() not in bytes(stored)


def test_looking_at_the_link_changes_nothing_and_shows_a_picture_for_the_app(market, browser):
    visitor = browser()
    link = link_for(market, visitor)
    before = "\n".join(market.db._writer.iterdump())
    page = visitor.get(link)
    picture = visitor.get(f"{link}/code.svg")
    assert visitor.head(link).status_code == 200
    assert picture.headers["content-type"] == "image/svg+xml" and b"<svg" in picture.content
    assert key_on(page) == key_on(visitor.get(link))
    assert "\n".join(market.db._writer.iterdump()) == before


def test_a_later_sign_in_shows_no_secret_and_asks_for_a_code(market, browser, clock, enrolled):
    _, secret = enrolled
    clock.at += MINUTE
    visitor = browser()
    link = link_for(market, visitor)
    page = visitor.get(link)
    assert "authenticator app shows" in page.text and 'class="number"' not in page.text
    assert visitor.get(f"{link}/code.svg").status_code == 404
    assert visitor.submit(page, code=code(secret, clock.now())).status_code == 303
    assert visitor.get("/staff").status_code == 303


def test_a_code_is_never_taken_twice_nor_one_before_it(market, browser, clock, enrolled):
    _, secret = enrolled
    visitor = browser()
    link = link_for(market, visitor)
    for steps in (0, -1):
        answer = visitor.submit(link, code=code(secret, clock.now(), steps))
        assert answer.status_code == 422 and "was used before" in answer.text
    assert visitor.submit(link, code=code(secret, clock.now(), 1)).status_code == 303
    assert acts(market).count("staff.refused") == 2


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000 OR 1=1"])
def test_what_is_no_code_is_not_taken(market, browser, wrong):
    visitor = browser()
    answer = visitor.submit(link_for(market, visitor), code=wrong)
    assert answer.status_code == 422 and market.rows("SELECT * FROM authenticator") == []
    assert market.rows("SELECT * FROM session") == []


def guess(visitor, page, times=5):
    return [visitor.submit(page, code="000000").status_code for _ in range(times)]


def test_five_wrong_codes_shut_the_door_for_right_ones_too(market, browser, clock, enrolled):
    _, secret = enrolled
    clock.at += MINUTE
    visitor = browser()
    page = visitor.get(link_for(market, visitor))
    assert guess(visitor, page) == [422] * 4 + [429]
    refused = visitor.submit(page, code=code(secret, clock.now()))
    assert refused.status_code == 429 and "gatepost staff unlock vera" in refused.text
    assert acts(market)[-2:] == ["staff.locked", "staff.refused"]
    clock.at += 15 * MINUTE
    assert visitor.submit(link_for(market, visitor), code=code(secret, clock.now())).status_code == 303


def test_no_restart_opens_the_door_again_nor_takes_a_code_twice(market, site, clock, enrolled):
    """What was tried stands in the store: another process over the same database knows it."""
    _, secret = enrolled
    taken = code(secret, clock.now())
    again = Browser(Portal(open_counter(market.house, market.db, clock)).app)
    assert again.submit(link_for(market, again), code=taken).status_code == 422
    clock.at += MINUTE
    before = Browser(Portal(open_counter(market.house, market.db, clock)).app)
    assert guess(before, before.get(link_for(market, before)), 4)[-1] == 429
    after = Browser(Portal(open_counter(market.house, market.db, clock)).app)
    assert after.submit(link_for(market, after), code=code(secret, clock.now())).status_code == 429


def test_each_further_row_of_wrong_codes_shuts_the_door_for_longer(market, browser, clock, enrolled):
    _, secret = enrolled
    waits = []
    for _ in range(10):
        clock.at += HOUR
        visitor = browser()
        guess(visitor, visitor.get(link_for(market, visitor)))
        until = market.rows("SELECT shut FROM wrong_code")[0]["shut"]
        waits.append((until - clock.at) // MINUTE)
        clock.at = until
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]
    visitor = browser()
    assert visitor.submit(link_for(market, visitor), code=code(secret, clock.now())).status_code == 303
    clock.at += HOUR
    visitor = browser()
    guess(visitor, visitor.get(link_for(market, visitor)))
    assert market.rows("SELECT shut FROM wrong_code")[0]["shut"] == clock.at + 15 * MINUTE


def test_wrong_codes_that_come_at_once_are_all_counted(market, site, browser, clock, enrolled):
    clock.at += MINUTE
    visitor = browser()
    page = visitor.get(link_for(market, visitor))
    gate, answers = Barrier(12), []

    def wrong():
        other = browser()
        other.cookies.update(visitor.cookies)
        gate.wait()
        answers.append(other.submit(page, code="000000").status_code)

    threads = [Thread(target=wrong) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = market.rows("SELECT * FROM wrong_code")
    assert row["count"] == 5 and row["shut"] == clock.at + 15 * MINUTE
    assert acts(market).count("staff.locked") == 1 and len(answers) == 12


def test_an_operator_lets_a_member_in_before_the_time_is_over(market, browser, clock, enrolled):
    _, secret = enrolled
    clock.at += MINUTE
    visitor = browser()
    page = visitor.get(link_for(market, visitor))
    guess(visitor, page)
    log, who = market.house.audit, operator("ann")
    assert market.db.write_now(lambda tx: unlock(tx, log, "vera", who, clock.now()))
    assert not market.db.write_now(lambda tx: unlock(tx, log, "vera", who, clock.now()))
    assert visitor.submit(page, code=code(secret, clock.now())).status_code == 303
    assert acts(market)[-2:] == ["staff.unlocked", "staff.signed-in"]


@pytest.mark.catalogue("I02", "I04")
def test_one_link_opens_one_session_however_many_send_it_at_once(market, site, browser, clock, enrolled):
    _, secret = enrolled
    clock.at += MINUTE
    first = browser()
    page = first.get(link_for(market, first))
    given, gate, answers = code(secret, clock.now()), Barrier(8), []

    def enter():
        other = browser()
        other.cookies.update(first.cookies)
        gate.wait()
        answers.append(other.submit(page, code=given).status_code)

    threads = [Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(303) == 1
    assert len(market.rows("SELECT id FROM session WHERE kind = 'staff'")) == 2


def test_a_stranger_is_told_the_same_and_gets_no_link(market, browser):
    visitor = browser()
    same = [
        visitor.submit("/staff/sign-in", address=address).text.replace(address, "X")
        for address in (VERA, "eve@elsewhere.example", "jane@customer.example")
    ]
    assert len(set(same)) == 1
    assert {mail.to for mail in market.sent("staff/sign-in")} == {VERA}


def test_a_customers_link_opens_no_staff_session_and_the_other_way_round(market, browser):
    visitor = browser()
    link = link_for(market, visitor)
    token = link.rpartition("/")[2]
    assert visitor.get(f"/sign-in/{token}").status_code == 404
    visitor.submit("/sign-in", address="jane@customer.example")
    (letter,) = market.sent("customer/sign-in")
    token = re.search(r"/sign-in/(\S+)", letter.text)[1]
    assert visitor.get(f"/staff/sign-in/{token}").status_code == 404


@pytest.mark.catalogue("J05")
def test_who_is_taken_out_of_the_config_is_out_at_the_next_page(market, enrolled):
    visitor, _ = enrolled
    market.house.members = {}
    assert visitor.get("/staff").headers["location"].startswith("/staff/sign-in")


@pytest.mark.catalogue("J13")
def test_a_session_ends_when_idle_and_after_its_hours(market, browser, clock, enrolled):
    visitor, secret = enrolled
    for _ in range(3):
        clock.at += 59 * MINUTE
        assert visitor.get("/staff").headers["location"] == "/staff/queue"
    clock.at += 60 * MINUTE
    assert "/sign-in" in visitor.get("/staff").headers["location"]
    other = browser()
    assert other.submit(link_for(market, other), code=code(secret, clock.now())).status_code == 303
    for _ in range(13):
        clock.at += 55 * MINUTE
        other.get("/staff")
    clock.at += HOUR - 59 * SECOND
    assert "/sign-in" in other.get("/staff").headers["location"]


@pytest.mark.catalogue("I27")
def test_signing_out_ends_the_session_in_the_store(market, enrolled):
    visitor, _ = enrolled
    kept = dict(visitor.cookies)
    answer = visitor.submit("/staff/queue", action="/staff/sign-out")
    assert answer.status_code == 303
    visitor.cookies.update(kept)
    assert "/sign-in" in visitor.get("/staff").headers["location"]
    assert acts(market)[-1] == "staff.signed-out"


def test_a_lost_phone_is_mended_by_an_operator(market, browser, clock, enrolled):
    visitor, secret = enrolled
    log = market.house.audit
    assert market.db.write_now(lambda tx: reset_totp(tx, log, "vera", operator("ann"), clock.now()))
    assert not market.db.write_now(lambda tx: reset_totp(tx, log, "vera", operator("ann"), clock.now()))
    assert "/sign-in" in visitor.get("/staff").headers["location"]
    clock.at += MINUTE
    page = visitor.get(link_for(market, visitor))
    assert key_on(page) != secret
    assert visitor.submit(page, code=code(key_on(page), clock.now())).status_code == 303
    assert acts(market)[2] == "staff.totp-reset"


@pytest.mark.catalogue("I14")
@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/staff/../..//evil", "https:evil", "/staff/queue%0d%0aX: y", "/tickets"]
)
def test_the_way_on_leads_nowhere_else(market, browser, clock, wanted):
    visitor = browser()
    page = visitor.get(link_for(market, visitor, next=wanted))
    answer = visitor.submit(page, code=code(key_on(page), clock.now()))
    assert answer.headers["location"] == "/staff/queue"


@pytest.mark.catalogue("I10")
def test_the_cookie_is_tied_to_this_host(market, browser, clock):
    visitor = browser()
    page = visitor.get(link_for(market, visitor))
    answer = visitor.submit(page, code=code(key_on(page), clock.now()))
    (cookie,) = [value for value in answer.headers.get_list("set-cookie") if "staff" in value]
    assert cookie.startswith("__Host-gatepost-staff=")
    for part in ("; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"):
        assert part in cookie


@pytest.mark.catalogue("I03")
@pytest.mark.parametrize(("late", "status"), [(-SECOND, 200), (0, 410), (SECOND, 410)])
def test_a_link_is_good_for_its_fifteen_minutes(market, browser, clock, late, status):
    visitor = browser()
    link = link_for(market, visitor)
    clock.at += 15 * MINUTE + late
    assert visitor.get(link).status_code == status
    assert visitor.get(f"{link}/code.svg").status_code == status


@pytest.mark.catalogue("I06")
def test_of_a_link_and_a_session_only_the_hash_is_kept(market, enrolled):
    kept = "\n".join(market.db._writer.iterdump())
    letter = market.sent("staff/sign-in")[-1]
    token = re.search(r"/staff/sign-in/(\S+)", letter.text)[1]
    cookie = dict(enrolled[0].cookies)["__Host-gatepost-staff"]
    outside = "\n".join(line for line in kept.splitlines() if not line.startswith('INSERT INTO "outbox"'))
    assert token not in outside and cookie not in kept and enrolled[1] not in kept


@pytest.mark.catalogue("I08")
def test_another_browser_cannot_send_the_form_of_this_one(market, browser, clock):
    mine, other = browser(), browser()
    page = mine.get(link_for(market, mine))
    answer = other.submit(page, code=code(key_on(page), clock.now()))
    assert answer.status_code == 403
    assert market.rows("SELECT * FROM session") == [] and market.rows("SELECT * FROM authenticator") == []


@pytest.mark.catalogue("I16")
def test_nobody_is_flooded_with_links(market, browser, clock):
    visitor = browser()
    for _ in range(6):
        assert visitor.submit("/staff/sign-in", address=VERA).status_code == 200
    assert len(market.sent("staff/sign-in")) == 3
    clock.at += HOUR + SECOND
    visitor.submit("/staff/sign-in", address=VERA.upper())
    assert len(market.sent("staff/sign-in")) == 4


@pytest.mark.catalogue("I16")
def test_nobody_is_shut_out_by_links_that_are_asked_for_at_the_other_door(market, browser):
    stranger = browser()
    for _ in range(3):
        stranger.submit("/sign-in", address=VERA)
        stranger.submit("/staff/sign-in", address=JANE)
    assert market.sent("customer/sign-in") == [] and market.sent("staff/sign-in") == []
    browser().submit("/staff/sign-in", address=VERA)
    browser().submit("/sign-in", address=JANE)
    assert [one.to for one in market.sent("staff/sign-in")] == [VERA]
    assert [one.to for one in market.sent("customer/sign-in")] == [JANE]


@pytest.mark.catalogue("I05")
@pytest.mark.parametrize("change", ["cut", "longer", "case", "other"])
def test_a_link_that_is_not_ours_opens_nothing(market, browser, change):
    visitor = browser()
    link = link_for(market, visitor)
    path, _, token = link.rpartition("/")
    wrong = {"cut": token[:-1], "longer": token + "A", "case": token.swapcase(), "other": "A" * len(token)}[change]
    assert visitor.get(f"{path}/{wrong}").status_code == 404


def test_a_session_of_staff_is_none_of_a_customer_and_the_other_way_round(market, enrolled, browser):
    cookie = dict(enrolled[0].cookies)["__Host-gatepost-staff"]
    visitor = browser()
    visitor.cookies.set("__Host-gatepost-customer", cookie, domain="my.orchard.example")
    assert visitor.get("/tickets").status_code == 303
    assert enrolled[0].get("/tickets").headers["location"].startswith("/sign-in")
