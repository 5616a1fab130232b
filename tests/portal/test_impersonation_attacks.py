"""Ways to get into a customer's account without the customer: each is tried from outside, and none leads in."""

import asyncio
from dataclasses import replace

import httpx2
import pytest

from gatepost.core import MINUTE, SECOND
from gatepost.core.consent import Scope
from gatepost.links import For
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.impersonation.leave import Leave
from gatepost.staff_work import answer
from gatepost.store import consents

from .conftest import BASE, JANE, Browser, forms_of, mail
from .test_impersonation import ANNA, Desk

GROVE = "https://my.grove.example"


@pytest.fixture
def desk(market):
    """With a second brand, which has a portal of its own and does not let staff log in as customers."""
    brand = next(iter(market.house.brands.values()))
    market.house.brands["grove"] = replace(brand, slug="grove", name="Grove", portal=GROVE)
    return Desk(market)


def sessions_of(desk):
    return desk.market.rows("SELECT * FROM impersonation WHERE started IS NOT NULL")


async def begin_at_once(desk, browser, paths):
    """Press every one of these buttons at the same time; the statuses."""
    cookies = {one.name: one.value for one in browser.cookies.jar}
    forms = []
    for path in paths:
        page = browser.get(path)
        forms.append((path, forms_of(page.text)[-1]["fields"]))
    cookies |= {one.name: one.value for one in browser.cookies.jar}
    transport = httpx2.ASGITransport(desk.portal.app)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE, cookies=cookies) as client:
        said = await asyncio.gather(*(client.post(path, data=fields) for path, fields in forms))
    return [one.status_code for one in said]


@pytest.mark.catalogue("J03")
@pytest.mark.parametrize("by", ["request", "switch"])
async def test_fifty_starts_at_once_open_one_session(desk, by):
    anna = desk.staff()
    if by == "request":
        desk.ask(anna)
        desk.approve()
        minted = [desk.path(desk.mint(anna)) for _ in range(25)]
    else:
        desk.write(lambda tx: Leave(desk.market.house).switch(tx, desk.jane, Scope.ACT, desk.clock.now()))
        minted = [desk.path(desk.mint(anna, reason="to look")) for _ in range(25)]
    said = await begin_at_once(desk, anna, minted * 2)
    assert said.count(303) == 1 and len(sessions_of(desk)) == len(desk.live()) == 1
    assert len(desk.market.sent("customer/log-in-started")) == 1
    assert [one.action for one in desk.audit("impersonation.started")] == ["impersonation.started"]


@pytest.mark.catalogue("J02", "J03")
def test_a_grant_is_good_for_one_session_also_after_it_has_ended(desk):
    anna = desk.staff()
    desk.ask(anna)
    desk.approve()
    first, second = desk.path(desk.mint(anna)), desk.path(desk.mint(anna))
    assert anna.submit(first).status_code == 303
    anna.submit(anna.get("/tickets"), action="/as-customer/end")
    assert anna.get(first).status_code == 410 and anna.submit(second).status_code == 410
    assert not desk.live() and len(sessions_of(desk)) == 1


@pytest.mark.catalogue("J05")
def test_a_session_s_cookie_is_good_at_its_own_brand_s_portal_alone(desk):
    anna = desk.granted()
    cookie = anna.cookies["__Host-gatepost-impersonation"]
    elsewhere = Browser(desk.portal.app, base_url=GROVE)
    elsewhere.cookies.set("__Host-gatepost-impersonation", cookie, domain="my.grove.example")
    for path in ("/tickets", "/tickets/1001", "/account", "/tickets/new"):
        answer_ = elsewhere.get(path)
        assert answer_.status_code in (303, 403) and "It does not work." not in answer_.text, path
        elsewhere.cookies.set("__Host-gatepost-impersonation", cookie, domain="my.grove.example")
    assert anna.get("/tickets/1001").status_code == 200


@pytest.mark.catalogue("J05")
def test_a_leave_for_one_brand_begins_nothing_at_another_s_portal(desk):
    anna = desk.staff()
    desk.ask(anna)
    desk.approve()
    path = desk.path(desk.mint(anna))
    elsewhere = Browser(desk.portal.app, base_url=GROVE)
    assert elsewhere.get(path).status_code == 404
    assert anna.submit(path).status_code == 303, "the leave was not used up by that"


@pytest.mark.catalogue("J06")
def test_a_forwarded_question_is_not_answered_by_who_is_signed_in_as_staff(desk):
    anna = desk.staff()
    desk.ask(anna)
    looked = anna.get(desk.question())
    assert looked.status_code == 403 and "Only the customer can answer this" in looked.text
    assert not [form for form in forms_of(looked.text) if "answer" in form["fields"]]
    assert desk.approve(browser=None).status_code == 200
    desk.market.db.write_now(lambda tx: tx.run("UPDATE consent SET stage = 'open', answered = NULL"))
    fields = next(f for f in forms_of(desk.browser().get(desk.question()).text) if f["fields"].get("answer") == "yes")
    assert anna.post(desk.question(), data=fields["fields"]).status_code == 403
    (consent,) = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))
    assert consent.stage == "open"
    (refused,) = desk.audit("impersonation.refused")
    assert refused.actor.text == "anna" and "answered for the customer" in refused.details.text


@pytest.mark.catalogue("J06", "J17")
def test_what_follows_every_link_of_a_mail_answers_nothing(desk):
    desk.ask(desk.staff())
    path, scanner = desk.question(), desk.browser()
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        scanner.request(method, path)
    for data in ({}, {"answer": "yes"}, {"answer": "yes", "form": "x" * 40}):
        assert scanner.post(path, data=data).status_code == 403
    (consent,) = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))
    assert consent.stage == "open"


@pytest.mark.catalogue("G05", "J17")
def test_the_question_is_shown_in_nobody_s_frame_and_sends_to_nobody_else(desk):
    desk.ask(desk.staff())
    headers = desk.browser().get(desk.question()).headers
    policy = headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY" and "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy and headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.catalogue("J05")
def test_a_clock_that_is_set_back_gives_no_session_more_time(desk):
    anna = desk.granted()
    desk.pass_(5 * MINUTE)
    assert anna.get("/tickets").status_code == 200
    desk.pass_(-30 * SECOND)
    assert anna.get("/tickets").status_code == 200
    desk.pass_(-4 * MINUTE)
    assert anna.get("/tickets").status_code == 403


def test_a_clock_that_is_set_back_lets_no_old_token_start(desk):
    anna = desk.staff()
    desk.ask(anna)
    desk.approve()
    path = desk.path(desk.mint(anna))
    desk.pass_(-10 * SECOND)
    assert anna.get(path).status_code == 410


@pytest.mark.catalogue("J13")
def test_signing_out_in_another_tab_ends_what_was_begun_from_this_one(desk):
    anna = desk.granted()
    tab = desk.browser()
    tab.cookies.update({one.name: one.value for one in anna.cookies.jar if "staff" in one.name})
    tab.cookies.set("__Host-gatepost-staff", anna.cookies["__Host-gatepost-staff"], domain="my.orchard.example")
    assert tab.submit("/staff/queue", action="/staff/sign-out").status_code == 303
    over = anna.get("/tickets/1001")
    assert over.status_code == 403 and "the staff member has signed out" in over.text


@pytest.mark.catalogue("J07")
@pytest.mark.parametrize("change", [{"permissions": frozenset()}, None])
def test_who_loses_the_permission_or_the_job_is_out_at_the_next_page(desk, change):
    anna = desk.granted()
    members = dict(desk.market.house.members)
    if change is None:
        del members["anna"]
    else:
        members["anna"] = replace(ANNA, **change)
    desk.market.house.members = members
    sent = len(desk.market.sent())
    assert anna.post("/tickets/1001/reply", data={"text": "still here"}).status_code == 403
    assert anna.get("/tickets/1001").status_code in (303, 403) and "still here" not in str(desk.market.sent()[sent:])


@pytest.mark.catalogue("J06")
def test_links_in_messages_that_were_stored_before_are_masked_for_staff(desk):
    """Older versions kept what people quoted; their links are still their recipients' alone."""
    house, market = desk.market.house, desk.market
    link = f"{BASE}/leave/{house.links.sign(For.CONSENT, (1, desk.jane), desk.clock.now() + 60 * MINUTE)}"
    market.db.write_now(
        lambda tx: tx.run("UPDATE message SET text = :text, reply_text = :text", text=f"Look:\n> {link}\nWhat is it?")
    )
    raw = mail(JANE, "Tax Pro", "Here is the file.", message_id="two@client.example")
    market.arrive(raw.replace("Here is the file.", f"Here: {link}"), "support@orchard.example")
    member = replace(ANNA, permissions=ANNA.permissions | {"tickets.write"})
    house.members["anna"] = member
    page = desk.staff(member).get("/staff/tickets/1001")
    secret = link.rpartition("/")[2]
    assert "What is it?" in page.text and secret not in page.text and f"{BASE}/leave/…" in page.text
    assert secret not in desk.staff(member).get("/staff/tickets/1002").text
    assert secret not in desk.staff(member).get("/staff/tickets/1001/trace").text


@pytest.mark.catalogue("J06")
def test_links_in_files_of_text_are_masked_for_staff(desk):
    house, market = desk.market.house, desk.market
    link = f"{BASE}/leave/{house.links.sign(For.CONSENT, (1, desk.jane), desk.clock.now() + 60 * MINUTE)}"
    market.db.write_now(lambda tx: answer(tx, house, 1001, ANNA, "See the file.", (), market.now))
    message = market.rows("SELECT max(id) AS id FROM message")[0]["id"]
    market.db.write_now(
        lambda tx: (
            tx.run("INSERT INTO content (sha256, octets) VALUES ('x', :octets)", octets=f"Forwarded: {link}".encode()),
            tx.run(
                """INSERT INTO attachment (message, filename, content_type, size, sha256, content_id, inline)
                   VALUES (:message, 'mail.txt', 'text/plain', 9, 'x', '', 0)""",
                message=message,
            ),
        )
    )
    (file,) = market.rows("SELECT id FROM attachment")
    saved = desk.staff().get(f"/staff/tickets/1001/files/{file['id']}")
    assert saved.text == f"Forwarded: {BASE}/leave/…"


def test_a_portal_over_the_same_database_knows_no_session_that_was_ended_at_another(desk):
    """Nothing of a visit is kept in the process: one that was taken back at one desk is over at the next."""
    anna = desk.granted()
    (live,) = desk.live()
    other = Browser(Portal(open_counter(desk.market.house, desk.market.db, desk.clock)).app)
    secret = anna.cookies["__Host-gatepost-impersonation"]
    other.cookies.set("__Host-gatepost-impersonation", secret, domain="my.orchard.example")
    assert other.get("/tickets/1001").status_code == 200
    used = live.session.consent
    desk.write(lambda tx: Leave(desk.market.house).withdraw(tx, used, desk.jane, desk.clock.now()))
    other.cookies.set("__Host-gatepost-impersonation", secret, domain="my.orchard.example")
    assert other.get("/tickets/1001").status_code == 403
