"""Logging in as a customer, from outside: who may, what a look and a click do, what shows, what ends it, who hears."""

import asyncio
import re
import secrets
from dataclasses import replace

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from gatepost.clock import FixedClock
from gatepost.core import HOUR, MINUTE, SECOND
from gatepost.core.consent import LONGEST, Scope
from gatepost.core.staff import Member, Permission
from gatepost.links import For
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.guard import Guard
from gatepost.portal.impersonation.leave import Leave
from gatepost.portal.page import Page, Who
from gatepost.portal.routes import pages
from gatepost.store import consents, parties, sessions, trace
from gatepost.store.audit import entries
from gatepost.store.sessions import Kind, Session

from .conftest import BASE, EDDIE, JANE, MONDAY, Browser, forms_of, mail

ANNA = Member(
    slug="anna", name="Anna Berg", address="anna@staff.example", roles=("lead",),
    permissions=frozenset({Permission.TICKETS_READ, Permission.IMPERSONATE}),
)  # fmt: skip
BERT = replace(ANNA, slug="bert", name="Bert Cole", address="bert@staff.example")
CARL = replace(ANNA, slug="carl", name="Carl", address="carl@staff.example", permissions=frozenset())


class Desk:
    """A marketplace that allows logging in as a customer, with the people of its staff."""

    def __init__(self, market):
        brand = replace(next(iter(market.house.brands.values())), impersonation=True)
        market.house.brands[brand.slug] = brand
        market.house.members = {member.slug: member for member in (ANNA, BERT, CARL)}
        self.market = market
        self.clock = FixedClock(MONDAY)
        self.portal = Portal(open_counter(market.house, market.db, self.clock))
        self.jane = market.db.read_now(lambda tx: parties.customer_of(tx, JANE)).id
        market.arrive(mail(JANE, "Checkout Composer", "It does not work."), "support@orchard.example")
        self.staff_sessions = {}

    def pass_(self, millis):
        self.clock.at += millis
        self.market.now = self.clock.now()

    def browser(self):
        return Browser(self.portal.app)

    def staff(self, member=ANNA):
        secret = secrets.token_urlsafe(32)
        now = self.clock.now()
        row = Session(id=0, kind=Kind.STAFF, staff=member.slug, started=now, expires=now + 12 * HOUR)
        self.staff_sessions[member.slug] = self.market.db.write_now(lambda tx: sessions.open_(tx, row, secret))
        browser = self.browser()
        browser.cookies.set("__Host-gatepost-staff", secret, domain="my.orchard.example")
        return browser

    def plan(self, customer=None, ticket=1001):
        return f"/staff/customers/{customer or self.jane}/log-in?ticket={ticket}"

    def ask(self, browser, reason="to see the order", scope="act", hours="4"):
        return browser.submit(
            self.plan(), action=f"/staff/customers/{self.jane}/log-in/ask", reason=reason, scope=scope, hours=hours
        )

    def question(self):
        """The path of the newest approval page that Jane was mailed."""
        letter = [m for m in self.market.sent("customer/log-in-request") if m.to == JANE][-1]
        return re.search(r"https://my\.orchard\.example(/leave/\S+)", letter.text)[1]

    def approve(self, browser=None, **fields):
        page = (browser or self.browser()).get(self.question())
        yes = next(f for f in forms_of(page.text) if f["fields"].get("answer") == "yes")
        visitor = browser or self.browser()
        return visitor.post(self.question(), data={**yes["fields"], **fields})

    def mint(self, browser, **fields):
        page = browser.get(self.plan())
        start = [f for f in forms_of(page.text) if f["action"].endswith("/log-in/start")]
        return browser.post(start[0]["action"], data={**start[0]["fields"], **fields}) if start else page

    def path(self, minted):
        return re.search(r'href="https://my\.orchard\.example(/as/[^"]+)"', minted.text)[1]

    def log_in(self, browser, **fields):
        begun = browser.submit(self.path(self.mint(browser, **fields)))
        assert begun.status_code == 303, begun.text
        return begun

    def granted(self, scope="act"):
        """Anna's browser, logged in as Jane."""
        browser = self.staff()
        self.ask(browser)
        assert self.approve(scope=scope).status_code == 200
        self.log_in(browser)
        return browser

    def live(self):
        return self.market.db.read_now(consents.live)

    def audit(self, action=""):
        return [e for e in self.market.db.read_now(lambda tx: list(entries(tx))) if not action or e.action == action]

    def write(self, run):
        return self.market.db.write_now(run)


@pytest.fixture
def desk(market):
    return Desk(market)


def test_a_member_of_staff_asks_the_customer_agrees_and_everybody_hears_of_it(desk):
    anna = desk.staff()
    assert desk.ask(anna).status_code == 303
    (request,) = desk.market.sent("customer/log-in-request")
    assert request.to == JANE
    assert "Anna Berg" in request.text and "to see the order" in request.text
    assert "You have agreed" in desk.approve(scope="act").text
    (told,) = desk.market.sent("staff/log-in-answered")
    assert told.to == "anna@staff.example"
    begun = desk.log_in(anna)
    assert begun.headers["location"] == "/tickets/1001"
    (started,) = desk.market.sent("customer/log-in-started")
    assert "Anna Berg" in started.text
    page = anna.get("/")
    assert page.status_code == 303
    ended = anna.submit(anna.get("/there-is-no-such-page"), action="/as-customer/end")
    assert ended.status_code == 303
    (over,) = desk.market.sent("customer/log-in-ended")
    assert "Our colleague has ended it." in over.text
    assert not desk.live()
    said = [e.action for e in desk.audit()]
    assert said == ["consent.asked", "consent.given", "impersonation.started", "impersonation.ended"]
    started_row, ended_row = desk.audit()[-2:]
    assert started_row.actor.text == "anna" and started_row.on_behalf_of.party == desk.jane
    assert started_row.grant == ended_row.grant != 0


@pytest.mark.catalogue("J02", "J06")
def test_a_look_at_the_question_grants_nothing_and_neither_does_a_mail(desk):
    anna = desk.staff()
    desk.ask(anna)
    for _ in range(3):
        scanner = desk.browser()
        assert scanner.get(desk.question(), headers={"user-agent": "Mozilla/5.0 HeadlessChrome"}).status_code == 200
        assert scanner.head(desk.question()).status_code == 200
    (letter,) = desk.market.sent("customer/log-in-request")
    desk.market.arrive(
        mail(JANE, "Re: yes", "Yes, you may log in. yes yes"), letter.reply_to or "support@orchard.example"
    )
    assert [c.stage.value for c in desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))] == ["open"]
    assert "/log-in/start" not in anna.get(desk.plan()).text


@pytest.mark.catalogue("J02")
def test_an_answer_from_another_page_or_without_its_form_is_refused(desk):
    desk.ask(desk.staff())
    stranger = desk.browser()
    assert stranger.post(desk.question(), data={"answer": "yes"}).status_code == 403
    forged = stranger.post(desk.question(), data={"answer": "yes"}, headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403
    assert not desk.market.sent("staff/log-in-answered")


@pytest.mark.catalogue("J03")
def test_of_two_answers_the_first_counts_and_a_no_stays_a_no(desk):
    anna = desk.staff()
    desk.ask(anna)
    browser = desk.browser()
    no = next(f for f in forms_of(browser.get(desk.question()).text) if f["fields"].get("answer") == "no")
    yes = next(f for f in forms_of(browser.get(desk.question()).text) if f["fields"].get("answer") == "yes")
    assert "You have said no" in browser.post(desk.question(), data=no["fields"]).text
    assert browser.post(desk.question(), data=yes["fields"]).status_code == 409
    assert "/log-in/start" not in anna.get(desk.plan()).text
    assert "impersonation.started" not in [e.action for e in desk.audit()]


@pytest.mark.catalogue("J03")
def test_a_start_is_used_once_and_within_a_minute(desk):
    anna = desk.staff()
    desk.ask(anna)
    desk.approve()
    path = desk.path(desk.mint(anna))
    desk.pass_(60 * SECOND)
    assert anna.get(path).status_code == 410
    path = desk.path(desk.mint(anna))
    desk.pass_(59 * SECOND)
    form = forms_of(anna.get(path).text)[-1]["fields"]
    assert anna.post(path, data=form).status_code == 303
    other = desk.browser()
    assert other.get(path).status_code == 410
    assert len(desk.live()) == 1


@pytest.mark.catalogue("J03")
def test_a_leave_starts_one_session(desk):
    anna = desk.granted()
    anna.submit(anna.get("/nothing"), action="/as-customer/end")
    assert "/log-in/start" not in anna.get(desk.plan()).text


@pytest.mark.catalogue("J01", "J07")
def test_who_may_not_or_was_not_named_is_refused_and_that_is_kept(desk):
    anna = desk.staff()
    desk.ask(anna)
    desk.approve()
    assert desk.staff(CARL).get(desk.plan()).status_code == 403
    assert desk.browser().get(desk.plan()).status_code == 303  # to the sign-in of staff
    bert = desk.staff(BERT)
    consent = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))[0]
    form = {"consent": str(consent.id), "ticket": "1001", "scope": "read", "reason": "x"}
    key = forms_of(bert.get(desk.plan()).text)[-1]["fields"]["form"]
    refused = bert.post(f"/staff/customers/{desk.jane}/log-in/start", data={**form, "form": key})
    assert refused.status_code == 409 and "names somebody else" in refused.text
    other = bert.post(f"/staff/customers/{desk.jane}/log-in/start", data={**form, "consent": "999", "form": key})
    assert other.status_code == 409
    assert [e.action for e in desk.audit("impersonation.refused")] == ["impersonation.refused"] * 2


@pytest.mark.catalogue("J08")
def test_nobody_logs_in_as_staff_or_as_a_vendor(desk):
    for address in ("bert@staff.example", "help@acme.example"):
        vendor = desk.market.db.read_now(lambda tx: parties.vendors(tx)[0])
        at = address if address.startswith("bert") else vendor.support_address
        who = desk.write(
            lambda tx, at=at: parties.put_customer(tx, replace(parties.customer_of(tx, JANE), id=0, address=at))
        )[0]
        desk.write(lambda tx, who=who: consents.set_switch(tx, who, Scope.ACT, MONDAY))
        anna = desk.staff()
        page = anna.get(desk.plan(who))
        start = next(f for f in forms_of(page.text) if f["action"].endswith("/start"))
        refused = anna.post(start["action"], data={**start["fields"], "reason": "x"})
        assert refused.status_code == 409 and "nobody logs in as staff" in refused.text


@pytest.mark.catalogue("J09")
def test_no_second_session_while_one_is_under_way(desk):
    anna = desk.granted()
    desk.write(lambda tx: consents.set_switch(tx, desk.jane, Scope.ACT, MONDAY))
    again = desk.mint(anna, reason="once more")
    assert again.status_code == 409 and "end that first" in again.text
    assert anna.get("/as/whatever").status_code == 403


def test_it_is_off_unless_the_brand_says_so(desk):
    brand = next(iter(desk.market.house.brands.values()))
    desk.market.house.brands[brand.slug] = replace(brand, impersonation=False)
    refused = desk.ask(desk.staff())
    assert refused.status_code == 409 and "switched off" in refused.text


@pytest.mark.catalogue("J18")
def test_a_customer_is_asked_once_a_ticket_and_three_times_a_day(desk):
    anna = desk.staff()
    assert desk.ask(anna).status_code == 303
    assert desk.ask(desk.staff(BERT)).status_code == 409
    key = forms_of(anna.get(desk.plan()).text)[-1]["fields"]["form"]
    asked = [
        anna.post(
            f"/staff/customers/{desk.jane}/log-in/ask",
            data={"form": key, "ticket": str(n), "reason": "why", "hours": "1", "scope": "read"},
        ).status_code
        for n in (1002, 1003, 1004)
    ]
    assert asked == [303, 303, 409]
    assert len(desk.market.sent("customer/log-in-request")) == 3


@pytest.mark.catalogue("J04")
def test_taking_it_back_ends_it_at_the_next_request(desk):
    anna = desk.granted()
    assert anna.get("/").status_code == 303
    used = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))[0]
    desk.write(lambda tx: Leave(desk.market.house).withdraw(tx, used.id, desk.jane, desk.clock.now()))
    page = anna.get("/")
    assert page.status_code == 403 and "no longer logged in as the customer" in page.text
    assert "__Host-gatepost-impersonation=;" in page.headers["set-cookie"]
    (over,) = desk.market.sent("customer/log-in-ended")
    assert "You have ended it." in over.text


@pytest.mark.catalogue("J04")
async def test_nothing_is_noted_or_shown_after_the_moment_of_taking_it_back(desk):
    anna = desk.granted()
    used = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))[0]
    (live,) = desk.live()
    cookies = {c.name: c.value for c in anna.cookies.jar}
    leave, before = Leave(desk.market.house), []

    def notes(tx):
        return tx.value("SELECT count(*) FROM trace WHERE kind = 'probe'")

    def take_back(tx):
        before.append((notes(tx), len(consents.acts(tx, live.session.id))))
        return leave.withdraw(tx, used.id, desk.jane, desk.clock.now())

    async def act(request, visitor):
        await asyncio.to_thread(lambda: None)
        await desk.portal.counter.write(lambda tx: trace.note(tx, kind="probe", said="x", now=MONDAY))
        return PlainTextResponse("done")

    probe = Page("GET", "/probe", act, Who.CUSTOMER, "Probe", impersonated=True)
    app = Guard([*pages(desk.portal.counter), probe], desk.portal.counter)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE, cookies=cookies) as client:

        async def look(n):
            if n == 50:
                await desk.market.db.write(take_back)
            return (await client.get("/probe")).status_code

        said = await asyncio.gather(*(look(n) for n in range(100)))
    ((acts, looks),) = before
    assert said.count(200) == acts == desk.market.db.read_now(notes) < 100
    assert looks == len(desk.market.db.read_now(lambda tx: consents.acts(tx, live.session.id)))
    assert said.count(403) == 100 - acts


@pytest.mark.catalogue("J05", "J13")
@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("half an hour", "its time is over"),
        ("ten idle minutes", "nothing was done for ten minutes"),
        ("staff signs out", "the staff member has signed out"),
        ("staff leaves", "the staff member may no longer do this"),
        ("brand off", "the brand no longer allows it"),
    ],
)
def test_what_ends_a_session(desk, happens, said):
    anna = desk.granted()
    house = desk.market.house
    match happens:
        case "half an hour":
            for _ in range(5):
                desk.pass_(5 * MINUTE)
                assert anna.get("/").status_code == 303
                assert anna.get("/nothing").status_code == 404
                desk.write(
                    lambda tx: consents.done(
                        tx, desk.live()[0].session.id, did=False, said="x", ticket=0, now=desk.clock.now()
                    )
                )
            desk.pass_(LONGEST - 25 * MINUTE)
        case "ten idle minutes":
            desk.pass_(10 * MINUTE)
        case "staff signs out":
            desk.write(lambda tx: sessions.end(tx, desk.staff_sessions["anna"], desk.clock.now()))
        case "staff leaves":
            house.members = {"bert": BERT}
        case "brand off":
            brand = next(iter(house.brands.values()))
            house.brands[brand.slug] = replace(brand, impersonation=False)
    page = anna.get("/")
    assert page.status_code == 403 and said in page.text


@pytest.mark.catalogue("J14")
async def test_the_customer_hears_of_the_end_though_nobody_comes_back(desk):
    desk.granted()
    desk.pass_(LONGEST)
    await desk.portal.look()
    (over,) = desk.market.sent("customer/log-in-ended")
    assert over.to == JANE and "Nothing was changed in your name." in over.text
    await desk.portal.look()
    assert len(desk.market.sent("customer/log-in-ended")) == 1


@pytest.mark.catalogue("J17")
def test_what_staff_writes_is_shown_as_text(desk):
    desk.ask(desk.staff(), reason='<b onclick="x">click</b> {{ 7*7 }} https://evil.example/yes')
    page = desk.browser().get(desk.question()).text
    assert "&lt;b onclick" in page and "<b onclick" not in page and "{{ 7*7 }}" in page
    assert 'href="https://evil.example' not in page


@pytest.mark.catalogue("J10")
def test_what_is_open_while_logged_in_as_a_customer_is_a_short_list(desk):
    open_ = {f"{p.method} {p.path}" for p in pages(desk.portal.counter) if p.impersonated}
    closed = {p.path for p in pages(desk.portal.counter) if not p.impersonated}
    assert not {
        path
        for path in (line.partition(" ")[2] for line in open_)
        if path.startswith(("/account", "/leave", "/as/", "/secret", "/staff", "/sign"))
    }
    assert {"/leave/{token}", "/account/log-ins", "/account/log-ins/revoke", "/sign-out/everywhere"} <= closed


@pytest.mark.catalogue("J10", "J12")
def test_every_closed_page_is_refused_and_every_page_has_the_banner(desk):
    anna = desk.granted()
    for page in pages(desk.portal.counter):
        if page.who not in (Who.CUSTOMER, Who.ANYONE) or page.path.startswith("/style"):
            continue
        path = re.sub(r"\{token\}", desk.market.house.links.sign(For.RATE, (1001, 1), MONDAY + HOUR), page.path)
        path = re.sub(r"\{[^}]*\}", "1001", path)
        if page.harmless:
            continue
        answer = anna.request(page.method, path)
        if not page.impersonated:
            assert answer.status_code in (403, 404, 410, 429), (page.method, path)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.status_code != 303:
            assert 'class="banner"' in answer.text and "Anna Berg" in answer.text, (page.method, path)
    assert desk.live(), "none of that has ended the session"
    missing = anna.get("/there/is/nothing")
    assert missing.status_code == 404 and 'class="banner"' in missing.text


def test_looking_only_means_that_nothing_can_be_sent(desk):
    anna = desk.granted(scope="read")
    acting = [p for p in pages(desk.portal.counter) if p.method == "POST" and p.impersonated and not p.harmless]
    for page in acting:
        path = re.sub(r"\{[^}]*\}", "1001", page.path)
        answer = anna.post(path)
        assert answer.status_code == 403 and "allowed you to look" in answer.text, path
    assert "Looking only." in anna.get("/nothing").text


@pytest.mark.catalogue("J13")
def test_both_sessions_have_cookies_of_their_own(desk):
    anna = desk.granted()
    names = {cookie.name for cookie in anna.cookies.jar}
    assert {"__Host-gatepost-staff", "__Host-gatepost-impersonation"} <= names
    jane = Browser(desk.portal.app)
    jane.cookies.set("__Host-gatepost-customer", anna.cookies["__Host-gatepost-impersonation"])
    assert jane.get("/account/log-ins").status_code == 303


@pytest.mark.catalogue("J16")
def test_nothing_starts_that_cannot_be_written_down(desk):
    anna = desk.staff()
    desk.ask(anna)
    desk.approve()
    path = desk.path(desk.mint(anna))
    form = forms_of(anna.get(path).text)[-1]["fields"]
    desk.write(lambda tx: tx.run("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE (ABORT, 'full'); END"))
    assert anna.post(path, data=form).status_code in (500, 503)
    assert not desk.live() and not desk.market.sent("customer/log-in-started")


@pytest.mark.catalogue("J19")
def test_no_key_of_the_config_and_no_permission_takes_the_customers_place():
    from gatepost.config.model import Config  # noqa: PLC0415

    keys = {name for section in Config.model_fields for name in (section,)}
    assert not [key for key in keys if "glass" in key or "force" in key]
    assert [p.value for p in Permission if "impersonate" in p.value] == ["impersonate", "impersonate.log"]


@pytest.mark.catalogue("J19")
def test_not_even_two_who_may_do_everything_get_in_without_the_customer(desk):
    alls = [replace(ANNA, slug=slug, permissions=frozenset(Permission)) for slug in ("ada", "ole")]
    desk.market.house.members |= {member.slug: member for member in alls}
    for member in alls:
        admin = desk.staff(member)
        assert desk.ask(admin).status_code in (303, 409)
        key = forms_of(admin.get(desk.plan()).text)[-1]["fields"]["form"]
        asked = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))
        for consent in ("", "0", "999", *(str(one.id) for one in asked)):
            form = {"form": key, "consent": consent, "ticket": "1001", "scope": "read", "reason": "an emergency"}
            started = admin.post(f"/staff/customers/{desk.jane}/log-in/start", data=form)
            assert started.status_code == 409 and "/as/" not in started.text, consent
    assert not desk.live()


@pytest.mark.catalogue("J04", "J14")
def test_the_customer_sees_who_was_there_and_puts_them_out(desk, market):
    anna = desk.granted()
    jane = desk.browser()
    jane.submit("/sign-in", address=JANE)
    letter = next(m for m in reversed(market.sent("customer/sign-in")) if m.to == JANE)
    jane.submit(re.search(r"https://my\.orchard\.example(/sign-in/\S+)", letter.text)[1])
    page = jane.get("/account/log-ins")
    assert "Anna Berg" in page.text and "Is logged in now" in page.text
    assert jane.submit(page, action="/account/log-ins/revoke").status_code == 303
    assert anna.get("/").status_code == 403
    assert "You have ended it." in jane.get("/account/log-ins").text
    assert "consent.revoked" in [e.action for e in desk.audit()]


def test_nobody_takes_back_what_another_has_given(desk, market):
    desk.granted()
    eddie = desk.browser()
    eddie.submit("/sign-in", address=EDDIE)
    letter = next(m for m in reversed(market.sent("customer/sign-in")) if m.to == EDDIE)
    eddie.submit(re.search(r"https://my\.orchard\.example(/sign-in/\S+)", letter.text)[1])
    used = market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))[0]
    jane_form = forms_of(eddie.get("/account/log-ins").text)[0]["fields"]
    assert eddie.post("/account/log-ins/revoke", data={**jane_form, "consent": str(used.id)}).status_code == 404
    assert len(desk.live()) == 1


def test_the_log_tells_what_was_done_in_each_session(desk):
    anna = desk.granted()
    anna.submit(anna.get("/tickets/1001"), action="/tickets/1001/close")
    anna.submit(anna.get("/tickets"), action="/as-customer/end")
    (session,) = desk.market.db.read_now(lambda tx: consents.history(tx, desk.jane))
    lea = replace(ANNA, slug="lea", permissions=frozenset({Permission.IMPERSONATE_LOG}))
    desk.market.house.members["lea"] = lea
    page = desk.staff(lea).get(f"/staff/log-ins/{session.id}")
    assert "<strong>Close · 1001</strong>" in page.text and "looked at" in page.text and JANE in page.text
    assert "the staff member ended it" in page.text and "to see the order" in page.text
    assert desk.staff(lea).get("/staff/log-ins/99").status_code == 404
    assert desk.staff(BERT).get(f"/staff/log-ins/{session.id}").status_code == 403
    table = desk.staff(lea).submit("/staff/log-ins", action="/staff/log-ins/csv?brand=&person=&days=").text
    assert "Close · 1001" in table


def test_the_log_lists_and_filters_who_was_whom(desk):
    anna = desk.granted()
    anna.submit(anna.get("/nothing"), action="/as-customer/end")
    lead = replace(ANNA, slug="lea", permissions=frozenset({Permission.IMPERSONATE_LOG}))
    desk.market.house.members["lea"] = lead
    lea = desk.staff(lead)
    page = lea.get("/staff/log-ins").text
    assert "to see the order" in page and JANE in page
    for query, there in (
        (f"person={JANE}", True), ("person=anna", True), ("person=bert", False), ("brand=orchard", True),
        ("brand=grove", False), ("days=1", True), (f"person={JANE}&brand=orchard&days=30", True),
    ):  # fmt: skip
        assert ("to see the order" in lea.get(f"/staff/log-ins?{query}").text) is there, query
    desk.pass_(48 * HOUR)
    lea = desk.staff(lead)
    assert "to see the order" not in lea.get("/staff/log-ins?days=1").text
    table = lea.submit("/staff/log-ins", action="/staff/log-ins/csv?brand=&person=&days=").text.splitlines()
    assert table[0].startswith("id,customer,address,staff,reason,scope") and "to see the order" in table[1]
    (exported,) = desk.audit("audit.exported")
    assert (exported.actor.text, exported.object) == ("lea", "log-ins")
    assert desk.staff(BERT).get("/staff/log-ins").status_code == 403


@pytest.mark.catalogue("J11")
def test_what_staff_does_is_the_customers_and_says_by_whom(desk):
    anna = desk.granted()
    page = anna.get("/tickets/1001")
    assert page.status_code == 200 and 'class="banner"' in page.text
    assert anna.submit(page, action="/tickets/1001/reply", text="It works with the new key.").status_code == 303
    told = desk.market.sent("team")[-1]
    assert "[Anna Berg of Orchard Extensions writes this in the name of Jane.]" in told.text
    assert "It works with the new key." in told.text
    assert "writes this in the name of Jane" in anna.get("/tickets/1001").text
    close = anna.get("/tickets/1001")
    assert anna.submit(close, action="/tickets/1001/close").status_code == 303
    assert anna.submit(anna.get("/tickets/1001"), action="/tickets/1001/open").status_code == 303
    done = [e for e in desk.audit() if e.action.startswith("ticket.")]
    assert [e.action for e in done] == ["ticket.written", "ticket.closed", "ticket.opened"]
    (live,) = desk.live()
    for entry in done:
        assert (entry.actor.text, entry.on_behalf_of.text, entry.grant) == ("anna", JANE, live.session.id)
    anna.submit(anna.get("/tickets"), action="/as-customer/end")
    (over,) = desk.market.sent("customer/log-in-ended")
    for said in ("Answer · 1001", "Close · 1001", "Open again · 1001"):
        assert said in over.text.partition("What was looked at")[0]
    assert "Tickets" in over.text.partition("What was looked at")[2]


@pytest.mark.catalogue("J04")
def test_an_answer_that_is_on_its_way_when_the_leave_is_taken_back_is_not_written(desk):
    anna = desk.granted()
    used = desk.market.db.read_now(lambda tx: consents.of_customer(tx, desk.jane))[0]
    read_letter = desk.portal.counter.read_letter

    async def slowly(octets):
        letter = await read_letter(octets)
        await desk.market.db.write(
            lambda tx: Leave(desk.market.house).withdraw(tx, used.id, desk.jane, desk.clock.now())
        )
        return letter

    object.__setattr__(desk.portal.counter, "read_letter", slowly)
    sent = anna.submit(anna.get("/tickets/1001"), action="/tickets/1001/reply", text="too late")
    assert sent.status_code == 403
    assert "too late" not in "".join(m.text for m in desk.market.sent())
    assert "ticket.written" not in [e.action for e in desk.audit()]


@pytest.mark.catalogue("J06")
def test_who_is_logged_in_as_the_customer_never_sees_the_links_by_which_they_answer_us(desk, signed_in):
    raw = mail(f"Jane <{JANE}>", "Shipping Labels", "It jams.", "Cc: Max <max@agency.example>")
    desk.market.arrive(raw)
    assert desk.market.sent("customer/confirm-copies")
    link = "/confirm/"
    assert link in signed_in().get("/tickets/1002").text
    for scope in ("read", "act"):
        anna = desk.granted(scope)
        page = anna.get("/tickets/1002")
        assert "It jams." in page.text and link not in page.text
        anna.submit(page, action="/as-customer/end")
