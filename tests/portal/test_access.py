"""Who may have an account (P5): everybody, a list with invitations, single sign-on, and who comes from the shop."""

import base64
import hmac
import json
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gatepost.cli import run
from gatepost.config import ShopSignInSection, SsoSection
from gatepost.config.section import Secret
from gatepost.core.audit import operator
from gatepost.portal.app import Portal
from gatepost.portal.sign_in.entrance import Proved
from gatepost.portal.sign_in.invitations import Fate, invite
from gatepost.store import accounts, parties

from .conftest import BASE, JANE, Browser, forms_of, link_in
from .identity_provider import IdentityProvider

NEW = "new@elsewhere.example"


@pytest.fixture
def provider(clock):
    there = IdentityProvider(clock.now)
    yield there
    there.close()


@pytest.fixture
def opened(site):
    """Browsers of a portal whose config a test changes."""

    def make(*, access="everyone", **sections):
        portal = site.counter.portal.model_copy(update={"access": access})
        return lambda: Browser(Portal(replace(site.counter, portal=portal, **sections)).app)

    return make


@pytest.fixture
def sso(opened, provider, tmp_path):
    secret = tmp_path / "client-secret"
    secret.write_text("hush")
    secret.chmod(0o600)
    section = SsoSection(
        issuer=provider.issuer, name="Orchard ID", client_id="portal", client_secret=Secret(file=str(secret))
    )
    return opened(access="sso", sso=section)


def sessions(market):
    return market.rows("SELECT * FROM session WHERE kind = 'customer'")


def there(browser, wanted=""):
    return browser.get("/sign-in/with", params={"next": wanted}).headers["location"]


def test_everybody_may_sign_in_where_the_portal_is_open(market, opened):
    browser = opened()()
    browser.submit("/sign-in", address=NEW)
    assert browser.submit(link_in(market, NEW)).status_code == 303
    assert market.db.read_now(lambda tx: parties.customer_of(tx, NEW)) is not None


@pytest.mark.catalogue("I15")
def test_by_list_only_customers_and_invited_people_get_a_link_and_the_page_does_not_tell(market, opened):
    door = opened(access="list")
    answers = [door().submit("/sign-in", address=address).text.replace(address, "X") for address in (JANE, NEW)]
    assert answers[0] == answers[1]
    assert [one.to for one in market.sent("customer/sign-in")] == [JANE]
    market.db.write_now(lambda tx: accounts.invite(tx, NEW, 1))
    door().submit("/sign-in", address=NEW)
    assert [one.to for one in market.sent("customer/sign-in")] == [JANE, NEW]


def test_invitations_go_once_to_each(market, clock):
    brand = next(iter(market.house.brands.values()))
    people = [
        Proved(address=NEW, name="Nora", language="fr"), Proved(address=NEW.upper().replace("EXAMPLE", "example")),
        Proved(address="support@orchard.example"), Proved(address="nonsense"), Proved(address=JANE),
    ]  # fmt: skip
    done = market.db.write_now(lambda tx: invite(tx, market.house, brand, people, operator("root"), clock.at))
    assert [one.fate for one in done] == [Fate.INVITED, Fate.BEFORE, Fate.OURS, Fate.NO_ADDRESS, Fate.INVITED]
    letters = market.sent("customer/invitation")
    assert [one.to for one in letters] == [NEW, JANE] and f"{BASE}/sign-in" in letters[0].text
    assert "Bonjour Nora," in letters[0].text and "Hello Jane," in letters[1].text
    acts = [row["action"] for row in market.rows("SELECT action FROM audit")]
    assert acts == ["customer.invited"] * 2


def test_the_provider_proves_an_address_and_the_button_signs_in(market, sso, provider):
    browser = sso()
    page = browser.get("/sign-in")
    assert "Sign in with Orchard ID" in page.text and 'type="email"' not in page.text
    url = there(browser, "/account")
    asked = parse_qs(urlsplit(url).query)
    assert asked["redirect_uri"] == [f"{BASE}/sign-in/with/back"] and asked["code_challenge_method"] == ["S256"]
    back = browser.get(provider.sign_in(url, email=NEW, name="Nora", locale="fr-FR"))
    assert back.status_code == 200 and NEW in back.text and sessions(market) == []
    assert provider.forms[0]["client_secret"] == "hush"
    entered = browser.submit(back)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account")
    customer = market.db.read_now(lambda tx: parties.customer_of(tx, NEW))
    assert (customer.name, customer.language) == ("Nora", "fr")
    assert browser.get("/account").status_code == 200
    (entry,) = market.rows("SELECT * FROM audit WHERE action = 'customer.signed-in'")
    assert entry is not None
    assert browser.submit(back).status_code in (403, 410) and len(sessions(market)) == 1


def test_where_only_the_provider_lets_in_no_mail_does(market, sso, opened):
    browser = sso()
    form = forms_of(opened()().get("/sign-in").text)
    assert form and forms_of(browser.get("/sign-in").text) == []
    browser.get("/sign-in")
    visit = browser.cookies["__Host-gatepost-visit"]
    by_mail = opened()()
    by_mail.cookies.set("__Host-gatepost-visit", visit, domain="my.orchard.example")
    fields = forms_of(by_mail.get("/sign-in").text)[0]["fields"]
    assert browser.post("/sign-in", data={**fields, "address": JANE}).status_code == 200
    assert market.sent("customer/sign-in") == []
    (asked,) = market.rows("SELECT dropped FROM sign_in")
    assert asked["dropped"] == "accounts are for who comes by single sign-on"


@pytest.mark.catalogue("I05")
@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email": None},
        {"email": "nonsense"}, {"email": ["a@b.example"]}, {"iss": "https://evil.example"}, {"aud": "somebody"},
        {"azp": "somebody"}, {"nonce": "other"}, {"nonce": None}, {"exp": 1}, {"exp": None},
        {"email": "support@orchard.example"},
    ],
)  # fmt: skip
def test_what_the_provider_does_not_prove_signs_nobody_in(market, sso, provider, claims):
    browser = sso()
    back = browser.get(provider.sign_in(there(browser), **claims))
    assert back.status_code == 403 and "That did not work" in back.text and sessions(market) == []


@pytest.mark.catalogue("I05")
@pytest.mark.parametrize("forged", ["other key", "none", "public key as secret"])
def test_an_id_token_that_another_has_signed_is_refused(market, sso, provider, forged):
    if forged == "other key":
        provider.key = ECKey.generate_key("P-256")
    elif forged == "none":
        provider.forge = lambda pem, said: with_public_key(pem, said).replace(
            "eyJhbGciOiAiSFMyNTYi", "eyJhbGciOiAibm9uZSIg"
        )
    else:
        provider.forge = with_public_key
    browser = sso()
    path = provider.sign_in(there(browser))
    assert browser.get(path).status_code == 403 and sessions(market) == []


@pytest.mark.catalogue("I08")
def test_a_trip_that_another_browser_began_signs_nobody_in(market, sso, provider):
    mallory, victim = sso(), sso()
    path = provider.sign_in(there(mallory))
    victim.get("/sign-in")
    assert victim.get(path).status_code == 404
    page = mallory.get(path)
    fields = forms_of(page.text)[-1]["fields"]
    own = forms_of(victim.get("/sign-in/with/back").text)
    assert own == [] and victim.post("/sign-in/with/back", data=fields).status_code == 403
    assert sessions(market) == []


@pytest.mark.catalogue("I03")
def test_a_trip_takes_ten_minutes_at_most(market, sso, provider, clock):
    browser = sso()
    path = provider.sign_in(there(browser))
    clock.at += 10 * 60_000
    assert browser.get(path).status_code == 410


@pytest.mark.catalogue("I14")
@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil", "/%0d%0aX", "/a?b", "evil"])
def test_a_trip_leads_to_our_own_pages_only(market, sso, provider, wanted):
    browser = sso()
    page = browser.get(provider.sign_in(there(browser, wanted)))
    assert browser.submit(page).headers["location"] == "/tickets"


def test_a_provider_that_is_away_is_told_on_the_page(market, sso, provider):
    provider.gone = True
    answer = sso().get("/sign-in/with")
    assert answer.status_code == 403 and "That did not work" in answer.text


def test_what_is_not_set_up_is_not_there(opened):
    browser = opened()()
    paths = ("/sign-in/with", "/sign-in/with/back", "/sign-in/shop/x")
    assert [browser.get(path).status_code for path in paths] == [404, 404, 404]


def word(key, algorithm="HS256", **claims):
    said = {"iss": "shop", "aud": "portal", "jti": "1", "email": NEW, **claims}
    return jwt.encode({"alg": algorithm}, {k: v for k, v in said.items() if v is not None}, key, algorithms=[algorithm])


def with_public_key(pem, said):
    """A token whose secret is a public key: what a library takes that lets the token choose the algorithm."""
    parts = [json.dumps(one).encode() for one in ({"alg": "HS256", "typ": "JWT"}, said)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (text + b"." + base64.urlsafe_b64encode(hmac.digest(pem, text, "sha256")).rstrip(b"=")).decode()


SHARED = OctKey.import_key(b"s" * 32)


@pytest.fixture
def shop(opened, tmp_path):
    def make(public=None, **options):
        path = tmp_path / "key"
        path.write_bytes(public.as_pem(private=False) if public else b"s" * 32)
        path.chmod(0o600)
        key = {"public_key": str(path)} if public else {"secret": Secret(file=str(path))}
        return opened(shop_sign_in=ShopSignInSection(issuer="shop", audience="portal", **key), **options)

    return make


def times(clock, lives=120, ago=0):
    now = clock.at // 1000 - ago
    return {"iat": now, "exp": now + lives}


@pytest.mark.catalogue("I02")
def test_the_shops_word_signs_in_once(market, shop, clock):
    door = shop()
    path = f"/sign-in/shop/{word(SHARED, name='Nora', **times(clock))}"
    browser = door()
    page = browser.get(path)
    assert NEW in page.text and sessions(market) == []
    assert browser.submit(page).headers["location"] == "/tickets" and len(sessions(market)) == 1
    second = door()
    assert second.submit(second.get(path)).status_code == 410 and len(sessions(market)) == 1


@pytest.mark.parametrize(("kind", "algorithm"), [("Ed25519", "Ed25519"), ("P-256", "ES256"), (2048, "RS256")])
def test_the_shop_may_sign_by_a_key_of_its_own(market, shop, clock, kind, algorithm):
    maker = {"Ed25519": OKPKey, "ES256": ECKey, "RS256": RSAKey}[algorithm]
    key = maker.generate_key(kind)
    browser = shop(public=key)()
    assert browser.submit(f"/sign-in/shop/{word(key, algorithm, **times(clock))}").status_code == 303
    said = {"iss": "shop", "aud": "portal", "jti": "2", "email": NEW, **times(clock)}
    assert browser.get(f"/sign-in/shop/{with_public_key(key.as_pem(private=False), said)}").status_code == 404


@pytest.mark.catalogue("I03", "I05")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"aud": "other"}, 404), ({"aud": None}, 404), ({"iss": "evil"}, 404), ({"email": None}, 404),
        ({"email": "nonsense"}, 403), ({"jti": None}, 404), ({"exp": None}, 404), ({"iat": None}, 404),
        ({"lives": 3601}, 404), ({"ago": 181}, 410), ({"ago": 179}, 200), ({"email": "support@orchard.example"}, 403),
    ],
)  # fmt: skip
def test_a_word_that_is_not_sound_signs_nobody_in(market, shop, clock, change, status):
    when = times(clock, change.pop("lives", 120), change.pop("ago", 0))
    browser = shop()()
    assert browser.get(f"/sign-in/shop/{word(SHARED, **{**when, **change})}").status_code == status
    assert browser.get(f"/sign-in/shop/{word(OctKey.import_key(b'x' * 32), **when)}").status_code == 404


def test_the_shops_word_opens_no_account_that_the_list_does_not(market, shop, clock):
    browser = shop(access="list")()
    assert browser.get(f"/sign-in/shop/{word(SHARED, **times(clock))}").status_code == 403
    assert browser.get(f"/sign-in/shop/{word(SHARED, email=JANE, jti='2', **times(clock))}").status_code == 200


@pytest.mark.catalogue("I05")
def test_the_shops_word_names_an_address_and_a_language_and_nothing_beside_them(market, shop, clock):
    browser = shop()()
    odd = word(SHARED, email=f" {JANE}\n", locale="\r\n", **times(clock))
    assert browser.submit(f"/sign-in/shop/{odd}").status_code == 303
    assert market.rows("SELECT count(*) AS n FROM customer WHERE address LIKE '%jane@%'")[0]["n"] == 1
    ours = word(SHARED, email=" support@orchard.example", jti="2", **times(clock))
    assert shop()().get(f"/sign-in/shop/{ours}").status_code == 403
    new = word(SHARED, jti="3", locale="\r\n", **times(clock))
    assert shop()().submit(f"/sign-in/shop/{new}").status_code == 303
    assert market.db.read_now(lambda tx: parties.customer_of(tx, NEW)).language == ""


CONFIG = """
[gatepost]
data = "data"
hostname = "mx.market.example"
staff = "staff@market.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@desk.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
portal = "https://help.market.example"
"""


def test_the_command_invites_a_list(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "people.csv").write_text("address,name\nann@x.example,Ann\nbob@x.example,\nnonsense,\n")
    assert run(["portal", "invite", "people.csv", "-c", "config.toml"]) == 65
    said = capsys.readouterr()
    assert said.out == "2 invited, 1 no address\n" and said.err == "nonsense: no address\n"
    assert run(["portal", "invite", "ann@x.example", "-c", "config.toml"]) == 0
    assert capsys.readouterr().out == "1 invited before\n"
    assert run(["outbox", "list", "-c", "config.toml"]) == 0
    assert capsys.readouterr().out.count("customer/invitation") == 2
    assert run(["portal", "invite", "ann@x.example", "--brand", "none", "-c", "config.toml"]) != 0


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('[portal]\naccess = "sso"\n', "portal.access: nobody could sign in"),
        (
            'sign_in = ["shop"]\n',
            "brand.market.sign_in: nobody could sign in at https://help.market.example: none of shop",
        ),
        ('[sso]\nissuer = "https://id.example"\n', "sso.issuer: there is an issuer, but no client_id"),
        ('[sso]\nissuer = "https://id.example"\nclient_id = "x"\nscopes = ["email"]\n', "sso.scopes: without openid"),
        ('[shop_sign_in]\nissuer = "s"\naudience = "p"\n', "shop_sign_in.issuer: the shop's word needs one key"),
        ('[shop_sign_in]\nissuer = "s"\npublic_key = "no.pem"\n', "shop_sign_in.public_key: there is no file"),
    ],
)
def test_a_config_that_lets_nobody_in_is_refused(tmp_path, monkeypatch, capsys, added, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG + added)
    assert run(["portal", "invite", "ann@x.example", "-c", "config.toml"]) == 78
    assert told in capsys.readouterr().err


def test_the_provider_is_asked_for_itself_once(market, sso, provider):
    browser = sso()
    began = time.monotonic()
    there(browser)
    provider.gone = True
    assert there(browser).startswith(provider.issuer) and time.monotonic() - began < 10
