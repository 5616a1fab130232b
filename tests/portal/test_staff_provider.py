"""Staff sign in by their own OpenID provider: listed people only, with the roles of their table or of their groups."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey

from gatepost.cli import run
from gatepost.config import SsoSection, StaffSsoSection
from gatepost.core.staff import ROLES
from gatepost.portal.app import Portal
from gatepost.store import audit

from .conftest import BASE, JANE, Browser, forms_of
from .identity_provider import IdentityProvider
from .staff_desk import Floor
from .test_access import CONFIG

VERA = "vera@staff.example"
START, BACK = "/staff/sign-in-with", "/staff/sign-in-with/back"


@pytest.fixture
def floor(market):
    return Floor(market)


@pytest.fixture
def provider(floor):
    there = IdentityProvider(floor.clock.now)
    yield there
    there.close()


@pytest.fixture
def opened(floor, provider):
    """Browsers of a portal whose staff come by the provider; a test adds to the section, and to the counter."""

    def make(*, counter=(), **keys):
        section = StaffSsoSection(issuer=provider.issuer, name="Orchard ID", client_id="staff", **keys)
        floor.market.house._group_roles, floor.market.house._roles = section.roles, ROLES
        parts = replace(floor.portal.counter, staff_sso=section, **dict(counter))
        app = Portal(parts).app
        return lambda: Browser(app)

    return make


def there(browser, wanted=""):
    return browser.get(START, params={"next": wanted}).headers["location"]


def come_back(browser, provider, wanted="", **claims):
    return browser.get(provider.sign_in(there(browser, wanted), **{"email": VERA, **claims}))


def staff_sessions(floor):
    return floor.market.rows("SELECT * FROM session WHERE kind = 'staff'")


def entries(floor):
    assert floor.market.db.read_now(floor.market.house.audit.verify) is None
    return [(row.action, row.details.text if row.details else "") for row in
            floor.market.db.read_now(lambda tx: list(audit.entries(tx)))]  # fmt: skip


def test_the_button_leads_to_the_provider_and_the_second_one_signs_in(floor, provider, opened):
    browser = opened()()
    page = browser.get("/staff/sign-in")
    assert "Sign in with Orchard ID" in page.text and 'type="email"' in page.text
    asked = parse_qs(urlsplit(there(browser)).query)
    assert asked["redirect_uri"] == [BASE + BACK] and asked["client_id"] == ["staff"]
    assert asked["code_challenge_method"] == ["S256"]
    back = come_back(browser, provider, "/staff/vendors")
    assert back.status_code == 200 and "Hello Vera Lind" in back.text and staff_sessions(floor) == []
    entered = browser.submit(back)
    assert (entered.status_code, entered.headers["location"]) == (303, "/staff/vendors")
    assert browser.get("/staff/vendors").status_code == 200
    assert browser.get("/staff/quarantine").status_code == 403
    (one,) = entries(floor)
    assert one[0] == "staff.signed-in" and '"way":"sso"' in one[1].replace(" ", "")


def test_what_the_provider_proved_opens_one_session(floor, provider, opened):
    browser = opened()()
    page = come_back(browser, provider)
    kept = dict(browser.cookies)
    assert browser.submit(page).status_code == 303
    browser.cookies.update(kept)
    assert browser.submit(page).status_code == 410 and len(staff_sessions(floor)) == 1


@pytest.mark.catalogue("I12")
def test_who_is_not_listed_is_nobody_here_whatever_groups_they_have(floor, provider, opened):
    browser = opened(roles={"bosses": ("admin",)})()
    for address in (JANE, "vera@elsewhere.example", "vera+x@staff.example"):
        back = come_back(browser, provider, email=address, groups=["bosses"])
        assert back.status_code == 403 and "nobody of staff here has your address" in back.text
        assert not [form for form in forms_of(back.text) if "proof" in form["fields"]]
    assert staff_sessions(floor) == [] and entries(floor) == []


@pytest.mark.catalogue("I12", "J07")
def test_groups_give_roles_in_place_of_the_table_s(floor, provider, opened):
    door = opened(roles={"leads": ("lead",), "support": ("agent",)})
    lead, agent = door(), door()
    assert lead.submit(come_back(lead, provider, groups=["all", "leads"])).status_code == 303
    assert agent.submit(come_back(agent, provider, email="ada@staff.example", groups="support")).status_code == 303
    assert lead.get("/staff/quarantine").status_code == 200 and "/staff/quarantine" in lead.get("/staff/queue").text
    assert agent.get("/staff/audit").status_code == 403 and "/staff/audit" not in agent.get("/staff/queue").text
    assert floor.staff("ada").get("/staff/audit").status_code == 200


@pytest.mark.catalogue("J05")
def test_a_group_that_loses_its_role_loses_it_at_the_next_page(floor, provider, opened):
    browser = opened(roles={"leads": ("lead",)})()
    browser.submit(come_back(browser, provider, groups=["leads"]))
    assert browser.get("/staff/quarantine").status_code == 200
    floor.market.house._group_roles = {"leads": ("agent",)}
    assert browser.get("/staff/quarantine").status_code == 403 and browser.get("/staff/queue").status_code == 200
    floor.market.house._group_roles = {"others": ("admin",)}
    assert browser.get("/staff/queue").status_code == 403


@pytest.mark.parametrize("groups", [None, [], ["others"], "lead", {"leads": 1}, 7, [["leads"]], "leads,others"])
def test_who_is_in_no_group_with_a_role_stays_outside(floor, provider, opened, groups):
    browser = opened(roles={"leads": ("lead",)})()
    refused = browser.submit(come_back(browser, provider, groups=groups))
    assert refused.status_code == 403 and "none of your groups has a role" in refused.text
    assert staff_sessions(floor) == []
    (one,) = entries(floor)
    assert one[0] == "staff.refused" and "no group of theirs" in one[1]


@pytest.mark.catalogue("I05")
@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False}, {"email_verified": None}, {"email": None}, {"email": [VERA]}, {"aud": "portal"},
        {"iss": "https://evil.example"}, {"azp": "portal"}, {"nonce": "other"}, {"exp": 1},
    ],
)  # fmt: skip
def test_what_the_provider_does_not_prove_signs_nobody_in(floor, provider, opened, claims):
    back = come_back(opened()(), provider, **claims)
    assert back.status_code == 403 and "That did not work" in back.text and staff_sessions(floor) == []


def test_a_token_of_another_key_signs_nobody_in(floor, provider, opened):
    provider.key = ECKey.generate_key("P-256")
    assert come_back(opened()(), provider).status_code == 403 and staff_sessions(floor) == []


@pytest.mark.catalogue("I07")
def test_what_the_customers_provider_proves_opens_no_door_of_staff(floor, provider, opened):
    """The same provider even, with a client for each: trips, proofs and codes of one door are none at the other."""
    customers = SsoSection(issuer=provider.issuer, name="Shop ID", client_id="portal")
    browser = opened(counter={"sso": customers})()
    theirs = provider.sign_in(browser.get("/sign-in/with").headers["location"], email=VERA)
    assert browser.get(f"{BACK}?{urlsplit(theirs).query}").status_code == 404
    ours = provider.sign_in(there(browser), email=JANE)
    assert browser.get(f"/sign-in/with/back?{urlsplit(ours).query}").status_code == 404
    page = browser.get(provider.sign_in(browser.get("/sign-in/with").headers["location"], email=JANE))
    proof = forms_of(page.text)[-1]["fields"]["proof"]
    own = come_back(browser, provider)
    assert browser.submit(own, proof=proof).status_code == 404
    assert browser.submit(page, proof=forms_of(own.text)[-1]["fields"]["proof"]).status_code == 404
    mixed = provider.sign_in(browser.get("/sign-in/with").headers["location"], email=VERA)
    state = parse_qs(urlsplit(provider.sign_in(there(browser))).query)["state"][0]
    code = parse_qs(urlsplit(mixed).query)["code"][0]
    assert browser.get(BACK, params={"code": code, "state": state}).status_code == 403
    assert floor.market.rows("SELECT * FROM session") == []


@pytest.mark.catalogue("I08")
def test_a_trip_of_another_browser_signs_nobody_in(floor, provider, opened):
    door = opened()
    mallory, victim = door(), door()
    path = provider.sign_in(there(mallory), email=VERA)
    victim.get("/staff/sign-in")
    assert victim.get(path).status_code == 404
    fields = forms_of(mallory.get(path).text)[-1]["fields"]
    assert victim.post(BACK, data=fields).status_code == 403 and staff_sessions(floor) == []


@pytest.mark.catalogue("I14")
@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/staff/../..//x", "/tickets"])
def test_the_way_on_leads_nowhere_else(floor, provider, opened, wanted):
    browser = opened()()
    assert browser.submit(come_back(browser, provider, wanted)).headers["location"] == "/staff/queue"


def test_who_was_taken_out_of_the_config_meanwhile_is_not_signed_in(floor, provider, opened):
    browser = opened()()
    page = come_back(browser, provider)
    floor.market.house.members = {}
    assert browser.submit(page).status_code == 410 and staff_sessions(floor) == []


def test_where_only_the_provider_lets_in_no_mail_and_no_code_does(floor, provider, opened):
    by_mail = Browser(floor.portal.app)
    assert by_mail.submit("/staff/sign-in", address=VERA).status_code == 200
    (letter,) = floor.market.sent("staff/sign-in")
    link = letter.text[letter.text.index(BASE) + len(BASE) :].split()[0]
    strict = opened(only=True)()
    assert forms_of(strict.get("/staff/sign-in").text) == [] and strict.get(link).status_code == 410
    strict.cookies.update(by_mail.cookies)
    page = by_mail.get("/staff/sign-in")
    strict.submit(page, address=VERA)
    assert len(floor.market.sent("staff/sign-in")) == 1


@pytest.mark.catalogue("J05")
def test_sessions_by_link_and_code_end_where_only_the_provider_lets_in_from_now_on(floor, provider, opened):
    secret = dict(floor.staff("ada").cookies)["__Host-gatepost-staff"]
    door = opened(only=True)
    before, after = door(), door()
    before.cookies.set("__Host-gatepost-staff", secret, domain="my.orchard.example")
    assert before.get("/staff/queue").headers["location"].startswith("/staff/sign-in")
    after.submit(come_back(after, provider))
    assert after.get("/staff/queue").status_code == 200


def test_what_is_not_set_up_is_not_there(floor):
    browser = floor.nobody()
    assert [browser.get(path).status_code for path in (START, BACK)] == [404, 404]
    assert "Sign in with" not in browser.get("/staff/sign-in").text


def test_a_provider_that_is_away_is_told_on_the_page(provider, opened):
    provider.gone = True
    answer = opened()().get(START)
    assert answer.status_code == 403 and "That did not work" in answer.text


STAFF = '[staff_sso]\nissuer = "https://id.example"\n'


@pytest.mark.parametrize(
    ("added", "told"),
    [
        (STAFF, "staff_sso.issuer: there is an issuer, but no client_id"),
        (STAFF + 'client_id = "x"\nscopes = ["email"]\n', "staff_sso.scopes: without openid"),
        (STAFF + 'client_id = "x"\nroles = { leads = ["led"] }\n', "staff_sso.roles.leads: there is no role led"),
        ("[staff_sso]\nonly = true\n", "staff_sso.only: no member of staff could sign in"),
        (
            STAFF + 'client_id = "x"\n[sso]\nissuer = "https://id.example/"\nclient_id = "x"\n',
            "staff_sso.client_id: customers and staff would come by the same client",
        ),
    ],
)
def test_a_config_that_lets_in_nobody_or_anybody_is_refused(tmp_path, monkeypatch, capsys, added, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG + added)
    assert run(["staff", "list", "-c", "config.toml"]) == 78
    assert told in capsys.readouterr().err
