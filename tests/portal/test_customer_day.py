"""A customer's day in a real browser: file, be answered by mail, read, reply, close; links, phones, the dark, a scanner."""

import os
import re
from pathlib import Path

import pytest

from .chromium import chromium, served, violations
from .conftest import EDDIE, JANE, answered, mail
from .test_every_page import hashed

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1200, "height": 860}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf50cf0000040101009c9b0d0a0000000049454e44ae426082"
)
# `GATEPOST_PICTURES=FOLDER` in the environment keeps what this test has seen.
PICTURES = os.environ.get("GATEPOST_PICTURES", "")


@pytest.fixture
def base(market, clock):
    with served(market.house, market.db, clock) as base:
        yield base


def keep(page, name):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def link_to(market, page, address, template, pattern):
    """The newest link of this kind in a letter to the address."""
    for _ in range(200):  # mails are written behind the answer
        letters = [letter for letter in market.sent(template) if letter.to == address]
        if letters:
            return re.search(pattern, letters[-1].text)[0]
        page.wait_for_timeout(50)
    raise AssertionError(f"no {template} to {address}")


def sign_in(market, page, base, address):
    page.goto(f"{base}/sign-in")
    page.fill("#address", address)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Look into your mail")
    assert violations(page) == []
    keep(page, "portal-sent")
    page.goto(link_to(market, page, address, "customer/sign-in", r"http://\S+/sign-in/\S+"))
    assert violations(page) == []
    for box in page.locator("input[type=checkbox][required]").all():
        box.check()
    page.click("main button[type=submit]")
    page.wait_for_url("**/tickets")


@pytest.mark.real("chromium")
def test_a_day_of_a_customer(market, base, tmp_path):
    picture, seen = tmp_path / "jam.png", {}
    picture.write_bytes(PNG)
    with chromium() as browser:
        page = browser.new_context(viewport=DESK, java_script_enabled=True).new_page()
        page.on("console", lambda said: seen.setdefault(said.location["url"], said.text))
        page.goto(base)
        keep(page, "portal-sign-in")
        sign_in(market, page, base, JANE)
        assert violations(page) == []

        # File a ticket by keyboard: the first product is one's own.
        page.click("text=New ticket >> nth=0")
        assert violations(page) == []
        page.locator("#product").focus()
        page.keyboard.type("Shipping")
        page.keyboard.press("Tab")
        page.keyboard.type("The labels jam")
        page.keyboard.press("Tab")
        page.keyboard.type(
            "Every third label is stuck.\n\nHow do I get it out? I have followed https://docs.orchard.example/rollers twice."
        )
        page.set_input_files("#files", str(picture))
        keep(page, "portal-new")
        page.click("button:has-text('Send')")
        page.wait_for_url("**/tickets/1001?filed")
        assert violations(page) == []
        (ticket,) = market.sent("ticket")
        assert "Every third label" in ticket.text and "jam.png" in ticket.raw.decode()

        # The vendor answers by mail; the customer reads it here, and replies.
        market.arrive(
            answered(
                ticket,
                "Ann Baker <tickets@acme.example>",
                "Please open the flap and take the old roll out.\n\nOn Mon, Jane wrote:\n> Every third label is stuck.",
            ),
            ticket.reply_to,
        )
        assert "take the old roll out" in market.sent("answer")[-1].text
        page.reload()
        assert "Ann Baker (Acme)" in page.inner_text("main")
        page.click("text=Show quoted text")
        assert page.locator("img").evaluate("image => image.naturalWidth") == 1
        page.fill("#text", "That was it. Thank you!")
        page.click("button:has-text('Send')")
        page.wait_for_url("**/tickets/1001?sent**")
        assert violations(page) == []
        keep(page, "portal-ticket")
        assert "That was it" in market.sent("ticket")[-1].text
        page.click("text=Close the ticket")
        page.wait_for_selector("text=The ticket was closed.")
        assert violations(page) == []
        assert market.ticket(1001).state.value == "closed"

        # Found again by a word, and out.
        page.click("nav >> text=Tickets")
        page.fill("#q", "roll")
        page.keyboard.press("Enter")
        page.wait_for_selector("mark")
        assert violations(page) == []
        keep(page, "portal-search")
        page.click("text=Sign out")
        page.wait_for_selector("text=You are signed out.")
        assert not [url for url in seen if not url.endswith("/favicon.ico")], seen


def _many(market):
    for number, (subject, words) in enumerate(
        (("Shipping Labels jam", "Every label jams."), ("Tax Pro rounds wrongly in Norway", "Cents are lost."),
         ("Tax Pro: export to my accountant", "Which format?"), ("Shipping Labels in colour", "Can it print red?"))
    ):  # fmt: skip
        market.now += 3_600_000 * (number + 1)
        market.arrive(mail(f"Jane <{JANE}>", subject, words))
    first = market.sent("ticket")[0]
    market.arrive(answered(first, "Ann <tickets@acme.example>", "Please update."), first.reply_to)
    return market


@pytest.mark.real("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_reads_well_in_the_dark(market, base, scheme):
    _many(market)
    market.arrive(mail(f"Eddie <{EDDIE}>", "Hello", "Copies.", "Cc: Bob <bob@friend.example>"))
    with chromium() as browser:
        context = browser.new_context(viewport=PHONE, color_scheme=scheme)
        page = context.new_page()
        paths = [
            "/sign-in", "/ask", "/nowhere",
            link_to(market, page, JANE, "acknowledgement", r"/view/\S+"),
            link_to(market, page, "tickets@acme.example", "ticket", r"/vendor/[^/\s]+"),
            link_to(market, page, EDDIE, "customer/confirm-copies", r"/confirm/\S+"),
        ]  # fmt: skip
        for path in paths:
            page.goto(base + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            assert violations(page) == [], (path, scheme)
            keep(page, f"portal-phone-{scheme}-{path.split('/')[1]}")
        page.goto(base + paths[4])
        page.click("summary")
        page.fill("#new-address", "help@a-rather-long-name-of-a-host-that-nobody-would-type.example")
        page.click("text=Ask for the change")
        page.wait_for_selector("text=Nothing is redirected")
        asked = link_to(market, page, "tickets@acme.example", "vendor/confirm-change", r"/vendor-change/\S+")
        for path in ("", base + asked):
            page.goto(path or page.url)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            assert violations(page) == [], (path, scheme)
            keep(page, f"portal-phone-{scheme}-{'vendor-change' if path else 'vendor-asked'}")
        sign_in(market, page, base, JANE)
        for path in ("/tickets", "/tickets?state=all&q=tax", "/tickets/1001", "/tickets/new"):
            page.goto(base + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            assert violations(page) == [], (path, scheme)
            keep(page, f"portal-phone-{scheme}-{path.strip('/').replace('/', '-').partition('?')[0]}")
        page.set_viewport_size(DESK)
        page.goto(f"{base}/tickets?state=all")
        keep(page, f"portal-list-{scheme}")
        page.goto(base + paths[4])
        keep(page, f"portal-vendor-{scheme}")
        assert violations(page) == []


@pytest.mark.real("chromium")
@pytest.mark.catalogue("I01")
def test_a_scanner_that_opens_every_link_in_a_browser_changes_nothing(market, base):
    """GET and HEAD on every link of every mail, then one of each kind in a browser that runs what there is to run."""
    _many(market)
    market.arrive(mail(f"Eddie <{EDDIE}>", "Hello", "Copies.", "Cc: Bob <bob@friend.example>"))
    market.now += 8 * 86_400_000
    market.do_what_is_due()
    links = {link for sent in market.sent() for link in re.findall(rf"{re.escape(base)}/[^\s\"<>]+", sent.text)}
    assert len({link.split("/")[3] for link in links}) >= 5, links
    before = hashed(market)
    with chromium() as browser:
        context = browser.new_context(viewport=DESK)
        for link in sorted(links):
            assert context.request.head(link).status < 500
            assert context.request.get(link).status < 500
        for link in {link.split("/")[3]: link for link in sorted(links)}.values():
            page = context.new_page()
            page.goto(link)
            page.wait_for_load_state("networkidle")
            page.close()
    assert hashed(market) == before


@pytest.mark.real("chromium")
def test_a_cold_page_is_small(market, base):
    _many(market)
    with chromium() as browser:
        context = browser.new_context(viewport=DESK)
        page = context.new_page()
        sign_in(market, page, base, JANE)
        for path in ("/tickets", "/tickets/1001", "/tickets/new"):
            sizes = []
            cold = browser.new_context(storage_state=context.storage_state()).new_page()
            cold.on("response", lambda answer, sizes=sizes: sizes.append(len(answer.body())))
            cold.goto(base + path)
            cold.wait_for_load_state("networkidle")
            assert 5_000 < sum(sizes) <= 50 * 1024, (path, sizes)
