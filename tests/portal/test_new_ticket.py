"""Filing a ticket on a page: one's own products first, by the same trip as a mail; guests confirm by mail."""

import re

import pytest

from gatepost.config import PortalSection
from gatepost.core import DAY
from gatepost.portal.app import Portal, open_counter

from .conftest import BASE, EDDIE, JANE, Browser

GUEST = "guest@somewhere.example"
REPORT = "### WordPress Environment ###\n\nWP Version: 6.4.2\nWC Version: 8.5.1\n\n### Server Environment ###\n\nPHP Version: 8.1.27\n"


def test_ones_own_products_come_first(signed_in):
    page = signed_in().get("/tickets/new").text
    groups = re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', page)
    assert [(name, re.findall(r'value="([\w-]+)"', options)) for name, options in groups] == [
        ("Your products", ["shipping-labels", "tax-pro"]),
        ("Other products", ["sails"]),
    ] or groups[0][0] == "Your products"
    assert {"shipping-labels", "tax-pro"} == set(re.findall(r'value="([\w-]+)"', groups[0][1]))


def test_a_ticket_by_page_takes_the_trip_of_a_mail(market, signed_in):
    jane = signed_in()
    done = jane.submit(
        "/tickets/new", product="tax-pro", subject="Rounding", text="Cents are lost.", report=REPORT,
        files={"files": ("log.txt", b"line", "text/plain")},
    )  # fmt: skip
    assert (done.status_code, done.headers["location"]) == (303, "/tickets/1001?filed")
    (sent,) = market.sent("ticket")
    assert sent.to == "tickets@acme.example" and "Cents are lost." in sent.text
    assert "8.5.1" in sent.text
    assert sorted(part.get_filename() for part in sent.message.walk() if part.get_filename()) == [
        "log.txt",
        "system-status-report.txt",
    ]
    ticket = market.ticket(1001)
    assert (ticket.subject, ticket.route.value, ticket.flags) == ("Rounding", "vendor", ())
    (letter,) = market.sent("acknowledgement")
    assert letter.to == JANE
    page = jane.get(done.headers["location"]).text
    assert "Your ticket has been filed" in page and "Cents are lost." in page
    arrivals = market.rows("SELECT door, outcome FROM arrival")
    assert [(row["door"], row["outcome"]) for row in arrivals] == [("portal", "opened")]
    assert market.rows("SELECT action FROM audit WHERE object = 'ticket 1001'")[0]["action"] == "ticket.filed"


def test_what_is_missing_is_said_and_what_was_written_stays(signed_in, market):
    jane = signed_in()
    page = jane.submit("/tickets/new", product="tax-pro", subject=" ", text="Long words.")
    assert page.status_code == 422 and "in a few words" in page.text and "Long words." in page.text
    assert re.search(r'value="tax-pro" selected', page.text)
    assert jane.submit(page, subject="Subject", text=" ").status_code == 422
    assert market.tickets() == 0


def test_a_form_that_is_sent_twice_files_once(signed_in, market):
    jane = signed_in()
    page = jane.get("/tickets/new")
    places = {jane.submit(page, subject="Once", text="Once.").headers["location"] for _ in range(2)}
    assert places == {"/tickets/1001?filed"} and market.tickets() == 1


def test_who_writes_like_a_machine_is_still_a_person(signed_in, market):
    signed_in().submit(
        "/tickets/new",
        product="tax-pro",
        subject="Out of office",
        text="I am out of the office until 2 January. Automatic reply.",
    )
    assert market.ticket(1001).waiting_since is not None
    assert len(market.sent("ticket")) == 1


@pytest.mark.catalogue("I25")
def test_a_guest_files_by_a_click_in_a_mail(market, browser, signed_in):
    guest = browser()
    sent = guest.submit("/ask", address=GUEST, name="Gus", product="tax-pro", subject="Question", text="Does it round?")
    assert sent.status_code == 200 and market.tickets() == 0
    (letter,) = market.sent("customer/confirm-ticket")
    assert letter.to == GUEST and "Does it round?" not in letter.text
    link = re.search(re.escape(BASE) + r"(/ask/\S+)", letter.text)[1]
    scanner = browser()
    page = scanner.get(link)
    assert "Question" in page.text and scanner.head(link).status_code == 200
    assert market.tickets() == 0
    done = browser().submit(link)
    assert "#1001" in done.text and market.tickets() == 1
    assert "unverified" not in market.ticket(1001).flags
    again = browser().get(link)
    assert "#1001" in again.text
    assert browser().submit(link).status_code == 200 if "<form" in again.text else market.tickets() == 1
    view = re.search(r'href="(/view/[^"]+)"', done.text)[1]
    assert "Does it round?" in browser().get(view).text
    assert "/tickets/1001" in signed_in(GUEST).get("/tickets").text
    assert market.rows("SELECT raw FROM draft")[0]["raw"] == b""


@pytest.mark.catalogue("I25")
def test_nobody_sends_words_to_a_stranger_by_the_form(market, browser):
    bait = "You have won, see https://evil.example/prize"
    browser().submit("/ask", address=GUEST, name=bait, subject=bait, text=bait)
    (letter,) = market.sent("customer/confirm-ticket")
    assert b"evil" not in letter.raw and b"won" not in letter.raw and letter.to == GUEST


@pytest.mark.catalogue("I25")
def test_guests_cannot_flood(market, browser, clock):
    bot = browser()
    assert (
        bot.submit("/ask", address=GUEST, subject="Buy", text="Cheap!", website="https://spam.example").status_code
        == 200
    )
    assert market.sent("customer/confirm-ticket") == []
    statuses = [browser().submit("/ask", address=GUEST, subject=f"S{n}", text="x").status_code for n in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    statuses = [
        browser().submit("/ask", address=f"g{n}@x.example", subject="S", text="x").status_code for n in range(6)
    ]
    assert statuses[-1] == 429 and len(market.sent("customer/confirm-ticket")) < 9
    assert market.tickets() == 0


def test_a_guests_link_is_good_for_a_day(market, browser, clock, site):
    browser().submit("/ask", address=GUEST, subject="Question", text="Does it round?")
    link = re.search(re.escape(BASE) + r"(/ask/\S+)", market.sent("customer/confirm-ticket")[0].text)[1]
    clock.at += DAY
    assert browser().get(link).status_code == 410


async def test_old_words_of_guests_are_forgotten(market, browser, clock, site):
    browser().submit("/ask", address=GUEST, subject="Question", text="Does it round?")
    clock.at += DAY + 1
    await site.look()
    assert market.rows("SELECT * FROM draft") == []


def test_guests_may_be_shut_out(market, clock):
    closed = Portal(open_counter(market.house, market.db, clock, portal=PortalSection(guests=False)))
    assert Browser(closed.app).get("/ask").status_code == 404


@pytest.mark.catalogue("I25")
def test_one_customer_files_so_many_tickets_an_hour(market, signed_in):
    eddie = signed_in(EDDIE)
    statuses = [eddie.submit("/tickets/new", product="-", subject=f"S{n}", text="x").status_code for n in range(11)]
    assert statuses == [303] * 10 + [429] and market.tickets() == 10
