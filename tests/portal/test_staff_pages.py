"""The staff pages say what is so, and what is done on them happens."""

import csv
import io
import re
from dataclasses import replace

import pytest

from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.effect import Promise
from gatepost.core.event import DeadlineKind
from gatepost.portal.staff import cards
from gatepost.store import accounts, deadlines, messages, parties, tickets

from .conftest import JANE, forms_of, mail
from .staff_desk import Floor


@pytest.fixture
def floor(market):
    return Floor(market).fill()


def plain(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_queue_shows_each_view_with_its_count(floor):
    browser = floor.staff("vera")
    page = browser.get("/staff/queue")
    counts = dict(re.findall(r"view=(\w+)\"[^>]*>\w+ <span class=\"count\">(\d+)", page.text))
    assert counts == {
        "open": "2", "overdue": "0", "held": "1", "unassigned": "2", "mine": "0", "unread": "1", "closed": "0"
    }  # fmt: skip
    assert re.findall(r"/staff/tickets/(\d+)\">\1<", page.text) == ["1002", "1001"]
    assert re.findall(r"/staff/tickets/(\d+)\">\1<", browser.get("/staff/queue?view=held").text) == ["1001"]
    assert "Jane" in page.text and "Acme" in page.text


def test_the_queue_goes_on_by_key(floor):
    for number in range(60):
        floor.market.now += 1000
        floor.market.arrive(mail(f"P{number} <p{number}@x.example>", f"Tax Pro {number}", "Help."))
    browser, seen, path = floor.staff("vera"), [], "/staff/queue?view=open"
    while path:
        page = browser.get(path)
        seen += re.findall(r"/staff/tickets/(\d+)\">\1<", page.text)
        found = re.search(r'href="([^"]+)" rel="next"', page.text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 62


def test_the_overdue_view_begins_with_what_is_overdue_longest(floor):
    """By the promised instant, not by the last activity: a bump puts nothing to the end of the line."""
    market = floor.market
    for number, (waits, promised, active) in {1001: (3, 2, 1), 1002: (4, 1, 9)}.items():
        at = market.now - DAY * waits
        market.db.write_now(
            lambda tx, number=number, at=at, promised=promised, active=active: (
                tickets.save(tx, replace(tickets.find(tx, number), flags=("overdue",), waiting_since=at), at + active),
                tx.run("DELETE FROM deadline WHERE ticket = :n AND kind = 'overdue'", n=number),
                deadlines.promise(
                    tx, number, Promise(kind=DeadlineKind.OVERDUE, due=market.now - promised * HOUR, since=at)
                ),
                tx.run("UPDATE deadline SET state = 'met' WHERE ticket = :n AND kind = 'overdue'", n=number),
            )
        )
    browser = floor.staff("vera")
    page = browser.get("/staff/queue?view=overdue")
    assert re.findall(r"/staff/tickets/(\d+)\">\1<", page.text) == ["1001", "1002"]
    assert "2 h ago" in page.text and "1 h ago" in page.text
    due = market.now - 2 * HOUR
    assert re.findall(
        r"/staff/tickets/(\d+)\">\1<", browser.get(f"/staff/queue?view=overdue&before={due}-1001").text
    ) == ["1002"]
    assert re.findall(r"/staff/tickets/(\d+)\">\1<", browser.get("/staff/queue?view=open").text) == ["1002", "1001"]


@pytest.mark.parametrize(
    ("question", "leads_to"),
    [
        ("1002", 1002),
        ("#1001", 1001),
        ("model", 1001),
        (JANE, 1002),
        ("eve@elsewhere.example", None),
        ("nowhere", None),
    ],
)
def test_the_search_finds_by_number_words_and_address(floor, question, leads_to):
    answer = floor.staff("vera").get("/staff/queue", params={"q": question})
    if answer.status_code == 303:
        assert answer.headers["location"] == f"/staff/tickets/{leads_to}"
    elif leads_to is None:
        assert "Nothing was found" in answer.text
    else:
        assert f"/staff/tickets/{leads_to}" in answer.text


def test_a_ticket_shows_the_conversation_and_every_fact(floor):
    page = floor.staff("otto").get("/staff/tickets/1001")
    said = plain(page)
    assert "It &lt;b&gt;jams&lt;/b&gt;." in said and '<a href="https://shop.example/a?b=1"' in page.text
    for words in (
        "Which model?",
        "log.txt",
        "Vera Lind",
        "tickets@acme.example",
        "active",
        "Nobody waits",
    ):
        assert words in said, words
    assert "A mail from eve@elsewhere.example is held" in said
    floor.market.now += MINUTE
    floor.market.arrive(mail(f"Jane Roe <{JANE}>", "Sails", "Third.", message_id="third@client.example"))
    assert "overdue at" in plain(floor.staff("otto").get("/staff/tickets/1002"))


def test_the_trace_shows_evidence_rules_and_the_servers_words(floor):
    said = plain(floor.staff("vera").get("/staff/tickets/1002/trace"))
    for words in ("no reply address of ours", "rules were asked", "hit ", "miss", "ticket to vendor", "dead"):
        assert words in said, words


def test_an_answer_with_a_file_goes_out_and_the_page_says_so(floor):
    browser = floor.staff("vera")
    answer = browser.submit(
        "/staff/tickets/1002", action="/staff/tickets/1002/answer#answer", text="Look here.",
        files={"files": ("a.txt", b"hello", "text/plain")},
    )  # fmt: skip
    assert answer.status_code == 303
    assert "Your answer is on its way." in browser.get(answer.headers["location"]).text
    told = floor.market.sent("answer")[-1]
    assert told.to == JANE and "Look here." in told.text and "a.txt" in told.raw.decode()
    assert floor.acts()[-1] == ("vera", "ticket.written", "ticket 1002")


def test_who_answers_what_has_changed_meanwhile_is_shown_it_first(floor):
    browser = floor.staff("vera")
    page = browser.get("/staff/tickets/1002")
    floor.staff("otto").submit("/staff/tickets/1002", action="/staff/tickets/1002/answer#answer", text="I was faster.")
    stopped = browser.submit(page, action="/staff/tickets/1002/answer#answer", text="Slow words.")
    assert stopped.status_code == 409 and "Slow words." in stopped.text and "I was faster." in stopped.text
    assert len(floor.market.sent("answer")) == 2
    again = browser.submit(stopped, action="/staff/tickets/1002/answer#answer")
    assert again.status_code == 303 and "Slow words." in floor.market.sent("answer")[-1].text


def test_a_note_stays_inside(floor):
    browser, before = floor.staff("vera"), len(floor.market.sent())
    browser.submit("/staff/tickets/1002", action="/staff/tickets/1002/note", text="Careful with her.")
    assert len(floor.market.sent()) == before
    page = browser.get("/staff/tickets/1002")
    assert "Careful with her." in page.text and 'class="said note"' in page.text
    (*_, last) = floor.market.db.read_now(lambda tx: messages.of_ticket(tx, 1002))
    assert last.internal
    assert "Careful" not in floor.customer().get("/tickets/1002").text


@pytest.mark.parametrize("action", ["answer#answer", "note"])
def test_nothing_is_sent_where_there_are_no_words(floor, action):
    answer = floor.staff("vera").submit("/staff/tickets/1002", action=f"/staff/tickets/1002/{action}", text=" \r\n ")
    assert answer.status_code == 422 and "no words" in answer.text


def test_the_buttons_of_a_ticket_do_what_they_say(floor):
    browser = floor.staff("vera")

    def press(order, **fields):
        answer = browser.submit("/staff/tickets/1002", action=f"/staff/tickets/1002/{order}", **fields)
        assert answer.status_code == 303, (order, answer.text)
        return floor.market.ticket(1002)

    assert press("assign", who="vera@staff.example").assignee == "vera@staff.example"
    assert "vera" in browser.get("/staff/queue?view=mine").text
    assert press("unassign").assignee == "" if "Give it back" in browser.get("/staff/tickets/1002").text else False
    assert not press("read").unread and press("unread").unread
    assert press("product", product="sails").product_id != floor.market.ticket(1001).product_id
    assert press("close").state.value == "closed"
    assert press("open").state.value == "open"
    press("copy", who="otto@staff.example")
    assert "otto@staff.example" in plain(browser.get("/staff/tickets/1002"))
    press("uncopy", who="otto@staff.example")
    acts = [action for _, action, about in floor.acts() if about == "ticket 1002"]
    assert acts == [
        "ticket.assigned", "ticket.assigned", "ticket.marked", "ticket.marked", "ticket.moved", "ticket.closed",
        "ticket.opened", "ticket.commanded", "ticket.commanded",
    ]  # fmt: skip


def test_what_cannot_be_done_is_said_and_changes_nothing(floor):
    browser, before = floor.staff("vera"), floor.market.ticket(1002)
    answer = browser.submit("/staff/tickets/1002", action="/staff/tickets/1002/copy", who="nobody-of-that-name")
    assert answer.status_code == 422 and "nobody-of-that-name" in answer.text
    assert floor.market.ticket(1002) == before


def test_who_may_only_read_sees_no_form(floor):
    page = floor.staff("nils").get("/staff/tickets/1001")
    assert {form["action"] for form in forms_of(page.text)} == {"/staff/sign-out"}


def test_a_file_is_saved_and_never_run(floor):
    answer = floor.staff("vera").get(f"/staff/tickets/1001/files/{floor.file}")
    assert answer.content == b"line" and answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert floor.staff("vera").get(f"/staff/tickets/1002/files/{floor.file}").status_code == 404


def test_a_customers_profile(floor):
    browser = floor.staff("vera")
    floor.customer().get("/tickets")
    said = plain(browser.get(f"/staff/customers/{floor.jane}"))
    for words in (
        "returning",
        "online",
        "jane@customer.example",
        "Europe/Paris",
        "English",
        "Shipping Labels",
        "active",
    ):
        assert words in said, words
    assert re.findall(r"O-\d", said) == ["O-0", "O-1", "O-2"] and "199.66 EUR" in said and "Mon 10:00" in said
    answer = browser.submit(f"/staff/customers/{floor.jane}", action=f"/staff/customers/{floor.jane}/note", text="VIP")
    assert answer.status_code == 303
    page = browser.get(f"/staff/customers/{floor.jane}")
    assert "VIP" in page.text and "Vera Lind" in page.text
    assert floor.acts()[-1] == ("vera", "customer.noted", f"customer {floor.jane}")
    assert "VIP" not in floor.customer().get("/tickets").text


def test_a_customer_of_many_tickets_has_a_way_to_all_of_them(floor):
    for number in range(19):
        floor.market.now += 1000
        floor.market.arrive(
            mail(f"Jane <{JANE}>", f"Tax Pro {number}", "Help.", message_id=f"n{number}@client.example")
        )
    browser = floor.staff("vera")
    page = browser.get(f"/staff/customers/{floor.jane}")
    assert len(re.findall(r"/staff/tickets/(\d+)\">\1<", page.text)) == 20
    more = re.search(r'class="more"><a href="([^"]+)"', page.text)[1]
    assert len(re.findall(r"/staff/tickets/(\d+)\">\1<", browser.get(more).text)) == 21


def test_customers_are_found_by_beginning_and_by_account(floor):
    browser = floor.staff("vera")

    def shown(query):
        return re.findall(r"/staff/customers/\d+\">([^<]+)<", browser.get(f"/staff/customers?{query}").text)

    everybody = shown("")
    assert everybody == sorted(everybody) and JANE in everybody and len(everybody) >= 4
    assert shown("q=JANE") == [JANE] and shown("q=zzz") == []
    assert shown("account=with") == []
    floor.market.db.write_now(lambda tx: accounts.enter(tx, floor.jane, "1", floor.clock.now()))
    assert shown("account=with") == [JANE] and JANE not in shown("account=without")
    assert "since Mon 02 Nov" in plain(browser.get(f"/staff/customers/{floor.jane}"))


def test_vendors_with_their_cards(floor):
    browser = floor.staff("vera")
    page = browser.get("/staff/vendors")
    assert "Acme" in page.text and "/staff/vendors/acme" in page.text
    page = browser.get("/staff/vendors/acme?days=30")
    assert "orders@acme.example" in page.text and "never for tickets" in page.text
    picture = browser.get("/staff/vendors/acme/card.svg")
    assert picture.headers["content-type"] == "image/svg+xml" and "Acme" in picture.text
    assert browser.get("/staff/vendors/none").status_code == 404


def test_vendors_with_thousands_of_tickets_are_listed_at_once_and_their_cards_follow(floor, monkeypatch):
    monkeypatch.setattr(cards, "_AT_ONCE", 0)
    browser = floor.staff("vera")
    first = plain(browser.get("/staff/vendors"))
    assert "Acme" in first and "…" in first and "are worked out just now" in first
    second = plain(browser.get("/staff/vendors"))
    assert "are worked out just now" not in second
    made, real = [], cards.read_card

    def read_card(tx, vendor, calendar, **named):
        made.append(vendor.slug)
        return real(tx, vendor, calendar, **named)

    monkeypatch.setattr(cards, "read_card", read_card)
    browser.get("/staff/vendors")
    assert "acme" not in made, "a card of the last minutes is not made again"
    floor.clock.at += 15 * MINUTE
    assert "…" not in plain(browser.get("/staff/vendors")) and "acme" in made, (
        "an older one is shown, and made anew behind it"
    )


def test_an_absence_is_written_down_and_ended(floor):
    browser, path = floor.staff("ada"), "/staff/vendors/acme"

    def acme():
        return floor.market.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))

    refused = browser.submit(path, action=f"{path}/away", back="2020-01-01", text="On the beach.")
    assert refused.status_code == 422 and "On the beach." in refused.text and acme().away is None
    assert browser.submit(path, action=f"{path}/away", back="2026-11-20", substitute="no address").status_code == 422
    answer = browser.submit(path, action=f"{path}/away", back="2026-11-20", substitute="sub@acme.example")
    assert answer.status_code == 303 and "away until Fri 20 Nov" in browser.get(path).text
    assert acme().away.substitute == "sub@acme.example"
    page = browser.get(path)
    first = next(form for form in forms_of(page.text) if "here" in form["fields"])
    assert browser.post(first["action"], data=first["fields"]).status_code == 303 and acme().away is None
    assert [act for _, act, about in floor.acts() if about == "vendor acme"] == ["vendor.changed"] * 2
    assert "They are away" not in floor.staff("otto").get(path).text


def test_a_held_mail_is_looked_at_and_released(floor):
    browser, number = floor.staff("otto"), floor.held
    page = browser.get(f"/staff/quarantine/{number}")
    assert "Send it to me." in page.text and "Save the raw mail" not in page.text
    answer = browser.submit(page, action=f"/staff/quarantine/{number}/release")
    assert answer.status_code == 303
    assert ("otto", "quarantine.released", f"quarantine {number}") in floor.acts()
    assert "done" in plain(browser.get(f"/staff/quarantine/{number}"))


def test_a_held_mail_is_forgotten_with_a_reason_and_not_without(floor):
    browser, path = floor.staff("otto"), f"/staff/quarantine/{floor.held}"
    assert browser.submit(path, action=f"{path}/forget", reason=" ").status_code == 422
    assert browser.submit(path, action=f"{path}/forget", reason="spam").status_code == 303
    said = plain(browser.get(path))
    assert "spam (otto)" in said and "no longer kept" in said and "Send it to me" not in said


@pytest.mark.catalogue("L07")
def test_the_raw_mail_is_for_who_may_and_each_look_is_on_record(floor):
    path, number = f"/staff/quarantine/{floor.held}", floor.held
    browser = floor.staff("ada")
    before = floor.acts()
    assert browser.get(f"{path}/raw").status_code == 405
    answer = browser.submit(path, action=f"{path}/raw")
    assert answer.content.startswith(b"From: Eve") and "attachment" in answer.headers["content-disposition"]
    assert floor.acts() == [*before, ("ada", "quarantine.raw-seen", f"quarantine {number}")]


@pytest.mark.catalogue("L07", "K07")
def test_a_held_mail_with_a_password_is_shown_masked_and_its_raw_form_is_not_for_this_page(floor):
    letter = "From: Eve <eve@evil.example>\nSubject: Hi\nMessage-ID: <9@evil.example>\n\nLogin: eve\nPassword: Gr3en!Canary7\n"
    (reply,) = {mail.reply_to for mail in floor.market.sent("ticket")[:1]}
    assert floor.market.arrive(letter, reply) == "quarantined"
    number = floor.market.rows("SELECT max(id) AS id FROM quarantine")[0]["id"]
    browser, path = floor.staff("ada"), f"/staff/quarantine/{number}"
    page = browser.get(path)
    assert "Password: [••••••]" in page.text and "gatepost secrets open" in page.text
    assert "Gr3en" not in page.text and "Save the raw mail" not in page.text
    form = next(each for each in forms_of(page.text) if each["action"].startswith(path))
    assert browser.post(f"{path}/raw", data=form["fields"]).status_code == 404


def test_a_dead_mail_is_tried_again_and_given_up(floor):
    browser, number = floor.staff("otto"), floor.dead
    path = f"/staff/outbox/{number}"
    assert "550 no" in browser.get(path).text and str(number) in browser.get("/staff/outbox").text
    assert browser.submit(path, action=f"{path}/retry").status_code == 303
    assert browser.submit(path, action=f"{path}/drop", reason="").status_code == 422
    assert browser.submit(path, action=f"{path}/drop", reason="by telephone").status_code == 303
    assert "by telephone (otto)" in browser.get(path).text
    assert [act for _, act, about in floor.acts() if about == f"mail {number}"] == ["outbox.retried", "outbox.dropped"]


def test_a_pasted_mail_is_explained_and_nothing_comes_of_it(floor):
    browser = floor.staff("otto")
    before = "\n".join(floor.market.db._writer.iterdump())
    pasted = (
        f"From: Jane <{JANE}>\r\nTo: support@orchard.example\r\nSubject: refund for Tax Pro\r\n\r\nMoney back please."
    )
    page = browser.submit("/staff/rules", action="/staff/rules/explain", mail=pasted)
    said = plain(page)
    assert (
        page.status_code == 200
        and "a new ticket" in said
        and "route team billing" in said
        and "Money back" in page.text
    )
    assert browser.submit("/staff/rules", action="/staff/rules/explain", mail=" ").status_code == 422
    hostile = "From: a@b.example\r\n" + "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + "--x\r\n" * 4000
    assert browser.submit("/staff/rules", action="/staff/rules/explain", mail=hostile).status_code in (200, 422)
    assert "\n".join(floor.market.db._writer.iterdump()) == before


def test_the_audit_log_is_filtered_and_exported_on_record(floor):
    browser = floor.staff("nils")
    page = browser.get("/staff/audit?person=vera")
    assert "ticket.written" in page.text
    assert "Nothing that fits." in browser.get("/staff/audit?person=otto").text
    assert "Nothing that fits." in browser.get("/staff/audit?until=2020-01-01").text
    assert "ticket.written" in browser.get("/staff/audit?since=2026-11-02&until=2026-11-02").text
    answer = browser.submit(page, action="/staff/audit/export")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["action"] for row in rows] == ["ticket.written"] and "audit.csv" in answer.headers[
        "content-disposition"
    ]
    assert floor.acts()[-1][:2] == ("nils", "audit.exported")


@pytest.mark.catalogue("G07")
def test_no_cell_of_the_exported_log_is_a_formula(floor):
    browser = floor.staff("ada")
    path = f"/staff/quarantine/{floor.held}"
    browser.submit(path, action=f"{path}/forget", reason="=cmd|' /C calc'!A0")
    for note in ("1;=1+1", "2; +1", "＝1+1", "3;＠SUM(1)"):
        browser.submit("/staff/audit", action="/staff/audit/export", person=note)
    answer = browser.submit("/staff/audit", action="/staff/audit/export")
    cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
    parts = [part.strip() for cell in cells for part in cell.split(";")]
    assert not [part for part in parts if part.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))]
    assert any("=cmd" in cell for cell in cells) and any("1;'=1+1" in cell for cell in cells)


@pytest.mark.catalogue("J05")
def test_a_member_whose_role_is_taken_away_sees_it_at_the_next_page(floor):
    browser = floor.staff("vera")
    page = browser.get("/staff/tickets/1002")
    floor.market.house.members = {**floor.market.house.members, "vera": floor.market.house.members["nils"]}
    assert browser.submit(page, action="/staff/tickets/1002/close").status_code == 403
    assert floor.market.ticket(1002).state.value == "open"
    floor.clock.at += HOUR
    assert browser.get("/staff/queue").status_code == 303


@pytest.mark.catalogue("I27")
def test_a_form_sent_after_the_session_has_ended_leads_to_the_door_of_staff(floor):
    browser = floor.staff("vera")
    page = browser.get("/staff/tickets/1002")
    floor.clock.at += 2 * HOUR
    answer = browser.submit(page, action="/staff/tickets/1002/answer#answer", text="Long words.")
    assert answer.status_code == 401 and 'href="/staff/sign-in?next=/staff/tickets/1002' in answer.text
    assert "Long words." in answer.text
    assert len(floor.market.sent("answer")) == 1


@pytest.mark.parametrize(
    ("word", "template", "path"),
    [("secret", "customer/hand-over", "secret/give/"), ("access", "customer/access", "secret/give/")],
)
def test_staff_ask_for_a_secret_and_for_access_by_a_button(floor, word, template, path):
    browser, market = floor.staff("vera"), floor.market
    assert f'action="/staff/tickets/1001/{word}"' in browser.get("/staff/tickets/1001").text
    for times in (1, 2):
        told = browser.submit("/staff/tickets/1001", action=f"/staff/tickets/1001/{word}")
        assert told.headers["location"].endswith(f"?done={word}")
        assert len(market.sent(template)) == times
        floor.clock.at += MINUTE
    asked = market.sent(template)[-1]
    assert asked.to == JANE and f"https://my.orchard.example/{path}" in asked.text
    reader = floor.staff("nils")
    assert f"/staff/tickets/1001/{word}" not in reader.get("/staff/tickets/1001").text
