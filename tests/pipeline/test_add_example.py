"""A real ticket becomes an example of a rule: what is private is replaced, and the rule still does what it did."""

import tomllib
from pathlib import Path

import pytest

from gatepost.cli import run
from gatepost.core.rules.examples import failed_examples
from gatepost.mail.private import without_close, without_private

from .test_backtest import CONFIG

JANE = "Jane Roe <jane@customer.example>"
OWN = """\
# Licences go to billing.
[[rule]]
name = "licence key"
when = { pattern = '(?P<key>[A-Z]{4}-\\d{4}-[A-Z0-9]{4})', ticket = "new" }
then = { route = "team", team = "billing", stop = true }

[[rule.hit]]
text = "My key is ABCD-1234-EF56."

# The last one of this rule.
[[rule.miss]]
text = "I have no key."

[[rule]]
name = "behind it"
when = { words = "zebra" }
then = { flags = "zebra" }
[[rule.hit]]
text = "zebra"
[[rule.miss]]
text = "horse"
"""
BODY = """Hello, my key QWER-9876-ZX12 does not work on https://jane-tea.example.com/wp-admin for Jane.
Call me: +49 170 1234567. jane.roe@customer.example

Thank you, Jane Roe"""


@pytest.fixture
def filed(market, compose_mail, tmp_path: Path):
    """A ticket that the operator's own rule has routed."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "35-licence.toml").write_text(OWN)
    assert market.house.rulebook.reload().changed
    market.arrive(compose_mail(JANE, "Shipping Labels of Jane", BODY))
    assert market.ticket().team == "billing"
    return market


def add_example(tmp_path: Path, *options: str) -> int:
    return run(["rules", "add-example", "-c", str(tmp_path / "config.toml"), *options])


def test_the_example_is_printed_without_what_is_private(filed, tmp_path: Path, capsys) -> None:
    assert add_example(tmp_path, "1001") == 0
    printed = capsys.readouterr().out
    example = tomllib.loads(printed.replace("rule.hit", "hit"))["hit"][0]
    assert set(example) == {"subject", "text", "fields"}
    assert example["fields"] == {"key": "ABCD-6789-AB34"}
    assert example["subject"] == "Shipping Labels of Jo"
    for private in ("Jane", "jane", "QWER", "9876", "170", "tea"):
        assert private not in printed
    assert "my key ABCD-6789-AB34 does not work on https://shop.example/ for Jo." in example["text"]
    assert example["text"].endswith("customer@shop.example")


def test_it_is_written_into_the_operators_file_and_all_else_stays(filed, tmp_path: Path, capsys) -> None:
    assert add_example(tmp_path, "1001", "--write") == 0
    text = (tmp_path / "rules" / "35-licence.toml").read_text()
    first, second = tomllib.loads(text)["rule"]
    assert (len(first["hit"]), len(second["hit"])) == (2, 1)
    assert [line for line in OWN.splitlines() if line not in text.splitlines()] == []
    assert filed.house.rulebook.reload().changed
    assert failed_examples(filed.house.rulebook.book) == []
    assert "has one more example of a hit" in capsys.readouterr().out


def test_a_mail_becomes_an_example_that_a_rule_leaves_alone(filed, compose_mail, tmp_path: Path, capsys) -> None:
    assert filed.arrive(compose_mail("Eddie <eddie@customer.example>", "Shipping Labels", "No zebra key.")) == "opened"
    assert add_example(tmp_path, "1002", "--rule", "licence key", "--miss", "--write") == 0
    rule = tomllib.loads((tmp_path / "rules" / "35-licence.toml").read_text())["rule"][0]
    assert rule["miss"][-1]["text"] == "No zebra key."
    capsys.readouterr()
    assert add_example(tmp_path, "1002", "--rule", "behind it", "--miss") == 70
    assert "would match the rule 'behind it'" in capsys.readouterr().err
    assert add_example(tmp_path, "1002", "--rule", "licence key") == 70
    assert "would miss the rule 'licence key'" in capsys.readouterr().err


def test_what_the_rule_looks_at_is_said_and_nothing_else(filed, compose_mail, tmp_path: Path, capsys) -> None:
    assert filed.arrive(compose_mail("Eddie <eddie@customer.example>", "Shipping Labels", "They jam.")) == "opened"
    assert add_example(tmp_path, "1002") == 0
    example = tomllib.loads(capsys.readouterr().out)["rule"]["hit"][0]
    assert example == {"subject": "Shipping Labels", "text": "They jam.", "standing": "expired"}


def test_a_shipped_file_is_not_written_into(filed, compose_mail, tmp_path: Path, capsys) -> None:
    filed.arrive(compose_mail(JANE, "Shipping Labels", "They jam."))
    assert add_example(tmp_path, "1002", "--write") == 70
    assert "is one of ours, in 80-vendor.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("77",), "there is no ticket 77"),
        (("1001", "--arrival", "99"), "has no such mail"),
        (("1001", "--rule", "nobody"), "there is no rule 'nobody'"),
    ],
)
def test_what_is_not_there_is_told(filed, tmp_path: Path, options, said, capsys) -> None:
    assert add_example(tmp_path, *options) == 70
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Write to anna.bell@tea-shop.co.uk, please.", "Write to customer@shop.example, please."),
        ("See https://tea.shop/a?b=c#d, and tea-shop.de/x.", "See https://shop.example/ and shop.example"),
        ("żółw@sklep.pl", "customer@shop.example"),
        ("Order 5512 of version 2.1.3, in functions.php", "Order 1234 of version 2.1.3, in functions.php"),
        ("IBAN DE89370400440532013000", "IBAN AB34567890123456789012"),
        ("Anna Bell, anna BELL's, Schoenbell", "Jo, Jo's, Schoenbell"),
        ("password: hunter2hunter2", "password: [••••••]"),
        (
            "Ring 06\u00a012\u00a034\u00a056, 0117–496–0000 or ٠١٢٣٤٥.",
            "Ring 12\u00a045\u00a078\u00a001, 1234–678–0123 or 123456.",
        ),
        ("An error, said Bo; bo and AN are words.", "An error, said Jo; bo and AN are words."),
        ("The price of the plugin is 49 EUR.", "The price of the plugin is 49 EUR."),
    ],
)
def test_what_is_private_is_replaced_by_its_like(text: str, wanted: str) -> None:
    assert without_private(text, ["Anna Bell", "Bo"]) == wanted


@pytest.mark.parametrize(
    "close",
    [
        "Kind regards,\nRoe & Daughters\n14 Canal Walk\nBristol BS1 4TT",
        "Mit freundlichen Grüßen\nRoe GmbH\n\nHafenstr. 12\n20095 Hamburg\nSitz: Hamburg, HRB 12",
        "Cordialement, Luc Roe\n3 rue du Bac",
        "Z poważaniem\nRoe sp. z o.o.",
        "Trân trọng,\nCông ty Roe, quận 3",
    ],
    ids=["en", "de", "fr", "pl", "vi"],
)
def test_what_stands_below_the_close_is_left_out(close: str) -> None:
    assert without_close(f"The printer is on fire.\n\n{close}") == "The printer is on fire."


@pytest.mark.parametrize(
    "text",
    [
        "Thanks\nit works now",
        "It broke.\nThanks for nothing, the printer burns again",
        "Kind regards are not wanted here.\nThe printer burns.",
        "Best regards\n" + "a line\n" * 20 + "the end",
        "",
    ],
    ids=["the first line", "a sentence", "more words behind it", "far from the end", "nothing"],
)
def test_what_is_no_close_stays(text: str) -> None:
    assert without_close(text) == text


def test_a_rule_that_needs_the_close_keeps_it(filed, compose_mail, tmp_path: Path, capsys) -> None:
    text = "It fails.\n\nKind regards\nmy key is QWER-9876-ZX12"
    filed.arrive(compose_mail("Eddie <eddie@customer.example>", "Shipping Labels", text))
    assert add_example(tmp_path, "1002") == 0
    assert "ABCD-6789-AB34" in capsys.readouterr().out


def test_replacing_costs_what_the_text_is_long() -> None:
    for hostile in ("a" * 300_000 + "@", "1-" * 150_000, "a." * 150_000, "Anna " * 60_000):
        assert len(without_private(hostile, ["Anna Bell"])) <= 262_144
