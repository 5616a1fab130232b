"""A day of a member of staff in a real browser: in by mail and code, through the queue, to an answer, and out again."""

import re
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect

from gatepost.portal.staff.desk import StaffDesk
from gatepost.postroom import Postroom
from gatepost.release import Releases

from .chromium import chromium, served, violations
from .staff_desk import Floor, Reading

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def floor(market):
    return Floor(market).fill()


@pytest.fixture
def base(floor):
    house, db = floor.market.house, floor.market.db
    releases = Releases(db=db, house=house, reader=Reading(), clock=floor.clock)
    postroom = Postroom(db=db, house=house, clock=floor.clock, delay_hours=4)
    with served(house, db, floor.clock, StaffDesk(releases, postroom, Reading())) as base:
        yield base


def sign_in(page, base, floor, slug):
    """By the mailed link, and the code of a fresh authenticator."""
    page.goto(f"{base}/staff")
    page.fill("input[name=address]", f"{slug}@staff.example")
    page.click("button")
    for _ in range(200):  # the mail is written behind the answer
        if letters := floor.market.sent("staff/sign-in"):
            break
        page.wait_for_timeout(50)
    letter = letters[-1]
    page.goto(re.search(r"http://\S+/staff/sign-in/\S+", letter.text)[0])
    secret = page.locator("p .number").inner_text().replace(" ", "")
    assert page.locator("img.code").evaluate("image => image.naturalWidth") > 100
    page.fill("input[name=code]", pyotp.TOTP(secret).at(floor.clock.now() // 1000))
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/queue")


@pytest.mark.real("chromium")
def test_a_day_of_a_lead(floor, base, tmp_path):
    seen, file = {}, tmp_path / "steps.txt"
    file.write_text("one, two")
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.on("console", lambda said: seen.setdefault(said.location["url"], said.text))
        sign_in(page, base, floor, "ada")
        assert violations(page) == []

        # From the queue to the ticket by keyboard alone: the link behind the views.
        page.locator("tbody th a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/staff/tickets/1002")
        assert violations(page) == []

        page.fill("#answer-text", "Please follow these steps.")
        page.set_input_files("#answer-files", str(file))
        page.click("text=Send")
        expect(page.locator("[role=status]")).to_contain_text("on its way")
        page.click("text=Keep an internal note instead")
        page.fill("#note-text", "Called her as well.")
        page.click("text=Keep the note")
        expect(page.locator("article.note")).to_contain_text("Called her as well.")
        page.click("text=Take it")
        page.click("button:has-text('Close')")
        expect(page.locator("[role=status]")).to_contain_text("closed")
        page.click("text=The whole trace")
        expect(page.locator("main")).to_contain_text("Mails that we sent")
        assert violations(page) == []

        page.click("nav >> text=Quarantine")
        page.locator("tbody th a").first.click()
        assert violations(page) == []
        with page.expect_download() as saved:
            page.click("text=Save the raw mail")
        assert Path(saved.value.path()).read_bytes().startswith(b"From: Eve")
        page.click("button:has-text('Release')")
        expect(page.locator("[role=status]")).to_contain_text("run again")

        for path in (
            "customers",
            f"customers/{floor.jane}",
            "vendors",
            "vendors/acme",
            "outbox",
            "rules",
            "log-ins",
            "log-ins/1",
            "audit",
        ):
            page.goto(f"{base}/staff/{path}")
            assert violations(page) == [], path
        with page.expect_download() as saved:
            page.click("text=Save these as CSV")
        assert "quarantine.released" in Path(saved.value.path()).read_text()
        page.click("text=Sign out")
        page.wait_for_url(f"{base}/staff/sign-in*")
        assert violations(page) == []
        assert not [url for url in seen if not url.endswith("/favicon.ico")], seen
    told = floor.market.sent("answer")[-1]
    assert "follow these steps" in told.text and "steps.txt" in told.raw.decode()
    assert [action for who, action, _ in floor.acts() if who == "ada"] == [
        "staff.enrolled", "staff.signed-in", "ticket.written", "ticket.noted", "ticket.assigned", "ticket.closed",
        "quarantine.raw-seen", "quarantine.released", "audit.exported", "staff.signed-out",
    ]  # fmt: skip


@pytest.mark.real("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone_and_read_well_in_the_dark(floor, base, scheme):
    paths = [
        "queue",
        "tickets/1001",
        f"customers/{floor.jane}",
        "vendors/acme",
        f"quarantine/{floor.held}",
        "log-ins",
        "log-ins/1",
        "audit",
    ]
    secret = dict(floor.staff("ada").cookies)["__Host-gatepost-staff"]
    with chromium() as browser:
        context = browser.new_context(viewport=PHONE, color_scheme=scheme)
        context.add_cookies([{"name": "gatepost-staff", "value": secret, "url": base}])
        page = context.new_page()
        for path in paths:
            page.goto(f"{base}/staff/{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            assert violations(page) == [], (path, scheme)


@pytest.mark.real("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_on_paper_is_black_on_white_and_has_nothing_to_press(floor, base, scheme):
    secret = dict(floor.staff("ada").cookies)["__Host-gatepost-staff"]
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1000, "height": 900}, color_scheme=scheme)
        context.add_cookies([{"name": "gatepost-staff", "value": secret, "url": base}])
        page = context.new_page()
        page.emulate_media(media="print", color_scheme=scheme)
        for path in ("queue", "tickets/1001", f"customers/{floor.jane}", "vendors/acme", "audit", "log-ins/1"):
            page.goto(f"{base}/staff/{path}")
            pressed = page.locator("button, input, select, textarea, nav").locator("visible=true")
            assert pressed.count() == 0, (path, pressed.first.evaluate("one => one.outerHTML"))
            colours = page.evaluate(
                "() => ['background-color', 'color'].map(name => getComputedStyle(document.body).getPropertyValue(name))"
            )
            assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"], path
        page.goto(f"{base}/staff/tickets/1001")
        expect(page.get_by_text("Which model?")).to_be_visible()
        assert page.get_by_text("opened: product").first.bounding_box()["height"] > 0, "what happened lies open"
