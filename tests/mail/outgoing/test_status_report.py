"""A WooCommerce system status report is found wherever the customer put it, and its main points are said (R3)."""

import hashlib
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.letter import Attachment
from gatepost.mail.status_report import TEXT_CHARACTERS, Override, Plugin, find

REPORT = """### WordPress Environment ###

WordPress address (URL): https://shop.example
Site address (URL): https://shop.example
WC Version: 8.5.1
Log Directory Writable: ✔
WP Version: 6.4.2
WP Multisite: –
WP Memory Limit: 256 MB
Language: en_US

### Server Environment ###

Server Info: nginx/1.24.0
PHP Version: 8.1.27
PHP Time Limit: 30
cURL Version: 7.88.1
OpenSSL/3.0.9

MySQL Version: 10.11.6-MariaDB

### Database ###

WC Database Version: 8.5.1
WC Database Prefix: wp_
Total Database Size: 41.08MB
wp_woocommerce_sessions: Data: 0.02MB + Index: 0.02MB + Engine InnoDB

### Active Plugins (4) ###

Acme Bookings: by Acme – 2.1.0
Akismet Anti-spam: Spam Protection: by Automattic - Anti-spam Team – 5.3 (update to version 5.3.1 is available)
Local helper: by  – 0.1
WooCommerce: by Automattic – 8.5.1

### Inactive Plugins (1) ###

Hello Dolly: by Matt Mullenweg – 1.7.2

### Theme ###

Name: Storefront
Version: 4.5.3 (update to version 4.5.4 is available)
Author URL: https://woocommerce.com/
Child Theme: ❌ – If you are modifying WooCommerce on a parent theme that you did not build personally we recommend using a child theme.

### Templates ###

Overrides: storefront/woocommerce/cart/cart.php version 3.8.0 is out of date. The core version is 7.9.0
storefront/woocommerce/cart/mini-cart.php
storefront/woocommerce/emails/email-header.php version 4.0.0 is out of date. The core version is 7.4.0

Outdated Templates: ❌ Learn how to update

### Status report information ###

Generated at: 2026-05-01 10:00:00 +00:00
"""
SUMMARY = (
    ("WordPress", "6.4.2"),
    ("WooCommerce", "8.5.1"),
    ("PHP", "8.1.27"),
    ("Database", "MariaDB 10.11.6, 41.08MB"),
    ("Theme", "Storefront 4.5.3 (update to version 4.5.4 is available)"),
    ("Active plugins", "4"),
    ("Outdated templates", "2"),
)


def wrapped(text: str, width: int) -> str:
    """As a mail program wraps: at the last blank before the edge."""
    lines = []
    for whole in text.split("\n"):
        line = whole
        while len(line) > width and " " in line[1:width]:
            cut = line.rindex(" ", 1, width)
            lines.append(line[:cut])
            line = line[cut + 1 :]
        lines.append(line)
    return "\n".join(lines)


def file(content: bytes, filename: str = "status.txt", kind: str = "text/plain") -> Attachment:
    return Attachment(
        filename=filename,
        content_type=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


PLACES = {
    "alone": REPORT,
    "between other words": f"Hi, it broke.\n\n{REPORT}\nThanks, Jane",
    "in backticks": f"Hi\n`\n{REPORT}`\n\nThanks",
    "in backticks on the same lines": f"Hi\n`{REPORT.rstrip()}`\nThanks",
    "in a fence": f"Hi\n```\n{REPORT}```\nThanks",
    "quoted": "\n".join(f"> {line}" for line in REPORT.split("\n")),
    "quoted twice": "\n".join(f">> {line}" for line in REPORT.split("\n")),
    "with CRLF": REPORT.replace("\n", "\r\n"),
    "double spaced": REPORT.replace("\n", "\n\n"),
    "without blank lines": REPORT.replace("\n\n", "\n"),
    "heads without spaces": REPORT.replace("### ", "###").replace(" ###", "###"),
    "indented": REPORT.replace("\n", "\n    "),
    "wrapped at 72": wrapped(REPORT, 72),
    "wrapped and quoted": "\n".join(f"> {line}" for line in wrapped(REPORT, 60).split("\n")),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_report_is_found_and_summarised(place):
    report = find(PLACES[place])
    assert report is not None and report.summary == SUMMARY
    assert report.overrides == (
        Override(file="storefront/woocommerce/cart/cart.php", version="3.8.0", core_version="7.9.0"),
        Override(file="storefront/woocommerce/emails/email-header.php", version="4.0.0", core_version="7.4.0"),
    )
    assert report.plugins == (
        Plugin(name="Acme Bookings", version="2.1.0", author="Acme"),
        Plugin(
            name="Akismet Anti-spam: Spam Protection", version="5.3", author="Automattic", note="update to version 5.3.1 is available"
        ),
        Plugin(name="Local helper", version="0.1"),
        Plugin(name="WooCommerce", version="8.5.1", author="Automattic"),
    )  # fmt: skip


def test_the_words_around_a_report_are_kept_apart_from_it():
    report = find(PLACES["in backticks"])
    assert report.rest == "Hi\n\nThanks" and report.text == REPORT and report.source == ""
    whole = report.attachment()
    assert (whole.filename, whole.content.decode()) == ("system-status-report.txt", REPORT)
    assert (whole.size, whole.sha256) == (len(whole.content), hashlib.sha256(whole.content).hexdigest())


def test_a_report_in_a_file_is_found_and_the_fuller_one_is_taken():
    short = "### WordPress Environment ###\n\nWP Version: 6.0\n\n### Server Environment ###\n\nPHP Version: 7.4\n"
    report = find(
        short,
        [
            file(b"not it"),
            file(REPORT.encode(), "Report.TXT", "application/octet-stream"),
            file(b"\x89PNG", "x.png", "image/png"),
        ],
    )
    assert report is not None and (report.source, report.summary) == ("Report.TXT", SUMMARY) and report.rest == short


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no report",
        "## Heading ##\ntext",
        "### WordPress Environment ###\nWP Version: 6",
        "### One ###\n### Two ###\nPHP Version: 8",
        "#" * 5_000,
        "### " * 2_000,
    ],
)
def test_what_is_no_report_is_not_taken_for_one(text):
    assert find(text) is None


def test_a_report_that_says_little_is_summarised_by_what_it_says():
    report = find("### WordPress Environment ###\nWP Version: 6.4\n### Server Environment ###\nnothing here\n")
    assert report is not None and report.summary == (("WordPress", "6.4"),)


@given(st.text(alphabet=st.sampled_from("#> `|:\n –(aW)")), st.text())
def test_finding_never_raises(noise, more):
    for text in (noise + more, REPORT[:700] + noise + REPORT[700:] + more):
        report = find(text, [file(text.encode("utf-8", "replace"))])
        assert report is None or report.text.strip()


@pytest.mark.parametrize(
    "unit",
    ["### a ###\n", "a: b\n", "> > > ", "x version ", "/a.php version 1 is out of date", ": ", " – ", "(1)", "`", "# "],
)
def test_finding_costs_no_more_than_the_text_is_long(unit):
    head = "### WordPress Environment ###\n### Templates ###\nOverrides: "

    def cost(count: int) -> float:
        text = head + unit * (count // len(unit))
        start = process_time()
        find(text)
        return process_time() - start

    cost(1_000)
    costs = [min(cost(n * 20_000) for _ in range(2)) for n in (1, 2, 4, 8)]
    assert costs[3] <= 16 * costs[0] + 0.02


def test_no_more_than_the_limit_is_looked_at():
    assert find("x" * TEXT_CHARACTERS + "\n" + REPORT) is None
