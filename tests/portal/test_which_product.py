"""R1: a mail that names no product is answered with a link for each candidate; the page shows, its button chooses."""

import re
from dataclasses import replace

import pytest
from tests.pipeline.conftest import answered, mail

from gatepost.core import DAY
from gatepost.core.verdict import Route

JANE = "Jane Roe <jane@customer.example>"
SAFELINKS = {"user-agent": "Mozilla/5.0 (compatible; SafeLinks scanner)"}


@pytest.fixture
def asked(market):
    """Jane has two active subscriptions, and wrote without naming a product; the letter that asks her."""
    assert market.arrive(mail(JANE, "It broke", "Since yesterday nothing works.")) == "opened"
    (letter,) = market.sent("acknowledgement-which-product")
    return letter


def links_in(letter):
    """The paths of the links, by the name of the product above each."""
    found = re.findall(r"^ *(\S[^\r\n]*)\r?\n *https://my\.orchard\.example(/choose/\S+)", letter.text, re.M)
    return dict(found)


def test_the_letter_has_one_link_for_each_candidate_in_text_and_html(asked):
    links = links_in(asked)
    assert list(links) == ["Shipping Labels", "Tax Pro"]
    html = (
        next(p for p in asked.message.walk() if p.get_content_type() == "text/html").get_payload(decode=True).decode()
    )
    assert [path in html for path in links.values()] == [True, True]


def test_looking_changes_nothing_and_the_button_brings_it_to_the_vendor(market, asked, browser):
    path = links_in(asked)["Tax Pro"]
    for visitor in (browser(), browser(headers=SAFELINKS)):
        page = visitor.get(path)
        assert (page.status_code, "Is it about Tax Pro?" in page.text, "It broke" in page.text) == (200, True, True)
        assert visitor.head(path).status_code == 200
    assert (market.ticket().route, market.sent("ticket")) == (Route.TRIAGE, [])
    done = browser().submit(path)
    assert done.status_code == 200 and "on its way to the people who make it" in done.text
    assert market.ticket().route is Route.VENDOR
    (brought,) = market.sent("ticket")
    assert brought.to == "tickets@acme.example" and "Since yesterday nothing works." in brought.text
    assert "Tax Pro" in brought.text
    (told,) = market.sent("customer/moved")
    assert told.to == "jane@customer.example"
    (entry,) = market.rows("SELECT * FROM audit WHERE action = 'ticket.moved'")
    assert entry["object"] == "ticket 1001"


def test_the_second_choice_finds_it_settled(market, asked, browser):
    links, visitor = links_in(asked), browser()
    before = visitor.get(links["Shipping Labels"])  # Open in another tab.
    visitor.submit(links["Tax Pro"])
    for answer in (visitor.submit(before), visitor.get(links["Shipping Labels"]), visitor.get(links["Tax Pro"])):
        assert "This is settled already" in answer.text and "Tax Pro" in answer.text
    assert len(market.sent("ticket")) == 1


def test_a_reply_that_names_the_product_settles_it_as_well(market, asked, browser):
    assert market.arrive(answered(asked, JANE, "It is about Tax Pro."), asked.reply_to) == "continued"
    assert "This is settled already" in browser().get(links_in(asked)["Shipping Labels"]).text


def test_without_an_active_subscription_it_is_noted_and_stays_with_people(market, asked, browser):
    market.db.write_now(lambda tx: tx.run("UPDATE subscription SET status = 'cancelled'"))
    done = browser().submit(links_in(asked)["Tax Pro"])
    assert "A colleague of ours looks at it" in done.text
    ticket = market.ticket()
    assert (ticket.route, ticket.product_id, market.sent("ticket")) == (Route.TRIAGE, 2, [])
    assert any("stays with people" in row["said"] for row in market.rows("SELECT said FROM trace"))


def test_a_forged_link_chooses_nothing(market, asked, browser):
    path = links_in(asked)["Tax Pro"][:-1] + "~"
    assert [browser().get(path).status_code, browser().post(path, data={"form": ""}).status_code] == [404, 404]
    assert market.ticket().route is Route.TRIAGE


def test_a_form_that_is_not_from_the_page_chooses_nothing(market, asked, browser):
    path = links_in(asked)["Tax Pro"]
    assert browser().post(path, data={"form": "x"}).status_code == 403
    assert market.ticket().route is Route.TRIAGE


def test_an_old_link_is_no_longer_good(market, asked, browser, clock):
    clock.at = market.now + 31 * DAY
    assert browser().get(links_in(asked)["Tax Pro"]).status_code == 410


def test_who_only_once_had_subscriptions_may_choose_among_those(market, browser):
    market.db.write_now(lambda tx: tx.run("UPDATE subscription SET status = 'cancelled'"))
    market.arrive(mail(JANE, "It broke", "Since yesterday nothing works."))
    (letter,) = market.sent("acknowledgement-which-product")
    assert list(links_in(letter)) == ["Shipping Labels", "Tax Pro"]


def test_without_a_portal_the_letter_asks_for_a_reply(market):
    market.house.brands["orchard"] = replace(market.house.brands["orchard"], portal="")
    market.arrive(mail(JANE, "It broke", "Since yesterday nothing works."))
    (letter,) = market.sent("acknowledgement-which-product")
    assert links_in(letter) == {} and "Please reply to this mail and name the product." in " ".join(letter.text.split())
