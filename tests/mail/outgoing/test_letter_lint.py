"""`gatepost templates check` finds what loading a letter cannot (A2)."""

from pathlib import Path

import pytest

from gatepost import cli
from gatepost.core.party import Brand
from gatepost.errors import MistakesError
from gatepost.mail.letter_lint import lint
from gatepost.mail.templates import Letters
from gatepost.mail.upsell import read

SHIPPED = Path(__file__).parents[3] / "templates" / "mail"

BRAND = Brand(
    slug="m",
    name="Market",
    support=("s@market.example",),
    portal="https://help.market.example",
    privacy="https://market.example/privacy",
)


def put(folder: Path, name: str, source: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return folder


def found(folder: Path) -> list[str]:
    return [str(mistake) for mistake in lint(Letters(folder, folder), BRAND)]


def test_the_shipped_letters_are_sound(letters):
    assert lint(letters, BRAND) == []


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (
            "Buy more: https://shop.evil.example/",
            "3: an automatic answer links only to the brand's own pages, not to https://shop.evil.example/",
        ),
        ("https://market.example/x?utm_source=mail", "3: an automatic answer carries no affiliate mark: utm_source"),
        ("https://help.market.example/x?a=1&REF=7", "3: an automatic answer carries no affiliate mark: REF"),
        ("{{ customer.nmae }}", "3: 'dict object' has no attribute 'nmae'"),
        ("{% if first %}{{ product.nothing }}{% endif %}", "3: 'dict object' has no attribute 'nothing'"),
    ],
)
def test_a_mistake_in_an_acknowledgement_is_told_with_its_line(tmp_path, line, mistake):
    put(tmp_path, "customer/acknowledgement.en.html.j2", "<p>x</p>")
    assert found(put(tmp_path, "customer/acknowledgement.en.txt.j2", f"Subject: x\n\n{line}\n")) == [
        f"customer/acknowledgement.en.txt.j2:{mistake}"
    ]


@pytest.mark.parametrize(
    ("markup", "mistake"),
    [
        ('<img src="https://t.example/p.gif">', "1: a letter loads nothing, and this does: src="),
        ('<p style="background:url(https://x.example)">', "1: a letter loads nothing, and this does: url("),
        ("<a href='javascript:alert(1)'>x</a>", "a link goes nowhere: javascript:alert(1)"),
        ('<a href="">x</a>', "a link goes nowhere: an empty href"),
    ],
)
def test_markup_that_loads_or_runs_is_told_in_every_letter(tmp_path, markup, mistake):
    put(tmp_path, "customer/answer.en.txt.j2", "Subject: x\n\n{{ words }}\n")
    told = found(put(tmp_path, "customer/answer.en.html.j2", markup))
    assert any(one.endswith(mistake) for one in told) and all("customer/answer.en.html.j2" in one for one in told)


def test_other_letters_may_link_elsewhere_and_a_missing_form_is_told(tmp_path):
    put(tmp_path, "customer/answer.en.txt.j2", "Subject: x\n\nhttps://elsewhere.example {{ words }}\n")
    assert found(tmp_path) == ["customer/answer.en.txt.j2: it has no HTML form (add customer/answer.en.html.j2)"]


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
"""


def test_the_command_tells_what_it_found(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["templates", "check"]) == 0
    shipped = len(Letters(None, SHIPPED).all())
    assert capsys.readouterr().out == f"{shipped} letters are sound\n"
    put(tmp_path, "config.toml", CONFIG)
    put(tmp_path, "own/mail/customer/acknowledgement.en.txt.j2", "Subject: x\n\nhttps://evil.example\n")
    assert cli.run(["templates", "check", "-c", "config.toml"]) == 1
    assert capsys.readouterr().out.startswith("customer/acknowledgement.en.txt.j2:3: an automatic answer links only")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Subject: x\n\nA SPECIAL\nOFFER for you.\n", ["special offer"]),
        ("Subject: Buy now\n\nThank you.\n", ["buy now"]),
        ("Subject: x\n\nWe discounted nothing, and this is no resale.\n", []),
    ],
)
def test_an_acknowledgement_that_sells_is_told(tmp_path, text, said):
    put(tmp_path, "customer/acknowledgement.en.html.j2", "<p>x</p>")
    put(tmp_path, "customer/acknowledgement.en.txt.j2", text)
    found = lint(Letters(tmp_path, tmp_path), BRAND, read(SHIPPED.parent, None))
    assert [mistake.message for mistake in found] == [
        f"an automatic answer sells nothing, and this says “{word}” (en)" for word in said
    ]


def test_markup_hides_no_word_and_other_letters_may_sell(tmp_path):
    put(tmp_path, "customer/acknowledgement.en.txt.j2", "Subject: x\n\nx\n")
    put(tmp_path, "customer/acknowledgement.en.html.j2", "<p>A special <b>offer</b>: R&amp;D discount</p>")
    put(tmp_path, "customer/answer.en.txt.j2", "Subject: x\n\nYour discount: 20.\n")
    put(tmp_path, "customer/answer.en.html.j2", "<p>Your discount</p>")
    found = lint(Letters(tmp_path, tmp_path), BRAND, read(SHIPPED.parent, None))
    assert [(mistake.file, mistake.line) for mistake in found] == [
        ("customer/acknowledgement.en.html.j2", 0),
        ("customer/acknowledgement.en.html.j2", 1),
    ]


def test_the_shipped_acknowledgements_sell_nothing_in_any_language(letters):
    assert lint(letters, BRAND, read(SHIPPED.parent, None)) == []


def test_the_operators_list_replaces_ours_and_a_bad_one_is_refused_with_its_line(tmp_path):
    put(tmp_path, "upsell-words.txt", "# ours\n\ncheap\n")
    own = read(SHIPPED.parent, tmp_path)
    assert (own.said("Cheap, cheap and a special offer"), own.said("cheaper")) == (("cheap",), ())
    put(tmp_path, "upsell-words.txt", "")
    assert read(SHIPPED.parent, tmp_path).said("special offer") == ()
    put(tmp_path, "upsell-words.txt", f"good\n{'x' * 101}\n")
    with pytest.raises(MistakesError, match=r"upsell-words.txt:2: this is longer than 100 characters"):
        read(SHIPPED.parent, tmp_path)
