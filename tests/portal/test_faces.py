"""A brand's face by the host (P9): title, logo, favicon, colours, legal links; an operator's template before ours."""

import re
from dataclasses import replace

import pytest

from gatepost.cli import run
from gatepost.portal.app import Portal, open_counter

from .conftest import BASE, Browser
from .test_access import CONFIG

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
OTHER = "https://hilfe.meadow.example"


@pytest.fixture
def two(market, clock, tmp_path):
    """Two storefronts at two hosts; the second has a face of its own, and the operator a template."""
    for name in ("logo.svg", "dark.svg", "icon.svg"):
        (tmp_path / name).write_bytes(SVG + name.encode())
    (tmp_path / "pages").mkdir()
    first = next(iter(market.house.brands.values()))
    market.house.brands["meadow"] = replace(
        first, slug="meadow", name="Meadow", title="Meadow Hilfe", languages=("de",), portal=OTHER, colour="#ffe000",
        link_colour="#0b5d1e", link_colour_dark="#a8f0b8", logo=str(tmp_path / "logo.svg"),
        logo_dark=str(tmp_path / "dark.svg"), favicon=str(tmp_path / "icon.svg"),
        imprint="https://meadow.example/imprint", terms="https://meadow.example/terms",
        knowledge_base="https://meadow.example/kb",
    )  # fmt: skip
    portal = Portal(open_counter(market.house, market.db, clock, tmp_path / "pages"))

    def browse(base=BASE):
        return Browser(portal.app, base_url=base)

    browse.read_again = lambda: portal.counter.faces.read(market.house.brands.values())
    return browse


def test_each_host_shows_its_own_brand(two):
    ours, other = two().get("/sign-in").text, two(OTHER).get("/sign-in").text
    assert "<title>Sign in · Orchard Extensions</title>" in ours and "<img" not in ours and 'rel="icon"' not in ours
    assert "<title>Anmelden · Meadow Hilfe</title>" in other and '<html lang="de">' in other
    for link in ("imprint", "terms", "kb"):
        assert f'href="https://meadow.example/{link}"' in other and f"meadow.example/{link}" not in ours


@pytest.mark.catalogue("G05", "G09")
def test_pictures_come_from_our_own_origin_and_run_nothing(two):
    browser = two(OTHER)
    page = browser.get("/sign-in").text
    paths = re.findall(r'(?:src|srcset|href)="(/face/[^"]+)"', page)
    assert len(paths) == 3 and not re.search(r'src="(?!/)', page)
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200 and answer.content.startswith(SVG)
        assert answer.headers["content-type"] == "image/svg+xml" and "immutable" in answer.headers["cache-control"]
        policy = answer.headers["content-security-policy"]
        assert (
            "default-src 'none'" in policy
            and "sandbox" in policy
            and answer.headers["x-content-type-options"] == "nosniff"
        )
    assert browser.get("/face/../../etc/passwd").status_code == 404
    assert browser.get("/face/0123456789abcdef.svg").status_code == 404


def test_a_picture_that_has_changed_is_shown_after_a_reload(two, tmp_path):
    def logo():
        return re.search(r'src="(/face/\w+\.svg)"', two(OTHER).get("/sign-in").text)[1]

    old = logo()
    (tmp_path / "logo.svg").write_bytes(SVG + b"new")
    assert logo() == old
    two.read_again()
    assert logo() != old and two(OTHER).get(logo()).content == SVG + b"new"
    assert two(OTHER).get(old).content == SVG + b"logo.svg"  # a page that was on its way finds what it names
    kept = logo()
    (tmp_path / "logo.svg").unlink()
    two.read_again()
    assert logo() == kept and two(OTHER).get(kept).status_code == 200


def test_the_stylesheet_has_the_brands_colours_and_can_be_read(two):
    def style(browser):
        page = browser.get("/sign-in").text
        return browser.get(re.search(r'href="(/style/[^"]+)"', page)[1]).text

    ours, other = style(two()), style(two(OTHER))
    assert "--brand: #3858e9" in ours and "--brand-ink: #ffffff" in ours
    assert "--brand: #ffe000" in other and "--brand-ink: #000000" in other
    assert "--link: #0b5d1e" in other and "--link: #a8f0b8" in other
    assert "--brand-edge: var(--ink)" in other.partition("@media")[0] and "--brand-edge: #ffe000" in other


def test_an_operators_template_goes_before_ours_file_by_file(two, tmp_path):
    (tmp_path / "pages" / "sign-in.html.j2").write_text(
        '{% extends "base.html.j2" %}{% block title %}Own{% endblock %}{% block body %}<p>Own {{ brand.name }}</p>{% endblock %}'
    )
    browser = two()
    page = browser.get("/sign-in")
    assert "<p>Own Orchard Extensions</p>" in page.text and "Skip to the content" in page.text
    assert browser.get("/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('link_colour = "#ff8800"', "brand.market.link_colour: #ff8800 has a contrast of 2.2 on the page; to be read"),
        ('link_colour_dark = "#303030"', "brand.market.link_colour_dark: #303030 has a contrast of 1."),
        ('logo = "no.svg"', "brand.market.logo: there is no file"),
        ('logo = "logo.txt"', "brand.market.logo: logo.txt is no picture that browsers show there"),
        ('favicon = "big.png"', "brand.market.favicon: big.png has 70,000 octets"),
    ],
)
def test_a_face_that_cannot_be_shown_or_read_is_refused_with_what_would_do(tmp_path, monkeypatch, capsys, line, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.txt").write_text("x")
    (tmp_path / "big.png").write_bytes(b"x" * 70_000)
    (tmp_path / "config.toml").write_text(f"{CONFIG}{line}\n")
    assert run(["portal", "invite", "a@x.example", "-c", "config.toml"]) == 78
    said = capsys.readouterr().err
    assert told in said and f"config.toml:{len(CONFIG.splitlines()) + 1}" in said
    assert "colour" not in line or re.search(r"#[0-9a-f]{6} would do", said)
