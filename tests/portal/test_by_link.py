"""What mailed links open: one ticket to look at, a question to answer, a file, the vendor's page; a look changes nothing."""

import re
from dataclasses import replace

import pytest

from gatepost.core import DAY
from gatepost.links import For
from gatepost.store import portal_view

from .conftest import BASE, EDDIE, JANE, Browser, answered, link_in, mail

VENDOR = "tickets@acme.example"
FRIEND = "friend@elsewhere.example"


def path_in(text, start):
    """The path of the first link of a mail that begins with `start`."""
    return re.search(re.escape(BASE) + rf"({start}[^\s#]+)", text)[1]


@pytest.fixture
def filed(market):
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels jam", "Every label jams."))
    return market


@pytest.mark.catalogue("I28")
def test_a_forwarded_link_shows_one_ticket_and_lets_nobody_act(filed, browser, signed_in):
    filed.arrive(mail(f"Jane <{JANE}>", "Tax Pro", "Cents are lost."))
    link = path_in(filed.sent("acknowledgement")[0].text, "/view/")
    friend = browser()
    page = friend.get(link)
    assert page.status_code == 200 and "Every label jams." in page.text and "Cents" not in page.text
    assert "<form" not in page.text.replace('<form method="get"', "") and "Sign in to answer" in page.text
    assert "set-cookie" not in page.headers
    assert friend.get("/tickets/1001").headers["location"] == "/sign-in?next=/tickets/1001"
    assert friend.post("/tickets/1001/reply", data={"text": "I am Jane"}).status_code == 401
    other = signed_in(FRIEND)
    assert other.get(link).status_code == 200 and other.get("/tickets/1001").status_code == 404
    assert signed_in().get(link).headers["location"] == "/tickets/1001"


@pytest.mark.catalogue("I03")
@pytest.mark.parametrize(("after", "status"), [(30 * DAY - 1_000, 200), (30 * DAY, 410), (30 * DAY + 1_000, 410)])
def test_a_link_shows_its_ticket_for_thirty_days(filed, browser, clock, after, status):
    link = path_in(filed.sent("acknowledgement")[0].text, "/view/")
    clock.at += after
    assert browser().get(link).status_code == status


def test_a_link_ends_with_its_persons_part_in_the_ticket(filed, browser):
    link = path_in(filed.sent("acknowledgement")[0].text, "/view/")
    filed.db.write_now(
        lambda tx: tx.run("UPDATE participant SET membership = 'removed' WHERE ticket = 1001 AND number = 1")
    )
    assert browser().get(link).status_code == 410


def held_reply(strict_market):
    """Jane's ticket is proved; then a mail in her name comes without a proof."""
    proof = "Authentication-Results: mx.orchard.example; dkim=pass header.d=customer.example; spf=pass smtp.mailfrom=jane@customer.example; dmarc=pass header.from=customer.example"
    strict_market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams.", proof))
    first = strict_market.sent("acknowledgement")[0]
    strict_market.now += DAY
    assert strict_market.arrive(answered(first, JANE, "It is solved, thank you."), first.reply_to) == "quarantined"
    return strict_market.sent("customer/confirm-reply")[0]


def test_a_held_reply_is_confirmed_by_the_button_and_not_by_a_look(strict_market, strict_site, clock):
    question = held_reply(strict_market)
    link = path_in(question.text, "/confirm/")
    visitor = Browser(strict_site.app)
    clock.at = strict_market.now
    page = visitor.get(link)
    assert page.status_code == 200 and "Was this mail from you?" in page.text
    visitor.head(link)
    assert [row["state"] for row in strict_market.rows("SELECT state FROM quarantine")] == ["held"]
    assert "passed on now" in visitor.submit(page).text
    assert [row["state"] for row in strict_market.rows("SELECT state FROM quarantine")] == ["released"]
    assert "passed on now" in visitor.submit(page).text
    (act,) = strict_market.rows("SELECT * FROM audit WHERE action = 'question.confirmed'")
    assert act["object"] == "ticket 1001"


def test_a_question_stands_on_the_page_of_its_ticket(strict_market, strict_site, clock):
    question = held_reply(strict_market)
    jane = Browser(strict_site.app)
    clock.at = strict_market.now
    jane.submit("/sign-in", address=JANE)
    jane.submit(link_in(strict_market, JANE))
    assert f'href="{path_in(question.text, "/confirm/")}"' in jane.get("/tickets/1001").text


def test_a_question_is_open_for_a_week(strict_market, strict_site, clock):
    link = path_in(held_reply(strict_market).text, "/confirm/")
    visitor = Browser(strict_site.app)
    clock.at = strict_market.now + 7 * DAY
    page = visitor.get(link)
    assert page.status_code == 200
    clock.at += 1
    assert visitor.submit(page).status_code == 410
    assert visitor.get(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 404


def test_an_unproved_ticket_is_taken_for_ones_own_by_the_button(strict_market, strict_site, clock):
    strict_market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams."))
    (letter,) = strict_market.sent("customer/acknowledgement-unverified")
    visitor = Browser(strict_site.app)
    page = visitor.submit(path_in(letter.text, "/confirm/"))
    assert "confirmed as yours" in page.text
    assert "unverified" not in strict_market.ticket(1001).flags
    visitor.submit("/sign-in", address=JANE)
    visitor.submit(link_in(strict_market, JANE))
    assert visitor.get("/tickets/1001").status_code == 200


def test_another_address_is_known_as_an_alias_after_the_button(filed, browser, signed_in):
    other = "jane@home.example"
    first = filed.sent("acknowledgement")[0]
    assert filed.arrive(answered(first, other, "From my home address."), first.reply_to) == "quarantined"
    (question,) = filed.sent("customer/confirm-alias")
    page = browser().get(path_in(question.text, "/confirm/"))
    assert other in page.text
    browser().submit(page)
    visitor = signed_in(other)
    assert "/tickets/1001" in visitor.get("/tickets").text


def test_copied_people_are_named_on_the_page_of_their_question(market, browser, signed_in):
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams.", f"Cc: Bob <{FRIEND}>"))
    link = path_in(market.sent("customer/confirm-copies")[0].text, "/confirm/")
    page = browser().get(link)
    assert FRIEND in page.text and "read the whole conversation" in page.text
    browser().submit(page)
    assert "/tickets/1001" in signed_in(FRIEND).get("/tickets").text


def test_a_file_that_was_too_large_for_its_mail_is_saved_by_its_link(filed, site, browser, signed_in):
    jane = signed_in()
    jane.submit(
        "/tickets/1001",
        action="/tickets/1001/reply",
        text="See.",
        files={"files": ("big.zip", b"PK\3\4" + b"x" * 99, "application/zip")},
    )
    (file,) = filed.db.read_now(lambda tx: portal_view.files(tx, 1001))

    def link(number, person, until=filed.now + DAY, ticket=1001):
        return "/files/" + filed.house.links.sign(For.ATTACHMENT, (number, ticket, person), until)

    answer = browser().get(link(file["id"], 2))
    assert answer.content.startswith(b"PK") and answer.headers["content-disposition"].startswith("attachment")
    assert browser().get(link(file["id"], 2, until=filed.now)).status_code == 410
    assert browser().get(link(file["id"] + 1, 2)).status_code == 410
    assert browser().get(link(file["id"], 9)).status_code == 410
    filed.arrive(mail(f"Eddie <{EDDIE}>", "Shipping Labels", "Mine too."))
    assert browser().get(link(file["id"], 2, ticket=1002)).status_code == 410
    filed.db.write_now(
        lambda tx: tx.run("UPDATE participant SET membership = 'removed' WHERE ticket = 1001 AND number = 2")
    )
    assert browser().get(link(file["id"], 2)).status_code == 410


def test_a_file_of_text_is_cleaned_for_its_reader_as_in_a_mail(filed, browser, signed_in):
    filed.house.brands["orchard"] = replace(filed.house.brands["orchard"], masking=True)
    jane = signed_in()
    log = f"from {JANE}\nprinter: jammed\n".encode()
    jane.submit(
        "/tickets/1001", action="/tickets/1001/reply", text="See.", files={"files": (f"{JANE}.log", log, "text/plain")}
    )
    (file,) = filed.db.read_now(lambda tx: portal_view.files(tx, 1001))
    token = filed.house.links.sign(For.ATTACHMENT, (file["id"], 1001, 2), filed.now + DAY)
    answer = browser().get(f"/files/{token}")
    assert answer.text == "from …\nprinter: jammed\n"
    assert "jane" not in answer.headers["content-disposition"]
    assert jane.get(f"/tickets/1001/files/{file['id']}").content == log


def test_the_vendors_page_shows_what_waits_and_takes_an_absence(filed, browser, clock):
    ticket = path_in(filed.sent("ticket")[0].text, "/vendor/")
    acme = browser()
    assert "Every label jams." in acme.get(ticket).text
    filed.arrive(mail("Sam <sam@customer.example>", "Sails", "Torn."))
    assert acme.get(ticket.replace("1001", "1002")).status_code == 404
    link = ticket.removesuffix("/tickets/1001")
    page = acme.get(link)
    for said in ("#1001", "Shipping Labels jam", VENDOR, "1 ticket waits", "Ratings"):
        assert said in page.text
    assert acme.submit(page, action=f"{link}/away", first="2026-11-10", back="2026-11-01").status_code == 422
    noted = acme.submit(
        page, action=f"{link}/away", first="2026-11-10", back="2026-11-17", substitute="night@desk.acme.example"
    )
    assert noted.status_code == 303
    page = acme.get(noted.headers["location"])
    assert "10 November 2026" in page.text and "night@desk.acme.example answers meanwhile" in page.text
    (act,) = filed.rows(
        "SELECT audit.*, audit_word.text AS who FROM audit JOIN audit_word ON audit_word.id = audit.actor WHERE action = 'vendor.changed'"
    )
    assert act["who"] == VENDOR
    assert acme.submit(page, action=f"{link}/here").status_code == 303
    assert "I am here" not in acme.get(link).text


def test_the_vendors_link_dies_with_the_address(filed, browser):
    link = path_in(filed.sent("ticket")[0].text, "/vendor/")
    filed.db.write_now(lambda tx: tx.run("UPDATE vendor SET support_address = 'new@acme.example' WHERE slug = 'acme'"))
    assert browser().get(link).status_code == 410


def test_the_vendors_page_masks_like_the_mails(market, browser):
    market.db.write_now(lambda tx: tx.run("UPDATE vendor SET masking = 1"))
    market.arrive(mail(f"Jane <{JANE}>", f"Shipping Labels for {JANE}", "It jams."))
    link = path_in(market.sent("ticket")[0].text, "/vendor/")
    assert JANE not in browser().get(link).text and JANE not in browser().get(link.removesuffix("/tickets/1001")).text
