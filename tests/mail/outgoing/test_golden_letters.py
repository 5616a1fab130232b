"""Every letter as shipped, in each language, as it goes out: a change of wording or looks shows in review.

`GATEPOST_GOLDEN=write` in the environment writes the files anew.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.core.command_words import Said, tell
from gatepost.core.commands import TABLE, Name
from gatepost.core.discount import Card, CardKind
from gatepost.core.effect import Auto, Transcript
from gatepost.core.letter import Mailbox
from gatepost.core.party import Brand
from gatepost.mail import wording
from gatepost.mail.compose import compose
from gatepost.mail.look import parts
from gatepost.mail.status_report import find
from gatepost.mail.templates import Letters

GOLDEN = Path(__file__).parents[1] / "golden"
SHIPPED = Path(__file__).parents[3] / "templates" / "mail"
ALL = [f"{key}.{language}" for key, language in Letters(None, SHIPPED).all()]
# Those that are reviewed word by word; the other languages have the same templates.
LETTERS = [stem for stem in ALL if stem.endswith((".en", ".de"))]
AUTOMATIC = {
    "masked": Auto.REPLIED,
    "hand-over": Auto.GENERATED,
    "secret-link": Auto.GENERATED,
    "access": Auto.GENERATED,
    "acknowledgement": Auto.REPLIED,
    "confirm": Auto.REPLIED,
    "rating": Auto.GENERATED,
    "moved": Auto.GENERATED,
    "transcript": Auto.REPLIED,
    "digest": Auto.GENERATED,
    "nudge": Auto.GENERATED,
    "overdue": Auto.GENERATED,
    "undeliverable": Auto.GENERATED,
    "breaker": Auto.GENERATED,
    "delay": Auto.GENERATED,
    "audit-head": Auto.GENERATED,
    "sign-in": Auto.GENERATED,
    "log-in": Auto.GENERATED,
    "report-card": Auto.GENERATED,
}
WORDS = """Hello,

since the update to 2.1 the calendar stays empty. The console says:

  TypeError: Cannot read properties of undefined (reading 'days')

> Please clear the cache.

Did that. <b>No</b> change & no hope.

Jané"""
REPORT = """### WordPress Environment ###

WC Version: 8.5.1
WP Version: 6.4.2

### Server Environment ###

PHP Version: 8.1.27
MySQL Version: 8.0.35

### Active Plugins (2) ###

Acme Bookings: by Acme – 2.1.0 (update to version 2.1.1 is available)
WooCommerce: by Automattic – 8.5.1

### Theme ###

Name: Storefront
Version: 4.5.3

### Templates ###

Overrides: storefront/woocommerce/cart/cart.php version 3.8.0 is out of date. The core version is 7.9.0
"""
NOON = 1_780_315_200_000
SECRET = {
    "kinds": ["a password", "a private key"], "link": "https://help.market.example/secret/1", "until": "", "passphrase": True,
    "who": "Jane Doe", "accounts": [{"login": "support-acme", "until": "5 June 2026"}], "closed": True, "days": 14,
}  # fmt: skip


@pytest.fixture
def golden_draft(draft, values):
    def make(stem: str, **changes: object):
        template, language = stem.rsplit(".", 1)
        time = wording.moment(NOON, language, "Europe/Berlin")
        about = values(
            language=language, words=WORDS, report=find(REPORT), topics=["product details"], files=["system-status-report.txt"],
            team="Billing", answer_by=time, waiting_since=time, filed=wording.day(NOON, language),
            choices=[("First choice", "https://help.market.example/c/1"), ("Second choice", "https://help.market.example/c/2")],
            reason="help@acme.example: 550 5.1.1 no such user", unsubscribe="https://help.market.example/u/1",
            confirm={
                "link": "https://help.market.example/confirm/1", "subject": "Re: The calendar stays empty", "date": time,
                "names": ["jane@home.example", "bob@market.example"],
            },
            cards=[
                Card(kind=CardKind.PRODUCT, title="Acme Bookings", note="Acme", link="https://market.example/p/bookings"),
                Card(kind=CardKind.DISCOUNT, title="WINTER-20", note="−20 %"),
            ] if template == "customer/answer" else (),
            listed=[
                {"number": 1001, "subject": "The calendar stays empty", "when": "overdue", "late": True},
                {"number": 1002, "subject": "Bookings on Sundays", "when": time, "late": False},
            ] if "digest" in template else (),
            linked=[
                {"name": "screen recording.mp4", "size": "31 MB", "link": "https://help.market.example/files/1", "until": wording.day(NOON, language)}
            ] if template in ("vendor/ticket", "customer/answer") else (),
            later=[{"author": "Acme", "at": time, "words": "Please clear\nthe cache."}] if template == "vendor/ticket" else (),
            transcript=Transcript(
                lines=(("#close", tell(Said.CLOSED)), ("#prodct x", tell(Said.NO_PRODUCT, word="x", near="y"))),
                help=tuple((TABLE[name].form, TABLE[name].help) for name in (Name.CLOSE, Name.PRODUCT)), done=False,
            ), pair="bot@loop.example", short=[
                {"figure": "in_time", "seen": wording.percent(61, language), "wanted": wording.percent(80, language), "count": "18", "days": "30"},
                {"figure": "rating", "seen": wording.number(3.1, language), "wanted": wording.number(3.5, language), "count": "12", "days": "30"},
            ], until=time, leave={
                "staff": "Anna Berg", "customer": "Jane Doe", "reason": "to see why the order stays empty", "acting": True,
                "granted": True, "ticket": 1001, "until": time, "minutes": 30, "link": "https://help.market.example/leave/1",
                "started": time, "ended": time, "why": "Sample.", "acts": [{"at": time, "said": "Reply · 1001"}],
                "looks": [{"at": time, "said": "Tickets"}, {"at": time, "said": "Ticket · 1001"}],
            }, secret=SECRET | {"until": time}, **changes,
        )  # fmt: skip
        auto = next((auto for name, auto in AUTOMATIC.items() if name in template), Auto.NO)
        return draft(template, language=language, values=about, auto=auto)

    return make


@pytest.mark.parametrize("stem", LETTERS)
def test_a_letter_goes_out_as_reviewed(golden_draft, letters, stem):
    mail = compose(golden_draft(stem), letters)
    assert mail.language == stem.rsplit(".", 1)[1]
    head = "".join(f"{name}: {value}\n" for name, value in parts(mail.raw).headers if name != "content-type")
    seen = f"{head}\n{mail.text}\n{'=' * 76}\n{mail.html}"
    file = GOLDEN / f"{stem.replace('/', '-')}.txt"
    if os.environ.get("GATEPOST_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(seen, encoding="utf-8")
    assert seen == file.read_text(encoding="utf-8")


def test_every_letter_is_shipped_in_english_and_german_with_text_and_html(letters):
    for stem in LETTERS:
        key, language = stem.rsplit(".", 1)
        assert {"de", "en"} <= set(letters.languages(key))
        assert (SHIPPED / letters.file(key, language, html=True)).is_file()


@pytest.mark.parametrize("stem", ALL)
def test_a_letter_is_well_set(golden_draft, letters, stem):
    mail = compose(golden_draft(stem), letters)
    ours = [line for line in mail.text.split("\n") if line not in WORDS]
    assert max(map(len, ours)) <= 84 and "\n\n\n" not in mail.text and not mail.text.startswith("\n")
    assert "None" not in mail.text + mail.html and "{" not in mail.text
    assert "<b>No</b>" not in mail.html
    assert "http" not in re.sub(r"https://(help\.)?market\.example[^\s<\"]*", "", mail.text + mail.html)
    assert (
        "<img" not in mail.html
        and "<script" not in mail.html
        and "@import" not in mail.html
        and "url(" not in mail.html
    )


@pytest.mark.parametrize("stem", [stem for stem in ALL if "acknowledgement" in stem])
def test_an_acknowledgement_says_number_time_and_policies_and_links_nowhere_else(golden_draft, letters, stem):
    mail = compose(golden_draft(stem), letters)
    links = set(re.findall(r'href="([^"]*)"', mail.html))
    choices = {"https://help.market.example/c/1", "https://help.market.example/c/2"} if "which" in stem else set()
    choices |= {"https://help.market.example/confirm/1"} if "unverified" in stem else set()
    assert (
        links
        == {"https://help.market.example/t/42", "https://market.example/privacy", "https://market.example/data-use"}
        | choices
    )
    assert all(link in mail.text for link in links) and "#42" in mail.text and "#42" in mail.html
    assert (
        "which" in stem
        or "unverified" in stem
        or wording.moment(NOON, stem.rsplit(".", 1)[1], "Europe/Berlin") in mail.html
    )


def test_the_vendors_mail_carries_everything_the_vendor_needs(golden_draft, letters):
    mail = compose(golden_draft("vendor/ticket.en"), letters)
    for said in (
        "Acme Bookings", "1 March 2025", "1 March 2027", "active", "SUB-1001", "Jane Doe", "jane@shop.example", "Extension Market", "English",
        "product details", "6.4.2", "8.5.1", "8.1.27", "MySQL 8.0.35", "Storefront 4.5.3", "Acme Bookings", "2.1.0", "cart.php",
        "since the update to 2.1 the calendar stays empty", "https://help.market.example/t/42",
    ):  # fmt: skip
        assert said in mail.text and said in mail.html, said


@pytest.mark.parametrize("stem", [stem for stem in ALL if not stem.startswith("staff/")])
def test_a_masked_letter_holds_no_address_of_the_customer(golden_draft, letters, stem):
    mail = compose(golden_draft(stem, masked=True), letters)
    assert "jane@shop.example" not in mail.text + mail.html


def test_every_letter_does_without_most_of_its_figures(draft, values, letters):
    bare = Brand(slug="m", name="Market", support=("s@m.example",))
    few = values(
        customer=Mailbox(address="x@y.example"),
        product=None,
        vendor=None,
        subscription=None,
        words="",
        author="",
        link="",
    )
    for stem in ALL:
        template, language = stem.rsplit(".", 1)
        mail = compose(draft(template, language=language, brand=bare, values=few, subject="", tag=0), letters)
        assert mail.subject and "\n\n\n" not in mail.text, mail.text
        assert "href" not in re.sub(r"<style.*?</style>", "", mail.html, flags=re.DOTALL) or 'href=""' not in mail.html


def test_a_wrong_change_would_show(golden_draft, letters):
    one = golden_draft("customer/acknowledgement.en")
    other = replace(one, tag=43)
    assert (
        compose(one, letters).raw != compose(other, letters).raw
        and compose(one, letters).raw == compose(one, letters).raw
    )


@pytest.mark.parametrize(
    ("away", "said"),
    [
        ({"away": "We are at sea."}, "We are at sea."),
        ({"away_until": "5 June 2026"}, "Acme Software is away until 5 June 2026."),
    ],
)
def test_an_acknowledgement_tells_of_the_vendors_absence_and_does_not_say_passed_on(golden_draft, letters, away, said):
    mail = compose(golden_draft("customer/acknowledgement.en", **away), letters)
    assert said in mail.text and said in re.sub("</?strong>", "", mail.html)
    assert "passed it on" not in mail.text + mail.html and "about Acme Bookings has the number\n#42." in mail.text
