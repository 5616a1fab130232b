"""The IMAP door against a real Dovecot: taken once, put away after the commit, fetched again where that was cut off."""

import imaplib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from gatepost.clock import FixedClock
from gatepost.config import ImapSection, Secret
from gatepost.core.addresses import Addresses
from gatepost.core.letter import Door
from gatepost.core.party import Brand
from gatepost.ingress.imap import Mailbox
from gatepost.ingress.imap_session import Session
from gatepost.ingress.oauth import Tokens
from gatepost.ingress.sockets import open_listener
from gatepost.store import mailboxes
from gatepost.store.database import Database
from gatepost.store.intake import Intake
from gatepost.store.schema import migrate

pytestmark = pytest.mark.real("dovecot")
NOBODY = 65534
CONF = """
base_dir = {t}/run
state_dir = {t}/state
log_path = {t}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
first_valid_gid = 1
mail_uid = 65534
mail_gid = 65534
mail_home = {t}/mail/%u
mail_location = maildir:~/Maildir
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {t}/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={t}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""
BRAND = Brand(slug="market", name="Market", support=("support@market.example",))


@pytest.fixture(scope="module")
def dovecot():
    if os.geteuid() != 0:
        pytest.skip("needs root: dovecot is started as another user")
    folder = Path(tempfile.mkdtemp(prefix="gatepost-dovecot-"))
    folder.chmod(0o755)
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    with open_listener("127.0.0.1:0") as free:
        port = free.getsockname()[1]
    (folder / "users").write_text("support:{PLAIN}secret::::::\nother:{PLAIN}secret::::::\n")
    (folder / "conf").write_text(CONF.format(t=folder, port=port))
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, NOBODY, NOBODY)
    command = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "dovecot",
        "-F",
        "-c",
        folder / "conf",
    ]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _until(lambda: _greets(port))
    yield port
    process.terminate()
    process.wait(20)
    shutil.rmtree(folder)


def _until(wanted, seconds=20.0):
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not wanted():
        assert time.monotonic() < end
        pause.wait(0.02)


def _greets(port):
    try:
        imaplib.IMAP4("127.0.0.1", port).logout()
    except OSError:
        return False
    return True


@pytest.fixture
def box(dovecot, tmp_path):
    """An empty mailbox, the section that fetches it, and the desk's database."""
    imap = imaplib.IMAP4("127.0.0.1", dovecot)
    imap.login("support", "secret")
    for folder in ("Processed", "Failed"):
        imap.delete(folder)
    if int(imap.select("INBOX")[1][0]):
        imap.store("1:*", "+FLAGS", "(\\Deleted)")
        imap.expunge()
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    db = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    try:
        yield imap, Section(dovecot, tmp_path), db
    finally:
        db.close()
        imap.logout()


class Section:
    def __init__(self, port, folder):
        self._port, self._folder = port, folder

    def __call__(self, **more):
        password = Secret(file=str(self._folder / "password"))
        return ImapSection(server=f"127.0.0.1:{self._port}", tls="none", username="support", password=password, **more)


def mail(number, size=0):
    return f"From: ada@customer.example\r\nTo: support@market.example\r\nMessage-ID: <{number}@c.example>\r\nSubject: {number}\r\n\r\n{'x' * size}words\r\n".encode()


def put(imap, *mails):
    for each in mails:
        imap.append("INBOX", None, None, each)


def mailbox(db, section, octets=100_000, wake=lambda: None):
    return Mailbox(
        "support", section, db=db, addresses=Addresses((BRAND,)), otherwise="support@market.example", octets=octets,
        clock=FixedClock(1_790_000_000_000), wake=wake,
    )  # fmt: skip


def session(section, octets=100_000):
    return Session(section, Tokens(section, time.monotonic), octets)


def count(imap, folder):
    status, said = imap.select(folder)
    return int(said[0]) if status == "OK" else 0


def test_every_mail_is_taken_once_and_moved_after_the_commit(box):
    imap, section, db = box
    put(imap, *(mail(number) for number in range(7)))
    opened = session(section(batch=3))
    mailbox(db, section(batch=3)).look(opened)
    mailbox(db, section(batch=3)).look(opened)
    opened.close()
    waiting = Intake(db, Door.IMAP).pending(0, 100)
    assert [arrival.raw for arrival in waiting] == [mail(number) for number in range(7)]
    assert waiting[0].envelope.recipients == ("support@market.example",)
    assert waiting[0].envelope.mail_from == "ada@customer.example"
    assert (count(imap, "INBOX"), count(imap, "Processed")) == (0, 7)
    (state,) = db.read_now(mailboxes.states)
    assert state.fetched == 1_790_000_000_000 and state.failing is None and state.uid > 0


@pytest.mark.catalogue("N03")
def test_a_mail_that_was_taken_but_not_put_away_is_put_away_and_not_taken_again(box):
    imap, section, db = box
    put(imap, mail(1))
    opened = session(section())
    put_away, opened.put_away = opened.put_away, lambda uids, failed=False: None
    mailbox(db, section()).look(opened)
    assert count(imap, "INBOX") == 1
    opened.put_away = put_away
    mailbox(db, section()).look(opened)
    opened.close()
    assert len(Intake(db, Door.IMAP).pending(0, 100)) == 1
    assert (count(imap, "INBOX"), count(imap, "Processed")) == (0, 1)


@pytest.mark.catalogue("N09")
def test_without_a_folder_mails_stay_and_are_marked(box):
    imap, section, db = box
    put(imap, mail(1), mail(2))
    for _ in range(2):
        opened = session(section(processed=""))
        mailbox(db, section(processed="")).look(opened)
        opened.close()
    assert len(Intake(db, Door.IMAP).pending(0, 100)) == 2
    assert count(imap, "INBOX") == 2
    assert len(imap.search(None, "KEYWORD", "$Gatepost")[1][0].split()) == 2


def test_a_mail_that_is_too_large_goes_to_failed_unread(box):
    imap, section, db = box
    put(imap, mail(1, size=5_000), mail(2))
    opened = session(section(), octets=1_000)
    mailbox(db, section(), octets=1_000).look(opened)
    opened.close()
    assert [arrival.raw for arrival in Intake(db, Door.IMAP).pending(0, 100)] == [mail(2)]
    assert count(imap, "Failed") == 1


def test_mail_that_comes_while_it_waits_is_taken_by_the_thread(box):
    imap, section, db = box
    taken = threading.Semaphore(0)
    running = mailbox(db, section(idle_seconds=1.0), wake=taken.release)
    running.start()
    try:
        for number in range(3):
            put(imap, mail(number))
            assert taken.acquire(timeout=20)
    finally:
        running.close(20)
    assert len(Intake(db, Door.IMAP).pending(0, 100)) == 3


@pytest.mark.catalogue("N07")
def test_a_wrong_password_is_told_once_and_tried_again_slowly(box, tmp_path, caplog):
    _, section, db = box
    (tmp_path / "password").write_text("wrong\n")
    running = mailbox(db, section())
    running.start()
    _until(lambda: any(state.failing is not None for state in db.read_now(mailboxes.states)))
    running.close()
    assert sum("imap.failing" in record.getMessage() for record in caplog.records) == 1
    assert "wrong" not in caplog.text


@pytest.mark.catalogue("N08")
@pytest.mark.parametrize("key", ["folder", "processed", "failed", "username"])
def test_control_characters_in_names_are_refused(key):
    with pytest.raises(ValueError, match="control character"):
        ImapSection(**{key: "a\r\nb"})
