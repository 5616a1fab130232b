"""The account page: what a customer keeps there, ends there, and how the account ends and comes back (P6, P8)."""

import io
import json
import re
import zipfile
from dataclasses import replace
from zoneinfo import available_timezones

import pytest

from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.consent import Scope
from gatepost.core.party import Customer
from gatepost.portal.sign_in.entrance import Entrance
from gatepost.store import accounts, consents, parties
from gatepost.store.sessions import digest

from .conftest import BASE, EDDIE, JANE, Browser, forms_of, link_in

WORK = "jane@work.example"


def actions(market):
    return [row["action"] for row in market.rows("SELECT action FROM audit ORDER BY id")]


def claim_link(market, address):
    letters = [one for one in market.sent("customer/add-address") if one.to == address]
    return re.search(r"https://my\.orchard\.example(/account/address/\S+)", letters[-1].text)[1]


def customer(market, address):
    return market.db.read_now(lambda tx: parties.customer_of(tx, address))


def account(market, address):
    return market.db.read_now(lambda tx: accounts.find(tx, parties.customer_of(tx, address).id))


def test_the_first_sign_in_asks_for_consent_with_version_and_time_and_tells_by_mail(market, site, browser, clock):
    jane = browser()
    jane.submit("/sign-in", address=JANE)
    page = jane.get(link_in(market, JANE))
    assert "I agree to this" in page.text and market.rows("SELECT * FROM account") == []
    (form,) = [form for form in forms_of(page.text) if "agree" in form["fields"]]
    without = {**form["fields"], "agree": ""}
    refused = jane.post(page.request.url.path, data=without)
    assert refused.status_code == 422 and "Please agree to this first" in refused.text
    assert market.rows("SELECT * FROM session") == [] and market.rows("SELECT * FROM account") == []
    clock.at += MINUTE
    assert jane.submit(page).status_code == 303
    assert (account(market, JANE).terms, account(market, JANE).agreed) == ("1", clock.at)
    (letter,) = market.sent("customer/account-created")
    assert letter.to == JANE and f"{BASE}/account" in letter.text and letter.state == "ready"
    assert actions(market) == ["account.created", "customer.signed-in"]


def test_consent_is_asked_for_once_and_again_for_a_new_text(market, site, signed_in, browser):
    signed_in()
    again = browser()
    again.submit("/sign-in", address=JANE)
    assert "I agree" not in again.get(link_in(market, JANE)).text
    newer = site.counter.portal.model_copy(update={"terms_version": "2"})
    object.__setattr__(site.counter, "portal", newer)
    page = again.get(link_in(market, JANE))
    assert "I agree" in page.text
    assert again.submit(page).status_code == 303 and account(market, JANE).terms == "2"
    assert len(market.sent("customer/account-created")) == 1


def test_name_language_and_zone_are_the_customers_and_an_import_leaves_them(market, signed_in):
    jane = signed_in()
    assert (
        jane.submit("/account", "/account/profile", name="Jane  Q.\nDoe", language="de", zone="Asia/Tokyo")
        .headers["location"]
        .startswith("/account")
    )
    kept = customer(market, JANE)
    assert (kept.name, kept.language, kept.zone) == ("Jane Q. Doe", "de", "Asia/Tokyo")
    page = jane.get("/account?done=profile")
    assert '<html lang="de">' in page.text and "Gespeichert." in page.text and "(JST)" in page.text
    shop = Customer(id=0, address=JANE.upper(), name="JANE DOE", language="fr", zone="Europe/Paris")
    market.db.write_now(lambda tx: parties.put_customer(tx, shop))
    assert customer(market, JANE).name == "Jane Q. Doe" and customer(market, JANE).language == "de"
    jane.submit("/account", "/account/profile", name="", language="tlh", zone="../etc/passwd")
    assert (customer(market, JANE).language, customer(market, JANE).zone) == ("de", "Asia/Tokyo")


def test_every_zone_that_is_offered_exists(signed_in):
    page = signed_in().get("/account").text
    offered = re.findall(r"<option[^>]*>([A-Z][\w+-]+/[\w/+-]+|UTC)</option>", page)
    assert len(offered) > 250 and set(offered) <= available_timezones() and "Europe/Paris" in offered
    assert re.search(r"<option selected>Europe/Paris<", page)


@pytest.mark.catalogue("I27")
def test_sessions_are_listed_and_end_one_by_one_and_all_at_once(market, signed_in, clock):
    here = signed_in()
    clock.at += HOUR
    phone = signed_in(headers={"user-agent": "Mozilla/5.0 (iPhone) Version/19 Mobile Safari/604"})
    page = here.get("/account").text
    assert "Firefox, Linux" in page and "Safari, iPhone" in page and page.count("this one") == 1
    phone_row = market.rows("SELECT id FROM session ORDER BY id")[1]["id"]
    assert here.submit("/account", "/account/session", session=phone_row).headers["location"].endswith("done=session")
    assert phone.get("/account").headers["location"].startswith("/sign-in")
    assert here.get("/account").status_code == 200
    third = signed_in()
    here.submit("/account", "/sign-out/everywhere")
    assert {b.get("/account").status_code for b in (here, third, phone)} == {303}


@pytest.mark.catalogue("I12")
@pytest.mark.parametrize("given", ["1", "99", "0", "-1", "²", "9" * 40, "x", ""])
def test_nobody_ends_the_session_of_another(market, signed_in, given):
    jane = signed_in()
    eddie = signed_in(EDDIE)
    form = forms_of(eddie.get("/account").text)[0]["fields"]["form"]
    assert eddie.post("/account/session", data={"form": form, "session": given}).status_code == 404
    assert jane.get("/account").status_code == 200


@pytest.fixture
def allowing(market):
    """The brand lets support log in as its customers."""
    brand = next(iter(market.house.brands.values()))
    market.house.brands[brand.slug] = replace(brand, impersonation=True)


def test_where_the_brand_does_not_allow_it_there_is_no_switch(market, signed_in):
    jane = signed_in()
    page = jane.get("/account")
    assert "Allow support" not in page.text
    form = forms_of(page.text)[0]["fields"]["form"]
    assert jane.post("/account/support", data={"form": form, "scope": "act"}).status_code == 404
    assert market.rows("SELECT * FROM consent_switch") == []


def test_the_switch_lets_support_in_and_is_written_down(market, allowing, signed_in):
    jane = signed_in()
    number = customer(market, JANE).id
    for scope, standing in (("read", Scope.READ), ("act", Scope.ACT), ("act", Scope.ACT), ("off", None), ("x", None)):
        jane.submit("/account", "/account/support", scope=scope)
        assert market.db.read_now(lambda tx: consents.standing(tx, number)) is standing
    assert [one for one in actions(market) if one.startswith("consent")] == [
        "consent.given", "consent.given", "consent.revoked",
    ]  # fmt: skip


def test_a_further_address_is_added_by_who_reads_its_mail_and_is_signed_in(market, signed_in, clock):
    jane, eddie = signed_in(), signed_in(EDDIE)
    assert jane.submit("/account", "/account/addresses", address=WORK).headers["location"].endswith("done=claim")
    (letter,) = market.sent("customer/add-address")
    assert letter.to == WORK and JANE in letter.text and "waits for its confirmation" in jane.get("/account").text
    path = claim_link(market, WORK)
    assert eddie.get(path).status_code == 404
    page = jane.get(path)
    assert WORK in page.text and market.rows("SELECT * FROM customer_alias") == []
    assert jane.submit(page).headers["location"].endswith("done=address")
    assert customer(market, WORK).id == customer(market, JANE).id
    (told,) = market.sent("customer/address-added")
    assert told.to == JANE and WORK in told.text
    assert jane.submit(page).status_code == 410
    assert signed_in(WORK).get("/account").text.count(JANE) > 0
    assert jane.submit("/account", "/account/addresses/remove", address=WORK).headers["location"].endswith("removed")
    assert customer(market, WORK) is None
    assert jane.submit("/account", "/account/addresses", address=WORK).status_code == 303
    assert [one for one in actions(market) if one.startswith("address")] == ["address.added", "address.removed"]


@pytest.mark.catalogue("I03")
@pytest.mark.parametrize(("after", "status"), [(DAY - 1_000, 200), (DAY, 410), (DAY + 1_000, 410)])
def test_an_address_is_confirmed_within_a_day(market, signed_in, clock, after, status):
    jane = signed_in()
    jane.submit("/account", "/account/addresses", address=WORK)
    clock.at += after
    assert jane.get(claim_link(market, WORK)).status_code == status


@pytest.mark.catalogue("I06")
def test_of_an_address_link_only_the_hash_is_stored(market, signed_in):
    signed_in().submit("/account", "/account/addresses", address=WORK)
    token = claim_link(market, WORK).rpartition("/")[2]
    (row,) = market.rows("SELECT * FROM address_claim")
    assert row["digest"] == digest(token) and token not in str(dict(row)) and len(token) >= 43


@pytest.mark.catalogue("I15")
@pytest.mark.parametrize(
    "address", [EDDIE, "nobody@nowhere.example", "tickets@acme.example", "support@orchard.example"]
)
def test_adding_an_address_tells_nothing_of_who_is_known(market, signed_in, address):
    jane = signed_in()
    answer = jane.submit("/account", "/account/addresses", address=address)
    assert answer.headers["location"] == "/account?done=claim"
    ours = address in ("tickets@acme.example", "support@orchard.example")
    assert [one.to for one in market.sent("customer/add-address")] == ([] if ours else [address])


def test_an_address_of_another_customer_is_not_taken_over(market, signed_in):
    jane = signed_in()
    jane.submit("/account", "/account/addresses", address=EDDIE)
    answer = jane.submit(claim_link(market, EDDIE))
    assert answer.status_code == 409 and "another customer" in answer.text
    assert customer(market, EDDIE).id != customer(market, JANE).id


@pytest.mark.catalogue("I16")
def test_an_account_floods_nobody_with_confirmations(market, signed_in):
    jane = signed_in()
    answers = [jane.submit("/account", "/account/addresses", address=f"x{n}@elsewhere.example") for n in range(7)]
    ends = [answer.headers["location"].rpartition("=")[2] for answer in answers]
    assert ends == ["claim"] * 5 + ["often"] * 2 and len(market.sent("customer/add-address")) == 5
    assert "Try again tomorrow" in jane.get("/account?done=often").text


@pytest.mark.parametrize(("typed", "end"), [("jane@customer.example", "yours"), ("nonsense", "wrong"), ("", "wrong")])
def test_what_cannot_be_added_is_told(market, signed_in, typed, end):
    answer = signed_in().submit("/account", "/account/addresses", address=typed)
    assert answer.headers["location"] == f"/account?done={end}" and market.sent("customer/add-address") == []


def test_a_customer_downloads_what_is_held_about_them_and_nobody_elses(market, signed_in):
    for who, words in ((EDDIE, "They are crooked."), (JANE, "Mine is straight.")):
        market.arrive(
            f"From: {who}\nTo: support@orchard.example\nSubject: Labels\nMessage-ID: <{who}>\n\n{words}\n",
            mail_from=who,
        )
    answer = signed_in(EDDIE).submit("/account", "/account/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert (
        answer.headers["content-disposition"].startswith("attachment") and "no-store" in answer.headers["cache-control"]
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        held = json.loads(archive.read("person.json"))
    assert held["person"]["addresses"] == [EDDIE] and JANE not in json.dumps(held)
    assert "They are crooked." in json.dumps(held) and "Mine is straight." not in json.dumps(held)
    assert "person.exported" in actions(market)


def test_an_account_with_an_active_subscription_stays_and_says_why(market, signed_in):
    jane = signed_in()
    page = jane.get("/account/delete")
    assert "Shipping Labels" in page.text and "Tax Pro" in page.text and "active subscription" in page.text
    form = forms_of(jane.get("/account").text)[0]["fields"]["form"]
    refused = jane.post("/account/delete", data={"form": form, "sure": "yes"})
    assert refused.status_code == 409 and account(market, JANE).open
    assert market.sent("customer/account-deleted") == []


def test_an_account_is_deleted_and_a_later_one_of_the_same_address_has_everything_back(
    market, allowing, signed_in, browser, clock
):
    market.arrive(
        f"From: Eddie <{EDDIE}>\nTo: support@orchard.example\nSubject: Labels\nMessage-ID: <1@c.example>\n\nThey are crooked.\n",
        mail_from=EDDIE,
    )
    eddie, other = signed_in(EDDIE), signed_in(EDDIE)
    number = customer(market, EDDIE).id
    eddie.submit("/account", "/account/profile", name="Eddie E.", language="en", zone="Europe/Paris")
    eddie.submit("/account", "/account/support", scope="read")
    unsure = eddie.post(
        "/account/delete", data={"form": forms_of(eddie.get("/account/delete").text)[-1]["fields"]["form"]}
    )
    assert unsure.status_code == 422 and account(market, EDDIE).open
    gone = eddie.submit("/account/delete", "")
    assert gone.status_code == 200 and "Your account is deleted" in gone.text
    assert {one.get("/account").status_code for one in (eddie, other)} == {303}
    assert not account(market, EDDIE).open
    assert market.db.read_now(lambda tx: consents.standing(tx, number)) is None
    (letter,) = market.sent("customer/account-deleted")
    assert letter.to == EDDIE and "account.deleted" in actions(market)
    kept = customer(market, EDDIE)
    assert (kept.id, kept.name, market.tickets()) == (number, "Eddie E.", 1)
    clock.at += DAY
    again = browser()
    again.submit("/sign-in", address=EDDIE)
    page = again.get(link_in(market, EDDIE))
    assert "I agree" in page.text
    assert again.submit(page).status_code == 303
    assert customer(market, EDDIE).id == number and account(market, EDDIE).open
    assert "Eddie E." in again.get("/account").text
    assert len(market.sent("customer/account-created")) == 2


def test_the_page_marks_up_what_people_type(market, signed_in):
    jane = signed_in()
    jane.submit("/account", "/account/profile", name='"><script>alert(1)</script>', language="en", zone="UTC")
    page = jane.get("/account").text
    assert "<script" not in page and "&lt;script&gt;" in page


def test_a_session_row_shows_only_known_names(market, browser, site):
    assert Entrance(site.counter).lives == 30 * DAY
    odd = Browser(site.app, headers={"user-agent": "<img src=x> Evil/1.0"})
    odd.submit("/sign-in", address=JANE)
    odd.submit(link_in(market, JANE))
    page = odd.get("/account").text
    assert "Evil" not in page and "An unknown program" in page
