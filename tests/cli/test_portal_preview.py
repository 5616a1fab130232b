"""`gatepost portal preview`: a page alone, in any language, with the brand's face and the operator's templates."""

import re

import pytest

from gatepost.cli import run

CONFIG = """
[gatepost]
data = "data"
hostname = "mx.market.example"
templates = "own"
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
[brand.meadow]
name = "Meadow"
title = "Meadow Help"
support = ["support@meadow.example"]
portal = "https://help.meadow.example"
logo = "logo.svg"
link_colour = "#0b5d1e"
"""


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")

    def show(*words, code=0):
        assert run(["portal", "preview", *words]) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return show


def test_a_page_stands_alone_with_the_brands_face(desk, tmp_path):
    page = desk("/account", "-c", "config.toml", "--brand", "meadow", "--lang", "de")
    assert "<title>Konto · Meadow Help</title>" in page and "--link: #0b5d1e" in page
    assert 'src="data:image/svg+xml;base64,' in page and not re.search(r'(?:src|href)="/(?:style|face)', page)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("/tickets/1001", "Calendar stays empty"), ("/tickets", "Calendar stays empty"), ("/rate/{token}", "Êtes-vous"),
        ("/sign-in/{token}", "ada@sample.example"), ("/account/address/{token}", "ada@work.example"),
        ("/account/delete", "Calendar"),
    ],
)  # fmt: skip
def test_pages_behind_links_and_with_numbers_are_shown_too(desk, page, said):
    html = desk(page, "--lang", "fr")
    assert said in html and '<html lang="fr">' in html


def test_a_page_is_shown_in_the_language_that_is_asked_for(desk):
    titles = {desk("/sign-in", "--lang", code).partition("<title>")[2].partition("<")[0] for code in ("en", "pl", "vi")}
    assert len(titles) == 3


def test_an_operators_template_is_shown(desk, tmp_path):
    (tmp_path / "own" / "portal").mkdir(parents=True)
    (tmp_path / "own" / "portal" / "base.html.j2").write_text("<p>Own {% block body %}{% endblock %}</p>")
    assert desk("/sign-in", "-c", "config.toml").startswith("<p>Own ")


def test_pages_are_listed_and_what_is_none_is_told(desk, tmp_path):
    paths = desk().split()
    assert {"/account", "/tickets/{number}", "/rate/{token}", "/sign-in"} <= set(paths)
    assert "there is no page /nowhere" in desk("/nowhere", code=70)
    assert "there is no brand none" in desk("/account", "--brand", "none", code=70)
    assert desk("/account", "-o", "page.html") == "" and "</html>" in (tmp_path / "page.html").read_text()
