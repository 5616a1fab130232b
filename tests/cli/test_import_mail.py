"""`gatepost import-mail` on the command line: every kind of archive, again and again, dry, cut off."""

import mailbox
import os
from contextlib import closing
from email import message_from_bytes
from pathlib import Path

import pytest

from gatepost.cli import run
from gatepost.config import load
from gatepost.ingress.archive import Archive
from gatepost.parts import open_database

EXAMPLES = Path(__file__).parents[2] / "examples" / "marketplace"
DAY = 86_400_000
FIRST = 1_735_725_600_000  # 2025-01-01T10:00:00Z


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text((EXAMPLES / "config.toml").read_text())
    return path


def written(number: int, *, cites: int | None = None, people: int = 3) -> bytes:
    day = f"{number % 28 + 1:02} Jan 2025"
    lines = [
        f"Received: from a by b; {day} 10:00:00 +0000",
        f"From: person{(number if cites is None else cites) % people}@customer.example",
        "To: support@orchard.example",
        f"Subject: {'Re: ' if cites is not None else ''}question {number if cites is None else cites}",
        f"Date: {day} 09:59:00 +0000",
        f"Message-ID: <{number}@old.example>",
        *([f"In-Reply-To: <{cites}@old.example>"] if cites is not None else []),
        "",
        f"Words of {number}",
        "From here on",
        "",
    ]
    return "\n".join(lines).encode()


MAILS = [written(0), written(1), written(2, cites=0), written(3, cites=1), written(4)]


def maildir(folder: Path, mails) -> Path:
    box = mailbox.Maildir(folder)
    for each in mails:
        box.add(each)
    return folder


def mbox(path: Path, mails) -> Path:
    box = mailbox.mbox(path)
    for each in mails:
        box.add(message_from_bytes(each))
    box.close()
    return path


def folder_of_eml(folder: Path, mails) -> Path:
    (folder / "deep").mkdir(parents=True)
    for number, each in enumerate(mails):
        (folder / "deep" / f"{number}.eml").write_bytes(each)
    return folder


def importing(config, *arguments) -> int:
    return run(["import-mail", *map(str, arguments), "-c", str(config)])


def rows(config, sql):
    db = open_database(load(config, secrets=False))
    try:
        return [dict(row) for row in db.read_now(lambda tx: tx.rows(sql))]
    finally:
        db.close()


@pytest.mark.parametrize("write", [maildir, mbox, folder_of_eml])
def test_every_kind_of_archive_becomes_closed_tickets(config, tmp_path, capsys, write):
    archive = write(tmp_path / "archive", reversed(MAILS))
    assert importing(config, archive) == 0
    out = capsys.readouterr().out
    assert "found              5" in out and "5 mails are in; nothing was sent to anybody." in out
    assert "opened             3" in out and "continued          2" in out
    tickets = rows(config, "SELECT * FROM ticket ORDER BY number")
    assert [ticket["subject"] for ticket in tickets] == ["question 0", "question 1", "question 4"]
    assert {ticket["state"] for ticket in tickets} == {"closed"}
    assert [ticket["filed"] for ticket in tickets] == [FIRST, FIRST + DAY, FIRST + 4 * DAY]
    assert [ticket["last_activity"] for ticket in tickets] == [FIRST + 2 * DAY, FIRST + 3 * DAY, FIRST + 4 * DAY]
    assert rows(config, "SELECT * FROM outbox") == [] and rows(config, "SELECT * FROM deadline") == []
    assert rows(config, "SELECT * FROM waiting") == []
    assert b"From here on" in MAILS[0] and all(
        "From here on" in row["text"] for row in rows(config, "SELECT text FROM message")
    )


@pytest.mark.parametrize("options", [[], ["--resume"]])
def test_the_same_archive_again_changes_nothing(config, tmp_path, capsys, options):
    archive = mbox(tmp_path / "archive.mbox", MAILS)
    importing(config, archive)
    before = rows(config, "SELECT count(*) FROM arrival")
    assert importing(config, archive, *options) == 0
    assert "taken before       5" in capsys.readouterr().out
    assert rows(config, "SELECT count(*) FROM arrival") == before


def test_another_copy_of_an_archive_brings_duplicates_only(config, tmp_path, capsys):
    importing(config, maildir(tmp_path / "one", MAILS))
    assert importing(config, folder_of_eml(tmp_path / "two", MAILS)) == 0
    assert "duplicate          5" in capsys.readouterr().out
    assert rows(config, "SELECT count(*) AS n FROM message")[0]["n"] == 5


def test_a_flag_in_a_maildir_does_not_make_another_mail(config, tmp_path, capsys):
    archive = maildir(tmp_path / "box", MAILS[:2])
    importing(config, archive)
    for path in list((archive / "new").iterdir()):
        path.rename(archive / "new" / f"{path.name}:2,S")
    assert importing(config, archive, "--resume") == 0
    assert "taken before       2" in capsys.readouterr().out


def test_a_cut_off_date_and_a_dry_run(config, tmp_path, capsys):
    archive = maildir(tmp_path / "box", MAILS)
    assert importing(config, archive, "--before", "2025-01-03", "--dry-run") == 0
    assert "A dry run: 2 mails would be taken." in capsys.readouterr().out
    assert not (tmp_path / "data").exists()
    assert importing(config, archive, "--before", "2025-01-03") == 0
    assert "too new            3" in capsys.readouterr().out
    assert rows(config, "SELECT count(*) AS n FROM message")[0]["n"] == 2


def test_mistakes_are_told(config, tmp_path, capsys):
    assert importing(config, tmp_path / "nowhere") == 70
    assert "there is no archive" in capsys.readouterr().err
    (tmp_path / "table.csv").write_text("slug,name\n")
    assert importing(config, tmp_path / "table.csv") == 0
    assert "No mail was found" in capsys.readouterr().out
    assert importing(config, maildir(tmp_path / "box", MAILS), "--for", "someone@else.example") == 64
    assert "no support address" in capsys.readouterr().err


def test_a_mail_that_names_none_of_our_addresses_is_for_the_one_that_is_said(config, tmp_path):
    raw = MAILS[0].replace(b"support@orchard.example", b"old-help-desk@elsewhere.example")
    importing(config, maildir(tmp_path / "box", [raw]), "--for", "support@orchard.example")
    assert rows(config, "SELECT recipients FROM arrival")[0]["recipients"] == '["support@orchard.example"]'


def test_what_lies_in_an_archive_and_is_no_mail_of_it_is_left_alone(config, tmp_path, capsys):
    """A pipe would be waited for, a folder cannot be read, and a link leads to what nobody meant to import."""
    (tmp_path / "secret").write_bytes(b"Subject: not yours\n\nkey\n")
    folder = tmp_path / "old"
    folder.mkdir()
    maildir(folder / "box", MAILS[:2])
    eml = folder / "eml"
    eml.mkdir()
    (eml / "1.eml").write_bytes(MAILS[2])
    (eml / "inside.eml").symlink_to(eml / "1.eml")
    for place, suffix in ((folder / "box" / "cur", ""), (eml, ".eml")):
        os.mkfifo(place / f"pipe{suffix}")
        (place / f"folder{suffix}").mkdir()
        (place / f"link{suffix}").symlink_to(tmp_path / "secret")
        (place / f"nowhere{suffix}").symlink_to(tmp_path / "absent")
    assert run(["import-mail", str(folder / "box"), str(eml), "-c", str(config)]) == 0
    # The link inside the archive is a second copy of the mail that it leads to.
    assert "4 mails are in" in capsys.readouterr().out
    with closing(open_database(load(config, secrets=False))) as db:
        subjects = db.read_now(lambda tx: [row["subject"] for row in tx.rows("SELECT subject FROM message")])
    assert sorted(subjects) == ["Re: question 0", "question 0", "question 1"]


def test_a_maildir_in_use_loses_no_mail_that_is_moved_meanwhile(config, tmp_path, monkeypatch):
    maildir(tmp_path / "box", MAILS[:3])
    named = sorted((tmp_path / "box" / "new").iterdir())
    listed = Archive._named

    def moved(self):
        found = list(listed(self))
        named[0].rename(tmp_path / "box" / "cur" / f"{named[0].name}:2,S")
        named[1].unlink()
        return iter(found)

    monkeypatch.setattr(Archive, "_named", moved)
    assert len(list(Archive(tmp_path / "box").items())) == 2
