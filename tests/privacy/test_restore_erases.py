"""`gatepost restore` brings back a backup from before an erasure, and the person stays erased (L05)."""

import pytest
from tests.cli.test_keys_command import CONFIG
from tests.privacy.conftest import ADDRESS, NAME, WORD, found_in, mail, run

from gatepost import cli
from gatepost.app import build_house, open_database
from gatepost.clock import Clock
from gatepost.config import find, load
from gatepost.core.letter import Arrival, Envelope
from gatepost.mail.parse import read_letter
from gatepost.pipeline import handle
from gatepost.privacy.control import Privacy
from gatepost.store import erasure

NOW = 1_793_610_000_000


@pytest.mark.catalogue("L05")
def test_a_person_who_was_erased_after_the_backup_is_erased_again_by_the_restore(tmp_path, capsys):
    data, path = tmp_path / "data", tmp_path / "config.toml"
    data.mkdir(mode=0o700)
    path.write_text(CONFIG.format(data=data))
    config = load(find(str(path)), secrets=False)
    house, db = build_house(config), open_database(config)
    raw = mail(f"{NAME} <{ADDRESS}>", f"A question {WORD}", f"Do you {WORD}?").encode()
    envelope = Envelope(mail_from=ADDRESS, recipients=("support@market.example",))
    arrival = Arrival(id=1, received=NOW, envelope=envelope, raw=raw)
    db.write_now(lambda tx: handle(tx, house, arrival, read_letter(raw), NOW))
    db.close()
    assert cli.run(["backup", str(tmp_path / "backups"), "-c", str(path)]) == 0
    (backup,) = (tmp_path / "backups").iterdir()
    assert cli.run(["person", "erase", ADDRESS, "--yes", "-c", str(path)]) == 0
    assert not found_in(data)
    assert found_in(backup)
    assert cli.run(["restore", str(backup), "--yes", "-c", str(path)]) == 0
    assert "erased again, as since the backup: 1 person" in capsys.readouterr().out
    assert cli.run(["person", "show", ADDRESS, "-c", str(path)]) != 0
    db = open_database(config)
    try:
        assert db.read_now(erasure.unfinished)
        assert run(Privacy(db=db, house=build_house(config), clock=Clock()).go_on()) == 1
        assert db.read_now(house.audit.verify) is None
    finally:
        db.close()
    assert not found_in(data)
