"""`gatepost keys`: keys of the data folder, made once, rotated, refused where others can read them."""

import pytest

from gatepost import keys
from gatepost.cli import run
from gatepost.config import find, load
from gatepost.core.audit import Act, Action, operator
from gatepost.core.letter import Arrival, Envelope
from gatepost.core.reply_address import Purpose, read, sign
from gatepost.errors import PermanentError
from gatepost.keys import KeyName
from gatepost.links import For, LinkError, Links
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.vault import Purpose as Sealing
from gatepost.vault import Unopened

CONFIG = """
[gatepost]
hostname = "mail.market.example"
staff = "leads@office.example"
data = "{data}"
[delivery]
smarthost = "127.0.0.1:2526"
[authentication]
mode = "off"
[team.triage]
name = "Support"
address = "triage@office.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
"""


@pytest.fixture
def config(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(data=data))
    loaded = load(find(str(path)), secrets=False)
    build_house(loaded)
    open_database(loaded).close()
    return str(path)


@pytest.fixture
def data(config):
    return load(find(config), secrets=False).data


@pytest.mark.catalogue("K10")
def test_a_rotated_reply_key_signs_and_the_old_one_still_reads(config, data, capsys):
    section = load(find(config), secrets=False).reply_address
    old = keys.reply_keys(section, data)
    token, link = sign(old, Purpose.REPLY, 1001, 1), Links(old).sign(For.VIEW, (1001, 1), 2_000_000_000_000)
    assert run(["keys", "rotate", "reply", "-c", config]) == 0
    new = keys.reply_keys(section, data)
    assert new.current == 2 and set(new.secrets) == {1, 2}
    assert read(new, token).ticket == 1001
    assert Links(new).read(For.VIEW, link, 1_000) == (1001, 1)
    assert read(old, sign(new, Purpose.REPLY, 1001, 1)) is None
    assert "Put it into your backup" in capsys.readouterr().out


@pytest.mark.catalogue("K10")
def test_a_rotated_seal_seals_anew_and_the_old_one_still_opens(config, data):
    old = keys.vault(data)
    sealed = old.seal(Sealing.RAW, "arrival 1", b"words")
    assert run(["keys", "rotate", "seal", "-c", config]) == 0
    new = keys.vault(data)
    assert new.open(Sealing.RAW, "arrival 1", sealed) == b"words"
    again = new.seal(Sealing.RAW, "arrival 1", b"words")
    assert again.key == 2
    with pytest.raises(Unopened, match="sealed with key 2"):
        old.open(Sealing.RAW, "arrival 1", again)
    db = open_database(load(find(config), secrets=False))
    try:
        rows = db.read_now(lambda tx: tx.rows("SELECT action, object FROM audit"))
        assert [tuple(row) for row in rows] == [("key.rotated", "key seal")]
    finally:
        db.close()


def test_links_of_a_key_that_was_taken_away_are_none_of_ours_any_more(config, data):
    section = load(find(config), secrets=False).reply_address
    link = Links(keys.reply_keys(section, data)).sign(For.VIEW, (1001, 1), 2_000_000_000_000)
    keys.rotate(data, KeyName.REPLY)
    (data / "keys" / "reply").unlink()
    with pytest.raises(LinkError):
        Links(keys.reply_keys(section, data)).read(For.VIEW, link, 1_000)


@pytest.mark.catalogue("K09")
@pytest.mark.parametrize("name", ["reply", "seal", "audit"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused_with_what_to_do(config, data, name, mode, capsys):
    path = data / "keys" / name
    path.chmod(mode)
    reader = {
        "reply": lambda: keys.reply_keys(load(find(config), secrets=False).reply_address, data),
        "seal": lambda: keys.vault(data),
        "audit": lambda: keys.audit_key(data),
    }[name]
    with pytest.raises(PermanentError, match=f"can be read by others \\(mode {mode:04o}\\)") as refused:
        reader()
    assert f"chmod 600 {path}" in refused.value.hint
    assert run(["keys", "check", "-c", config]) == 78
    assert str(path) in capsys.readouterr().out


@pytest.mark.catalogue("K09")
def test_keys_are_made_for_their_owner_alone_and_never_shown(config, data, capsys):
    assert {path.stat().st_mode & 0o777 for path in (data / "keys").iterdir()} == {0o600}
    assert (data / "keys").stat().st_mode & 0o777 == 0o700
    assert run(["keys", "list", "-c", config]) == 0
    shown = capsys.readouterr().out
    secrets = [path.read_text() for path in (data / "keys").iterdir()]
    objects = (
        keys.vault(data),
        keys.reply_keys(load(find(config), secrets=False).reply_address, data),
        build_house(load(find(config), secrets=False)),
    )
    for secret in secrets:
        assert secret not in shown
        assert not any(
            secret in repr(each) or secret in repr(vars(each) if hasattr(each, "__dict__") else "") for each in objects
        )
    assert {"reply", "seal", "audit"} <= set(shown.split())


@pytest.mark.catalogue("K10")
def test_a_sealing_key_that_is_lost_is_told(config, data, capsys):
    db = open_database(load(find(config), secrets=False))
    db.write_now(
        lambda tx: tx.run(
            """INSERT INTO arrival (id, door, spool, received, mail_from, recipients, peer, helo, size, outcome, tries,
                 cause) VALUES (1, 'smtp', 1, 1, '', '[]', '', '', 0, 'opened', 0, '')"""
        )
    )
    db.write_now(lambda tx: tx.run("INSERT INTO sealed_raw (arrival, key, octets, at) VALUES (1, 7, X'00', 1)"))
    db.close()
    assert run(["keys", "check", "-c", config]) == 78
    assert "key seal 7 is gone" in capsys.readouterr().out


def test_a_sound_house_has_sound_keys(config, capsys):
    assert run(["keys", "check", "-c", config]) == 0
    assert "all fine" in capsys.readouterr().out


def test_the_audit_key_is_not_rotated(data):
    with pytest.raises(PermanentError, match="not rotated"):
        keys.rotate(data, KeyName.AUDIT)


@pytest.mark.catalogue("L07", "K07")
def test_a_mail_as_it_came_is_opened_for_a_reason_that_stays(config, data, capsysbinary):
    loaded = load(find(config), secrets=False)
    house, db = build_house(loaded), open_database(loaded)
    try:
        raw = b"From: a@b.example\r\nTo: support@market.example\r\nSubject: x\r\nMessage-ID: <1@b>\r\n\r\nuser: a\r\npassword: Gr3en!Canary7\r\n"
        arrival = Arrival(
            id=1,
            received=1_793_610_000_000,
            envelope=Envelope(mail_from="a@b.example", recipients=("support@market.example",)),
            raw=raw,
        )
        db.write_now(lambda tx: handle(tx, house, arrival, read_letter(raw), arrival.received))
    finally:
        db.close()
    assert run(["secrets", "open", "1", "-c", config]) == 64
    assert b"Canary7" not in capsysbinary.readouterr().out
    assert run(["secrets", "open", "1", "--reason", "the sender asked", "-c", config]) == 0
    assert capsysbinary.readouterr().out == raw
    assert run(["audit", "list", "-c", config]) == 0
    said = capsysbinary.readouterr().out
    assert b"mail.raw-opened" in said and b"the sender asked" in said


@pytest.mark.catalogue("K10")
@pytest.mark.parametrize(("name", "what"), [("seal", "2 sealed texts"), ("reply", "2 tickets"), ("audit", "1 rows")])
def test_a_key_that_is_lost_is_not_made_anew_behind_the_operators_back(config, data, capsys, name, what):
    loaded = load(find(config), secrets=False)
    hang_something(loaded)
    (data / "keys" / name).unlink()
    with pytest.raises(PermanentError, match=f"{name} is gone, and .*{what}") as told:
        build_house(loaded)
    assert f"gatepost keys rotate {name}" in told.value.hint
    if name == "seal":
        assert run(["secrets", "open", "1", "--reason", "to look", "-c", config]) != 0
    assert not (data / "keys" / name).exists()
    assert run(["keys", "check", "-c", config]) == 78
    assert what in capsys.readouterr().out
    assert run(["keys", "rotate", name, "-c", config]) == 0
    house = build_house(loaded)
    assert run(["keys", "list", "-c", config]) == 0
    if name == "seal":
        assert house.vault.current == 5, "an id that lost keys have had would open nothing and say so of nothing"
        assert run(["keys", "check", "-c", config]) == 78
        assert "key seal 4 is gone" in capsys.readouterr().out


def hang_something(loaded):
    """A ticket, a row of the audit log, and texts sealed by two keys."""
    house, db = build_house(loaded), open_database(loaded)
    raw = (
        b"From: a@b.example\r\nTo: support@market.example\r\nSubject: Login\r\n\r\nuser: a\r\npassword: Gr3en!Leaf\r\n"
    )
    envelope = Envelope(mail_from="a@b.example", recipients=("support@market.example",))
    try:
        for number in (1, 2):
            arrival = Arrival(
                id=number, received=1_000 * number, envelope=envelope, raw=raw.replace(b"Login", b"Login%d" % number)
            )
            db.write_now(lambda tx, arrival=arrival: handle(tx, house, arrival, read_letter(arrival.raw), 5_000))
        db.write_now(lambda tx: tx.run("UPDATE sealed_raw SET key = 4 WHERE arrival = 2"))
        act = Act(actor=operator("root"), action=Action.KEY_ROTATED, object="key reply")
        db.write_now(lambda tx: house.audit.write(tx, act, 1_000))
    finally:
        db.close()


def test_keys_are_told_before_the_first_start(tmp_path, capsys):
    path = tmp_path / "config.toml"
    (tmp_path / "data").mkdir(mode=0o700)
    path.write_text(CONFIG.format(data=tmp_path / "data"))
    assert run(["keys", "list", "-c", str(path)]) == 0
    assert run(["keys", "check", "-c", str(path)]) == 0
