"""What a good config gives, where it is looked for, and that example and documentation say what the model says."""

import re
import tomllib
from pathlib import Path
from typing import get_args, get_origin

import pytest

from gatepost.config import Config, endpoint, find, load
from gatepost.config.example import MARK, example, reference
from gatepost.errors import PermanentError

ROOT = Path(__file__).parents[2]
MINIMAL = Path(__file__).with_name("good") / "minimal.toml"


def test_the_minimal_config_has_every_default():
    config = load(MINIMAL)
    assert config.smtp.message_octets == 26_214_400 and config.delivery.tls == "opportunistic"
    assert config.brands()[0].domain == "market.example"
    assert config.teams()["triage"].address == "triage@office.example"
    assert config.domains() == {"market.example"}


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL.read_text())
    monkeypatch.chdir("/")
    config = load(path)
    assert config.data == tmp_path / "data"
    assert config.gatepost.rules == str(tmp_path / "rules")
    assert config.gatepost.templates == str(tmp_path / "templates")


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.read_bytes().replace(b"\n", b"\r\n"))
    assert load(path).gatepost.hostname == "mail.market.example"


def test_a_config_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load(MINIMAL).gatepost.readers = 2


def test_what_comes_in_here_is_known():
    config = load(MINIMAL)
    ours = (
        "support@market.example",
        "SUPPORT@Market.Example",
        "support+abc@market.example",
        "postmaster@market.example",
    )
    assert all(config.receives(address) for address in ours)
    assert not any(config.receives(address) for address in ("ada@market.example", "support@other.example", "supporter"))


def test_the_config_given_comes_first_then_the_variable_then_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEPOST_CONFIG", raising=False)
    if not Path("/etc/gatepost/config.toml").exists():
        with pytest.raises(PermanentError, match="there is no config"):
            find()
    (tmp_path / "config.toml").touch()
    assert find() == Path("config.toml")
    monkeypatch.setenv("GATEPOST_CONFIG", "/named/config.toml")
    assert find() == Path("/named/config.toml")
    assert find("given.toml") == Path("given.toml")


@pytest.mark.parametrize(
    ("text", "found"),
    [("127.0.0.1:25", ("127.0.0.1", 25)), ("[::1]:25", ("::1", 25)), ("mx.example:0", ("mx.example", 0))],
)
def test_an_endpoint_is_host_and_port(text, found):
    assert endpoint(text) == found


@pytest.mark.parametrize("text", ["25", ":25", "mx:", "mx:smtp", "::1:25", "mx:65536", "a b:25", "mx:٢٥"])
def test_what_is_no_endpoint_is_refused(text):
    with pytest.raises(ValueError, match="HOST:PORT"):
        endpoint(text)


def test_the_example_is_written_from_the_model():
    assert (ROOT / "config.example.toml").read_text() == example(), "make docs writes it anew"


def test_the_example_loads_as_it_is():
    config = load(ROOT / "config.example.toml")
    assert set(config.team) == {"triage", "billing"}


def test_every_key_stands_in_the_example_with_its_default():
    live = re.sub(r"(?m)^# (\w+ = |\[(?:imap|role|staff|away|route))", r"\1", example())
    raw = tomllib.loads(live)
    for table, field in Config.model_fields.items():
        named = get_origin(field.annotation) is dict
        section = next(iter(raw[table].values())) if named else raw[table]
        model = get_args(field.annotation)[1] if named else field.annotation
        assert set(section) == set(model.model_fields), table
    config = load(ROOT / "config.example.toml")
    assert raw["smtp"]["message_octets"] == config.smtp.message_octets
    assert tuple(raw["delivery"]["backoff_minutes"]) == config.delivery.backoff_minutes
    assert raw["limits"] == config.limits.model_dump() and raw["clock"] == config.clock.model_dump()


def test_every_key_has_a_sentence():
    for field in Config.model_fields.values():
        model = field.annotation if isinstance(field.annotation, type) else field.annotation.__args__[1]
        for name, key in getattr(model, "model_fields", {}).items():
            assert key.description and key.description.endswith("."), name


def test_the_documentation_has_the_tables_of_the_model():
    assert (ROOT / "docs" / "config.md").read_text().endswith(MARK + reference()), "make docs writes it anew"
