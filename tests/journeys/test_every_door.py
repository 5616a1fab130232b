"""The running daemon with every door open: the same mail by all of them is one message, and each way is listed."""

import asyncio
import smtplib
import subprocess
import sys
from email.utils import formatdate

import pytest
from bench.imap_server import ImapServer

from gatepost.ingress.sockets import open_listener

MAIL = (
    b"From: Ada <ada@teashop.example>\r\nTo: support@orchard.example\r\nSubject: Checkout Composer: the total is wrong\r\n"
    b"Date: Mon, 2 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@teashop.example>\r\n\r\nIt adds the tax twice.\r\n"
)


@pytest.fixture
def server():
    with ImapServer() as server:
        yield server


def with_doors(folder, server, lmtp_port, authentication=""):
    """A change of the config: a mailbox at `server`, and LMTP."""
    (folder / "password").write_text("secret\n")
    (folder / "password").chmod(0o600)
    doors = (
        f'\n[lmtp]\nlisten = ["127.0.0.1:{lmtp_port}"]\n[imap.support]\nserver = "127.0.0.1:{server.port}"\n'
        'tls = "none"\nusername = "support"\npassword = { file = "password" }\n'
    )
    return lambda text: (text.replace('mode = "off"', authentication) if authentication else text) + doors


def free_port():
    with open_listener("127.0.0.1:0") as free:
        return free.getsockname()[1]


def gatepost(running, *arguments):
    command = [sys.executable, "-m", "gatepost", *arguments, "-c", str(running.place.config_file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def deliver(kind, endpoint):
    with kind(*endpoint, timeout=30) as client:
        client.sendmail("ada@teashop.example", ["support@orchard.example"], b"Received: from a by b;\r\n\t1\r\n" + MAIL)


def about_it(running):
    """What went out for the mail; the notices to staff, such as the audit log's head, come when they come."""
    return sorted(mail.to for mail in running.office.mails if mail.to != "leads@office.example")


@pytest.mark.catalogue("B07")
async def test_one_mail_by_imap_smtp_lmtp_and_import(start, server, tmp_path):
    lmtp = free_port()
    async with start(with_doors(tmp_path, server, lmtp)) as running:
        server.add(b"Delivered-To: support@orchard.example\r\n" + MAIL)
        vendor = await running.office.wait_for(lambda mail: "tax twice" in mail.parts.text)
        assert vendor is not None
        await asyncio.to_thread(deliver, smtplib.SMTP, running.endpoint)
        await asyncio.to_thread(deliver, smtplib.LMTP, ("127.0.0.1", lmtp))
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "1.eml").write_bytes(MAIL.replace(b"\r\n", b"\n"))
        said = await asyncio.to_thread(gatepost, running, "import-mail", str(tmp_path / "old"))
        assert "duplicate          1" in said
        shown = await asyncio.to_thread(gatepost, running, "ticket", "show", "1001")
        assert f"one mail, which came by imap support/INBOX, smtp, lmtp, import eml:{tmp_path / 'old'}" in shown
        assert len([mail for mail in running.office.mails if "tax twice" in mail.parts.text]) == 1
        assert about_it(running) == ["ada@teashop.example", "support@brightside.example"]
        assert server.raws("Processed") == [b"Delivered-To: support@orchard.example\r\n" + MAIL] and server.raws() == []


@pytest.mark.catalogue("B07")
async def test_a_mail_that_an_archive_brought_first_is_answered_when_it_comes(start, server, tmp_path):
    fresh = MAIL.replace(b"Mon, 2 Nov 2026 09:00:00 +0000", formatdate().encode())
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "1.eml").write_bytes(fresh.replace(b"\r\n", b"\n"))
    async with start(with_doors(tmp_path, server, free_port())) as running:
        said = await asyncio.to_thread(gatepost, running, "import-mail", str(tmp_path / "old"))
        assert "opened             1" in said and running.office.mails == []
        assert "closed" in await asyncio.to_thread(gatepost, running, "ticket", "show", "1001")
        server.add(fresh)
        assert await running.office.wait_for(lambda mail: "tax twice" in mail.parts.text)
        assert await running.office.wait_for(lambda mail: mail.to == "ada@teashop.example")
        shown = await asyncio.to_thread(gatepost, running, "ticket", "show", "1001")
        assert f"one mail, which came by import eml:{tmp_path / 'old'}, imap support/INBOX" in shown
        assert about_it(running) == ["ada@teashop.example", "support@brightside.example"]


async def test_mail_of_a_mailbox_is_evaluated_like_that_of_the_mx(start, server, tmp_path):
    nobody = (
        f'mode = "evaluate"\nnameservers = ["127.0.0.1:{free_port()}"]\nquery_seconds = 0.2\nevaluation_seconds = 1.0'
    )
    async with start(with_doors(tmp_path, server, free_port(), nobody)) as running:
        server.add(MAIL)
        await running.office.wait_for(lambda mail: mail.to == "ada@teashop.example")
        way = await asyncio.to_thread(gatepost, running, "trace", "1001")
    assert "the sender was not evaluated" not in way
    assert "DNS" in way or "dmarc" in way.lower()
