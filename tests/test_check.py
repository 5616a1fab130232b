"""`gatepost check` tells what is fine and what is not, starts nothing and changes nothing."""

import os
import socket
from pathlib import Path

import pytest

from gatepost.certificate import look_at_pair
from gatepost.check import State, check
from gatepost.cli import run
from gatepost.clock import Clock
from gatepost.config import load
from gatepost.core import DAY
from gatepost.errors import PermanentError
from gatepost.keys import audit_key
from gatepost.lock import DataLock, holder, prepare_data_folder
from gatepost.mail import catalogue

EXAMPLES = Path(__file__).parents[1] / "examples" / "marketplace"
MINIMAL = (Path(__file__).parent / "config" / "good" / "minimal.toml").read_text()


@pytest.fixture
def write(tmp_path):
    """Write a config with doors on free ports and `more` behind it; its path."""

    def write(more: str = "", smtp: str = 'listen = ["127.0.0.1:0"]') -> Path:
        path = tmp_path / "config.toml"
        path.write_text(f'{MINIMAL}\n[page]\nlisten = "127.0.0.1:0"\n\n[smtp]\n{smtp}\n{more}')
        return path

    return write


def found(path: Path, subject: str, now: int | None = None):
    findings = check(load(path), now or Clock().now())
    return [(finding.state, finding.seen) for finding in findings if finding.subject == subject]


def tree(folder: Path) -> list[tuple[str, int, int]]:
    facts = ((path, path.stat()) for path in sorted(folder.rglob("*")))
    return [(str(path), each.st_mtime_ns, each.st_mode) for path, each in facts]


def test_a_new_installation_can_start_and_nothing_is_changed(write, capsys, tmp_path):
    path = write()
    before = tree(tmp_path)
    assert run(["check", "-c", str(path)]) == 0
    out = capsys.readouterr().out
    assert (
        "! rules" in out
        and "there is no team 'billing'" in out
        and "✓ templates" in out
        and "gatepost can start." in out
    )
    assert "data will be made, with mode 0700" in out
    assert tree(tmp_path) == before


def test_a_bad_config_is_a_line_of_the_table_with_its_mistakes(write, capsys):
    path = write("idle_secons = 3\n")
    assert run(["check", "-c", str(path)]) == 78
    out = capsys.readouterr().out
    assert "✗ config       1 mistake" in out and "did you mean idle_seconds?" in out and "would not start" in out


def test_topics_that_would_keep_the_daemon_from_starting_are_told(write, tmp_path, capsys):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "topics.toml").write_text('[refund]\nhelp = "no name"\n')
    assert run(["check", "-c", str(write())]) == 78
    out = capsys.readouterr().out
    assert "✗ rules" in out and "topics.toml" in out and "refund" in out


def test_broken_rules_and_templates_are_told_side_by_side(write, tmp_path, capsys):
    path = write()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "50-own.toml").write_text("[[rule]\n")
    (tmp_path / "templates" / "mail" / "customer").mkdir(parents=True)
    (tmp_path / "templates" / "mail" / "customer" / "acknowledgement.en.txt.j2").write_text("Subject: x\n\n{% if %}\n")
    assert run(["check", "-c", str(path)]) == 78
    out = capsys.readouterr().out
    assert "✗ rules" in out and "50-own.toml:1" in out
    assert "✗ templates" in out and "acknowledgement.en.txt.j2" in out


def test_a_language_that_no_letter_has_is_worth_a_look(write, tmp_path):
    path = write()
    path.write_text(path.read_text().replace('name = "Extension Market"', 'name = "M"\nlanguages = ["en", "tlh"]'))
    ((state, _),) = found(path, "templates")
    assert state is State.LOOK


def test_words_of_an_operators_own_are_counted_and_their_mistakes_told(write, tmp_path, capsys):
    config = write()
    folder = tmp_path / "templates" / "locale" / "de"
    folder.mkdir(parents=True)
    try:
        (folder / "house.po").write_text(
            'msgid "Sign in"\nmsgstr "Zum Kundenbereich"\n\nmsgid "Sing out"\nmsgstr "Ab"\n'
        )
        assert run(["check", "-c", str(config)]) == 0
        told = capsys.readouterr().out
        assert "sentences of your own: de 2" in told and "(did you mean 'Sign out'?)" in told
        (folder / "house.po").write_text('msgid "Sign in"\nmsgstr "%(was)s"\n')
        assert run(["check", "-c", str(config)]) != 0
        assert "house.po:1: '%(was)s' wants %(was)s" in " ".join(capsys.readouterr().out.split())
    finally:
        catalogue.use({})


def test_each_letter_is_tried_with_sample_figures_as_text_and_as_html(write, tmp_path, capsys):
    path = write()
    folder = tmp_path / "templates" / "mail" / "customer"
    folder.mkdir(parents=True)
    (folder / "acknowledgement.en.txt.j2").write_text("Subject: x\n\nBuy now: https://shop.example/?ref=us\n")
    (folder / "answer.en.html.j2").write_text("<p>{{ customer.shoe_size }}</p>")
    assert found(path, "templates")[0][0] is State.LOOK
    run(["check", "-c", str(path)])
    out = capsys.readouterr().out
    assert "! templates" in out
    assert "acknowledgement.en.txt.j2:3: an automatic answer sells nothing, and this says “buy now” (en)" in out
    assert "links only to the brand's own pages, not to https://shop.example/?ref=us" in out
    assert "answer.en.html.j2:1: 'dict object' has no attribute 'shoe_size'" in out
    (tmp_path / "templates" / "upsell-words.txt").write_text("# nothing\n")
    run(["check", "-c", str(path)])
    assert "sells nothing" not in capsys.readouterr().out


def test_a_port_that_somebody_else_has_is_wrong(write):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        ((state, seen),) = found(write(smtp=f'listen = ["{taken}"]'), "smtp.listen")
    assert state is State.WRONG and taken in seen


def test_a_port_that_the_running_gatepost_has_is_fine(write, tmp_path):
    prepare_data_folder(tmp_path / "data")
    with DataLock(tmp_path / "data"), socket.create_server(("127.0.0.1", 0)) as ours:
        taken = f"127.0.0.1:{ours.getsockname()[1]}"
        ((state, seen),) = found(write(smtp=f'listen = ["{taken}"]'), "smtp.listen")
        assert state is State.FINE and f"process {os.getpid()}" in seen
    assert holder(tmp_path / "data") == 0


@pytest.mark.catalogue("M18")
def test_the_data_folder_is_ours_alone(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    prepare_data_folder(data)
    (data / "file").write_text("x")
    assert data.stat().st_mode & 0o777 == 0o700 and (data / "file").stat().st_mode & 0o777 == 0o600
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in data.iterdir() if folder.is_dir())


@pytest.mark.catalogue("M18")
def test_a_data_folder_open_to_others_is_told(write, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "desk.sqlite3").touch()
    data.chmod(0o755)
    (data / "desk.sqlite3").chmod(0o644)
    told = [seen for state, seen in found(write(), "data folder") if state is State.LOOK]
    assert len(told) == 1 and "data has mode 0755" in told[0] and "desk.sqlite3 has mode 0644" in told[0]


def test_a_data_folder_that_is_a_file_is_a_mistake(write, tmp_path, capsys):
    (tmp_path / "data").touch()
    assert run(["check", "-c", str(write())]) == 78
    assert "is not a folder" in capsys.readouterr().out


def test_a_full_disk_is_wrong(write):
    path = write(smtp='listen = ["127.0.0.1:0"]\nfree_octets = 1_000_000_000_000_000_000')
    (path.parent / "data").mkdir(mode=0o700)
    assert found(path, "data folder")[-1][0] is State.WRONG


@pytest.mark.catalogue("D32")
def test_a_vendor_whose_domain_became_ours_is_told(tmp_path, capsys):
    path = tmp_path / "config.toml"
    text = (EXAMPLES / "config.toml").read_text()
    path.write_text(text)
    assert run(["import", "vendors", str(EXAMPLES / "vendors.csv"), "-c", str(path)]) == 0
    assert found(path, "marketplace") == [(State.FINE, "6 vendors, 0 products")]
    path.write_text(text.replace('"support@harbor.example"', '"support@harbor.example", "support@kiln.example"'))
    assert found(path, "marketplace") == [(State.WRONG, "kiln: hello@kiln.example lies in our own domain: a loop")]


@pytest.mark.real("openssl")
def test_a_certificate_is_looked_at_as_a_client_would(write, make_certificate):
    chain, key = make_certificate()
    path = write(smtp=f'listen = []\ncertificate = "{chain}"\nkey = "{key}"')
    now = Clock().now()
    assert found(path, "certificate", now) == [(State.FINE, "mail.market.example, 29 days left")]
    assert found(path, "certificate", now + 20 * DAY) == [(State.LOOK, "mail.market.example, 9 days left")]


@pytest.mark.real("openssl")
def test_a_certificate_for_another_host_is_worth_a_look(write, make_certificate):
    chain, key = make_certificate("other.example")
    path = write(smtp=f'listen = []\ncertificate = "{chain}"\nkey = "{key}"')
    ((state, seen),) = found(path, "certificate")
    assert state is State.LOOK and "other.example" in seen


@pytest.mark.real("openssl")
def test_a_wildcard_covers_one_label(make_certificate):
    pair = look_at_pair(*make_certificate("*.market.example"))
    assert pair.covers("mail.market.example") and not pair.covers("a.mail.market.example")


@pytest.mark.real("openssl")
def test_a_key_of_another_certificate_is_wrong(write, make_certificate):
    chain, _ = make_certificate()
    _, key = make_certificate(name="other")
    path = write(smtp=f'listen = []\ncertificate = "{chain}"\nkey = "{key}"')
    ((state, seen),) = found(path, "certificate")
    assert state is State.WRONG and "key values mismatch" in seen


def test_what_is_no_certificate_is_told(tmp_path):
    for name in ("chain", "key"):
        (tmp_path / name).write_text("nonsense")
    with pytest.raises(PermanentError, match="cannot be used"):
        look_at_pair(tmp_path / "chain", tmp_path / "key")


@pytest.mark.parametrize("text", ["hunter2\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_dkim_key_that_is_none_keeps_the_daemon_from_starting(write, tmp_path, text):
    key = tmp_path / "dkim.pem"
    key.write_text(text)
    key.chmod(0o600)
    path = write(f'[delivery]\ndkim = {{ domain = "market.example", selector = "g1", key = {{ file = "{key}" }} }}\n')
    ((state, seen),) = found(path, "delivery.dkim")
    assert (state, "no private key" in seen) == (State.WRONG, True)


def test_a_key_that_others_can_read_keeps_the_daemon_from_starting(write, tmp_path):
    path = write()
    prepare_data_folder(tmp_path / "data")
    key = audit_key(tmp_path / "data")
    assert key and found(path, "keys") == []
    (tmp_path / "data" / "keys" / "audit").chmod(0o644)
    ((state, seen),) = found(path, "keys")
    assert (state, "can be read by others" in seen) == (State.WRONG, True)


def test_a_damaged_database_is_told_as_one(write, tmp_path):
    path = write()
    prepare_data_folder(tmp_path / "data")
    (tmp_path / "data" / "desk.sqlite3").write_bytes(b"no database" * 900)
    (finding,) = [each for each in check(load(path), Clock().now()) if each.subject == "marketplace"]
    assert finding.state is State.WRONG
    assert "restore the newest backup" in " ".join(finding.detail)


@pytest.mark.real("openssl")
def test_a_key_of_another_certificate_is_told(make_certificate):
    (one, _), (_, other) = make_certificate(name="one"), make_certificate(name="other")
    with pytest.raises(PermanentError, match="mismatch") as refused:
        look_at_pair(one, other)
    assert "another certificate" in refused.value.hint
