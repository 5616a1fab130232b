"""Where a vendor's tickets go: asked for by whoever has the link to their page, changed by the vendor or staff alone."""

from dataclasses import replace

import pytest

from gatepost.core import DAY
from gatepost.core.party import Hours, Vendor
from gatepost.store import parties
from gatepost.store.withdrawn import end_all

from .conftest import JANE, Browser, answered, forms_of, mail
from .staff_desk import Floor
from .test_by_link import path_in

OLD, NEW = "tickets@acme.example", "help@newhost.example"


@pytest.fixture
def filed(market):
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels jam", "Every label jams."))
    return market


@pytest.fixture
def link(filed):
    """The vendor's page, as it stands in a mail of theirs that somebody has forwarded."""
    return path_in(filed.sent("ticket")[0].text, "/vendor/").removesuffix("/tickets/1001")


def acme(market):
    return market.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))


def ask(browser, link, address=NEW):
    return browser().submit(link, action=f"{link}/address", address=address)


def answer(browser, path, word="yes"):
    visitor = browser()
    return visitor.submit(visitor.get(path), answer=word)


def asked_of(market, template, to):
    (letter,) = [one for one in market.sent(template) if one.to == to][-1:]
    return path_in(letter.text, "/vendor-change/")


def acts(market):
    rows = market.rows(
        """SELECT audit_word.text AS said FROM audit JOIN audit_word ON audit_word.id = audit.details
           WHERE action = 'vendor.changed' ORDER BY audit.id"""
    )
    return [row["said"] for row in rows]


def test_a_support_address_is_another_once_the_present_one_and_the_new_one_have_said_yes(filed, browser, link):
    assert ask(browser, link).status_code == 303
    assert (acme(filed).support_address, filed.sent("vendor/confirm-address")) == (OLD, [])
    assert f"waits for a yes by {OLD}" in browser().get(f"{link}?asked").text
    (told,) = filed.sent("staff/vendor-change")
    assert told.to == "staff@staff.example" and NEW in told.text and "/staff/vendors/acme" in told.text
    present = asked_of(filed, "vendor/confirm-change", OLD)
    visitor = browser()
    for _ in range(2):
        page = visitor.get(present)
        assert NEW in page.text and visitor.head(present).status_code == 200
    assert filed.sent("vendor/confirm-address") == []
    assert f"Now {NEW} gets a mail" in visitor.submit(page, answer="yes").text
    assert f"Now {NEW} gets a mail" in visitor.submit(page, answer="yes").text
    assert acme(filed).support_address == OLD
    new = asked_of(filed, "vendor/confirm-address", NEW)
    assert f"Tickets go to {NEW} now" in answer(browser, new).text
    assert acme(filed).support_address == NEW
    assert [one.to for one in filed.sent("vendor/address-changed")] == [OLD]
    assert [one.to for one in filed.sent("staff/vendor-change")] == ["staff@staff.example"] * 2
    assert [word in said for word, said in zip(("asked for", "vouched for", "done"), acts(filed), strict=True)] == [
        True
    ] * 3
    # The old address's links are dead, open tickets go to the new one, and who wrote from the old one is held.
    assert browser().get(link).status_code == 410
    filed.arrive(
        answered(filed.sent("acknowledgement")[0], JANE, "Any news?"), filed.sent("acknowledgement")[0].reply_to
    )
    latest = filed.sent("ticket")[-1]
    assert latest.to == NEW and browser().get(path_in(latest.text, "/vendor/")).status_code == 200
    assert filed.arrive(answered(latest, f"Ann <{OLD}>", "From the old one."), latest.reply_to) == "quarantined"
    assert filed.arrive(answered(latest, f"Ann <{NEW}>", "From the new one."), latest.reply_to) == "continued"


@pytest.mark.catalogue("I01", "J02")
def test_no_look_at_the_links_changes_anything(filed, browser, link):
    ask(browser, link)
    present = asked_of(filed, "vendor/confirm-change", OLD)
    before = filed.rows("SELECT * FROM vendor_change")
    for path in (link, present):
        assert browser().get(path).status_code == 200
    assert filed.rows("SELECT * FROM vendor_change") == before and before[0]["stage"] == "asked"


def test_without_a_yes_nothing_changes_and_a_no_is_told_to_staff(filed, browser, link):
    ask(browser, link)
    present = asked_of(filed, "vendor/confirm-change", OLD)
    assert "Nothing was changed" in answer(browser, present, "no").text
    assert "Nothing was changed" in browser().get(present).text
    assert "did not ask" in filed.sent("staff/vendor-change")[-1].message["Subject"]
    assert acme(filed).support_address == OLD and filed.sent("vendor/confirm-address") == []


def test_each_side_answers_for_itself_alone(filed, browser, link):
    """Neither mailbox's link says yes for the other; one of an earlier change says nothing about a later one."""
    ask(browser, link, "thief@evil.example")
    first = asked_of(filed, "vendor/confirm-change", OLD)
    page = browser().get(first)
    ask(browser, link)
    assert browser().get(first).status_code == 410
    answer(browser, asked_of(filed, "vendor/confirm-change", OLD))
    assert browser().submit(page, answer="yes").status_code == 410
    assert [one.to for one in filed.sent("vendor/confirm-address")] == [NEW]
    assert "<form" not in browser().get(asked_of(filed, "vendor/confirm-change", OLD)).text
    assert acme(filed).support_address == OLD


@pytest.mark.catalogue("I03")
@pytest.mark.parametrize(("after", "status"), [(DAY - 1_000, 200), (DAY, 410)])
def test_the_links_are_good_for_a_day(filed, browser, link, clock, after, status):
    ask(browser, link)
    present = asked_of(filed, "vendor/confirm-change", OLD)
    clock.at += after
    assert browser().get(present).status_code == status


def test_what_has_changed_meanwhile_ends_a_change(filed, browser, link):
    ask(browser, link)
    present = asked_of(filed, "vendor/confirm-change", OLD)
    page = browser().get(present)
    filed.db.write_now(lambda tx: parties.put_vendor(tx, replace(acme(filed), support_address="other@acme.example")))
    assert browser().submit(page, answer="yes").status_code == 410
    assert acme(filed).support_address == "other@acme.example"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tickets@ACME.example", "gets your tickets already"),
        ("support@orchard.example", "comes in here again"),
        ("staff@staff.example", "comes in here again"),
        ("a@b.example, c@d.example", "is not a plain mail address"),
        ("a@b.example\r\nBcc: c@d.example", "is not a plain mail address"),
        ("“a”@b.example", "is not a plain mail address"),
        ("", "is not a plain mail address"),
    ],
)
def test_what_cannot_be_a_support_address_is_refused_with_a_sentence(filed, browser, link, address, said):
    refused = ask(browser, link, address)
    assert refused.status_code == 422 and said in refused.text
    assert filed.rows("SELECT * FROM vendor_change") == [] and filed.sent("vendor/confirm-change") == []


def test_who_has_the_link_cannot_have_us_write_mail_without_end_nor_to_strangers(filed, browser, link):
    got = [ask(browser, link, f"victim{number}@elsewhere.example").status_code for number in range(7)]
    assert got == [303] * 5 + [422] * 2
    assert {one.to for one in filed.sent() if "victim" in one.to} == set()
    assert len(filed.sent("vendor/confirm-change")) == 5


@pytest.mark.catalogue("I12")
@pytest.mark.parametrize(
    "substitute", ["thief@evil.example", "second@acme.example", "tickets@acme.example.evil.example"]
)
def test_a_substitute_nobody_has_named_stands_in_once_the_support_address_says_yes(filed, browser, link, substitute):
    """A vendor at a free-mail host shares its domain with everybody: the domain alone is no proof."""
    sent = browser().submit(link, action=f"{link}/away", first="", back="2026-11-17", substitute=substitute)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{link}?asked")
    assert (acme(filed).away.substitute, acme(filed).away.clock_stops) == ("", True)
    filed.arrive(mail("Jim <jim@customer.example>", "Shipping Labels", "Mine too."))
    assert substitute not in {one.to for one in filed.sent()}
    present = asked_of(filed, "vendor/confirm-change", OLD)
    assert substitute in browser().get(present).text
    assert f"{substitute} answers new tickets until 17 November 2026" in answer(browser, present).text
    assert (acme(filed).away.substitute, acme(filed).away.clock_stops) == (substitute, False)
    assert filed.sent("vendor/confirm-address") == []


@pytest.mark.parametrize("substitute", ["orders@acme.example", "night@desk.acme.example", "ORDERS@acme.example"])
def test_a_substitute_whom_the_marketplace_knows_as_the_vendors_stands_in_at_once(filed, browser, link, substitute):
    sent = browser().submit(link, action=f"{link}/away", first="", back="2026-11-17", substitute=substitute)
    assert sent.headers["location"] == f"{link}?noted"
    assert acme(filed).away.substitute == substitute and filed.sent("vendor/confirm-change") == []


def test_a_yes_to_a_substitute_of_an_absence_that_is_another_now_counts_no_more(filed, browser, link):
    browser().submit(link, action=f"{link}/away", back="2026-11-17", substitute="second@acme.example")
    page = browser().get(asked_of(filed, "vendor/confirm-change", OLD))
    browser().submit(link, action=f"{link}/away", back="2027-11-17", substitute="")
    assert browser().submit(page, answer="yes").status_code == 410
    assert acme(filed).away.substitute == ""


def test_staff_say_yes_where_nobody_reads_the_present_address(market):
    floor = Floor(market).fill()
    link = path_in(market.sent("ticket")[0].text, "/vendor/").partition("/tickets/")[0]
    browser = lambda: Browser(floor.portal.app)  # noqa: E731 - as the fixture of that name
    ask(browser, link)
    ada = floor.staff("ada")
    page = ada.get("/staff/vendors/acme")
    assert NEW in page.text and "I know that it is theirs" not in floor.staff("otto").get("/staff/vendors/acme").text
    form = next(form for form in forms_of(page.text) if form["action"].endswith("/change"))
    assert floor.staff("otto").post(form["action"], data=form["fields"]).status_code == 403
    assert ada.submit(page, action=form["action"], answer="yes").status_code == 303
    assert acme(market).support_address == OLD
    answer(browser, asked_of(market, "vendor/confirm-address", NEW))
    assert acme(market).support_address == NEW
    assert ("ada", "vendor.changed", "vendor acme") in floor.acts()
    again = ada.submit(page, action=form["action"], answer="yes")
    assert again.status_code == 409 and "Somebody was faster" in again.text


@pytest.mark.parametrize(
    ("table", "counts"),
    [(OLD, NEW), ("TICKETS@acme.example", NEW), (NEW, NEW), ("third@acme.example", "third@acme.example")],
)
def test_an_import_takes_a_change_back_only_when_its_table_says_something_new(filed, browser, link, table, counts):
    ask(browser, link)
    answer(browser, asked_of(filed, "vendor/confirm-change", OLD))
    answer(browser, asked_of(filed, "vendor/confirm-address", NEW))
    row = Vendor(id=0, slug="acme", name="Acme", support_address=table, hours=Hours(zone="Europe/Berlin"))
    for _ in range(2):
        filed.db.write_now(lambda tx: parties.put_vendor(tx, row))
        assert acme(filed).support_address == counts
    senders = filed.rows("SELECT sender FROM vendor_sender WHERE vendor = :id", id=acme(filed).id)
    assert [row["sender"] for row in senders] == [counts.lower()]
    assert [row["address"] for row in filed.rows("SELECT address FROM participant WHERE role = 'vendor'")] == [counts]


def test_a_restored_backup_asks_nobody_any_more(filed, browser, link):
    ask(browser, link)
    page = browser().get(asked_of(filed, "vendor/confirm-change", OLD))
    filed.db.write_now(lambda tx: end_all(tx._connection, filed.now))
    assert browser().submit(page, answer="yes").status_code == 410


def test_the_vendor_reads_it_in_their_language(filed, browser, link):
    filed.db.write_now(lambda tx: tx.run("UPDATE vendor SET language = 'de' WHERE slug = 'acme'"))
    for fields, said in (
        ({"back": "2026-10-01"}, "liegt vor"), ({"back": "2026-11-17", "substitute": "nobody"}, "keine einfache Mailadresse"),
    ):  # fmt: skip
        assert said in browser().submit(link, action=f"{link}/away", **fields).text
    ask(browser, link)
    assert filed.sent("vendor/confirm-change")[0].message["Subject"]
    assert "Ja" in browser().get(asked_of(filed, "vendor/confirm-change", OLD)).text
