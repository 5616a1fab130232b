"""The account by hand in a real browser, and every page of a customer in every language on a small phone."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gatepost.mail.catalogue import LANGUAGES
from gatepost.store import parties

from .conftest import JANE, Street, hindrances

pytestmark = pytest.mark.real("chromium")

EDDIE = "eddie@customer.example"
WORK = "eddie@work.example"
_WIDER = """() => [...document.querySelectorAll('body *')].filter(
    e => !e.closest('.skip') && e.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(e).position !== 'absolute'
).map(e => e.outerHTML.slice(0, 120)).concat(
    document.documentElement.scrollWidth > innerWidth ? ['the page: ' + document.documentElement.scrollWidth] : [])"""


@pytest.fixture
def world(tmp_path):
    street = Street(tmp_path, languages=LANGUAGES)
    yield street
    street.close()


def look(page, name):
    """Keep a picture where somebody wants to look at them: GATEPOST_PICTURES names a folder."""
    if folder := os.environ.get("GATEPOST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_an_account_from_its_first_day_to_its_last(world, person):
    eddie = person(width=390)
    world.sign_in(eddie, EDDIE)
    eddie.get_by_role("link", name="Account").click()
    assert hindrances(eddie) == []
    look(eddie, "account-phone")

    eddie.get_by_label("Your name").fill("Eddie Example")
    eddie.get_by_label("Language of pages and mails").select_option("fr")
    eddie.get_by_label("Time zone").select_option("Asia/Tokyo")
    eddie.get_by_role("button", name="Save").first.click()
    expect(eddie.get_by_role("status")).to_have_text("C’est enregistré.")
    expect(eddie.locator("html")).to_have_attribute("lang", "fr")

    eddie.get_by_label("Ajouter une adresse").fill(WORK)
    eddie.get_by_role("button", name="Envoyer le mail").click()
    expect(eddie.get_by_role("status")).to_contain_text("Un mail est en route")
    eddie.goto(world.link("customer/add-address", WORK))
    assert hindrances(eddie) == []
    eddie.get_by_role("button", name="Ajouter cette adresse").click()
    expect(eddie.get_by_role("button", name=f"Retirer {WORK}")).to_be_visible()

    with eddie.expect_download() as download:
        eddie.get_by_role("button", name="Télécharger vos données").click()
    assert download.value.suggested_filename == "orchard.zip"

    eddie.get_by_role("link", name="Supprimer le compte").click()
    assert hindrances(eddie) == []
    eddie.get_by_role("checkbox").check()
    eddie.get_by_role("button", name="Supprimer le compte").click()
    expect(eddie.get_by_role("heading", level=1)).to_have_text("Votre compte est supprimé")
    eddie.goto(f"{world.base}/account")
    assert "/sign-in" in eddie.url


def test_no_page_is_wider_than_a_small_phone_in_any_language(world, person):
    world.arrive(JANE, "Checkout Composer", "The checkout stays empty since yesterday.")
    jane = person(width=320)
    world.sign_in(jane)
    paths = ("/tickets", "/tickets/new", "/tickets/1001", "/account", "/account/delete", "/account/log-ins")
    wide = []
    for language in LANGUAGES:
        world.db.write_now(
            lambda tx, code=language: parties.set_profile(
                tx, parties.customer_of(tx, JANE).id, name="Jane", language=code, zone="Europe/Paris"
            )
        )
        for path in paths:
            jane.goto(f"{world.base}{path}")
            expect(jane.locator("html")).to_have_attribute("lang", language)
            wide += [f"{language} {path}: {one}" for one in jane.evaluate(_WIDER)]
            look(jane, f"{language}{re.sub(r'/', '-', path)}")
    assert wide == []


def test_nothing_on_the_account_page_hinders_people_by_day_or_night(world, person):
    for dark in (False, True):
        jane = person(dark=dark)
        world.sign_in(jane)
        for path in ("/account", "/account/delete"):
            jane.goto(f"{world.base}{path}")
            assert hindrances(jane) == []
            look(jane, f"desktop{path.replace('/', '-')}-{'dark' if dark else 'light'}")
        jane.context.clear_cookies()
        jane.goto(f"{world.base}/sign-in")
        assert hindrances(jane) == []
