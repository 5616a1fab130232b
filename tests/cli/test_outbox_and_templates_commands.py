"""gatepost outbox, gatepost breaker and gatepost templates preview, as an operator calls them."""

from pathlib import Path

import pytest

from gatepost.cli import EX_OK, run


@pytest.mark.parametrize(("options", "holds"), [
    ((), "Subject: "), (("--lang", "de"), "Guten Tag"), (("--html",), "<!doctype html>"), (("--raw",), "Message-ID: "),
])  # fmt: skip
def test_a_letter_is_shown_with_sample_figures(capfdbinary, options, holds):
    assert run(["templates", "preview", "rating", *options]) == EX_OK
    assert holds.encode() in capfdbinary.readouterr().out


def test_a_letter_that_is_not_there_is_told(capsys):
    assert run(["templates", "preview", "no-such-letter"]) != EX_OK
    assert "no such letter" in capsys.readouterr().err


@pytest.fixture
def config(tmp_path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'[gatepost]\ndata = "{tmp_path / "data"}"\nhostname = "mail.market.example"\nstaff = "staff@office.example"\n'
        '[authentication]\nauthserv_id = "mail.market.example"\n[team.triage]\nname = "T"\naddress = "t@office.example"\n'
        '[brand.market]\nname = "Market"\nsupport = ["support@market.example"]\n'
    )
    return file


def test_an_empty_outbox_and_no_breaker_are_told_and_nothing_is_done_to_what_is_not_there(config, capsys):
    assert run(["breaker", "close", "@loop.example", "-c", str(config)]) != EX_OK
    assert "no circuit breaker" in capsys.readouterr().err
    assert run(["outbox", "list", "-c", str(config)]) == EX_OK
    assert "Nothing waits." in capsys.readouterr().out
    assert run(["breaker", "list", "-c", str(config)]) == EX_OK
    assert "No circuit breaker is open." in capsys.readouterr().out
    for command in (["retry", "7"], ["drop", "7", "--reason", "x"], ["show", "7"]):
        assert run(["outbox", *command, "-c", str(config)]) != EX_OK
        assert "there is no mail 7" in capsys.readouterr().err
