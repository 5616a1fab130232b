"""A folder of bad configs: each is refused, with every mistake at once, as its .txt says word for word."""

import os
from pathlib import Path

import pytest

from gatepost.cli import run
from gatepost.config import load
from gatepost.errors import MistakesError

BAD = Path(__file__).with_name("bad")
MINIMAL = (Path(__file__).with_name("good") / "minimal.toml").read_text()


@pytest.fixture(autouse=True)
def a_key_in_the_environment(monkeypatch):
    monkeypatch.setenv("GATEPOST_TEST_KEY", "k" * 40)


@pytest.mark.catalogue("H11")
@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.toml")))
def test_a_bad_config_is_refused_word_for_word(name, monkeypatch):
    monkeypatch.chdir(BAD)
    with pytest.raises(MistakesError) as caught:
        load(Path(f"{name}.toml"))
    assert str(caught.value).replace(os.getcwd(), "…") + "\n" == (BAD / f"{name}.txt").read_text()


def test_there_are_enough_bad_ones():
    assert len(list(BAD.glob("*.toml"))) >= 40


def refused(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(MistakesError) as caught:
        load(path)
    return caught.value


@pytest.mark.catalogue("F02")
@pytest.mark.parametrize(
    "address",
    [
        r"a@b.example>\r\nRCPT TO:<c@d.example",
        "a@b.example,c@d.example",
        "a@b.example NOTIFY=NEVER",
        r"a@b.example\u0000",
        r"a\n@b.example",
        "a@b@c.example",
        "<a@b.example>",
        r"\"a b\"@c.example",
        "a@[127.0.0.1]",
        "a@-b.example",
        "a@b..example",
        "a" * 65 + "@b.example",
        " a@b.example",
    ],
)
def test_an_address_that_says_more_than_an_address_is_refused(tmp_path, address):
    error = refused(tmp_path, MINIMAL.replace("staff@office.example", address))
    assert [mistake.key for mistake in error.mistakes] == ["gatepost.staff"]
    assert error.mistakes[0].line == 4


@pytest.mark.catalogue("D32")
@pytest.mark.parametrize(
    "address",
    ["support@market.example", "Support+x@market.example", "postmaster@market.example", "x@reply.market.example"],
)
def test_we_never_write_to_ourselves(tmp_path, address):
    reply = '\n[reply_address]\nform = "subdomain"\ndomain = "reply.market.example"\n'
    error = refused(tmp_path, MINIMAL.replace("triage@office.example", address) + reply)
    assert [(mistake.key, mistake.line) for mistake in error.mistakes] == [("team.triage.address", 11)]


@pytest.mark.catalogue("K09")
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o640, 0o666])
def test_a_secret_that_others_can_read_is_refused(tmp_path, mode):
    secret = tmp_path / "password"
    secret.write_text("hunter2-secret\n")
    secret.chmod(mode)
    error = refused(tmp_path, MINIMAL + '\n[delivery]\nusername = "gatepost"\npassword = { file = "password" }\n')
    assert f"can be read by others (mode {mode:04o})" in str(error) and f"chmod 600 {secret}" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.catalogue("K09")
def test_a_secret_shows_in_no_repr(tmp_path):
    secret = tmp_path / "password"
    secret.write_text("hunter2-secret\n")
    secret.chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL + '\n[delivery]\nusername = "gatepost"\npassword = { file = "password" }\n')
    config = load(path)
    assert config.delivery.password is not None and config.delivery.password.read() == b"hunter2-secret"
    assert "hunter2" not in repr(config) + str(config) + repr(config.delivery.password) + config.model_dump_json()


@pytest.mark.catalogue("K09")
def test_a_password_written_into_the_config_is_not_shown_back(tmp_path):
    error = refused(tmp_path, MINIMAL + '\n[delivery]\nusername = "gatepost"\npassword = "hunter2-secret"\n')
    assert "does not stand in this file" in str(error) and "hunter2" not in str(error)


def test_a_key_of_systemd_may_have_the_mode_that_systemd_gives_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    secret = tmp_path / "reply-1"
    secret.write_text("k" * 32)
    secret.chmod(0o440)
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL + f'\n[reply_address.keys]\n1 = {{ file = "{secret}" }}\n')
    assert load(path).reply_address.keys["1"].read() == b"k" * 32


def test_a_short_key_is_refused_without_being_shown(tmp_path):
    secret = tmp_path / "key"
    secret.write_text("short-secret\n")
    secret.chmod(0o600)
    error = refused(tmp_path, MINIMAL + '\n[reply_address.keys]\n1 = { file = "key" }\n')
    assert "holds 12 bytes" in str(error) and "short-secret" not in str(error)


def test_a_key_of_a_certificate_that_everybody_reads_is_refused(tmp_path):
    for name in ("chain.pem", "key.pem"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o644)
    error = refused(tmp_path, MINIMAL + '\n[smtp]\ncertificate = "chain.pem"\nkey = "key.pem"\n')
    assert [mistake.key for mistake in error.mistakes] == ["smtp.key"]


def test_a_config_that_is_not_there_or_a_folder_is_one_mistake(tmp_path):
    for path, why in ((tmp_path / "none.toml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(MistakesError, match=why):
            load(path)


@pytest.mark.catalogue("H11")
def test_the_daemon_does_not_start_with_a_bad_config_and_makes_nothing(tmp_path, capsys):
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL + "\n[smtp]\nrecipients = 0\n")
    assert run(["run", "-c", str(path)]) == 78
    assert f"{path}:18: smtp.recipients: this must be at least 1" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]
