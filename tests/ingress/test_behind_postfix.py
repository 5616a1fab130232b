"""A real Postfix in front of the LMTP door: one recipient waits, the other has the mail, and only the one is retried."""

import asyncio
import contextlib
import os
import pwd
import re
import shutil
import smtplib
import subprocess
import tempfile
from pathlib import Path

import pytest

from gatepost.config.model import SmtpSection
from gatepost.ingress.sockets import open_door, open_listener

pytestmark = pytest.mark.real("postfix")

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.market.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
{relay}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
smtp_address_preference = ipv4
"""
RELAY = """
relay_domains = market.example, second.example
relay_transport = {transport}
relay_recipient_maps =
message_size_limit = 20480000
recipient_delimiter = +
"""
DOCS = Path(__file__).parents[2] / "docs" / "doors.md"
MASTER = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A Postfix of our own, on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = False
        with open_listener("127.0.0.1:0") as free:
            self.port = free.getsockname()[1]

    def start(self, relay: str) -> None:
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o755)
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "etc" / "main.cf").write_text(MAIN.format(folder=self.folder, relay=relay))
        (self.folder / "etc" / "master.cf").write_text(MASTER.format(port=f"127.0.0.1:{self.port}"))
        self._run("start")
        self.started = True

    def stop(self) -> None:
        self._run("stop")

    def _run(self, word: str) -> None:
        done = subprocess.run(
            ["postfix", "-c", self.folder / "etc", word],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            umask=0o022,
        )
        assert done.returncode == 0, done.stdout + done.stderr + self.log()

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def statuses(self, recipient: str) -> list[str]:
        """What the log says of each try for a recipient: sent, deferred, bounced."""
        return re.findall(rf"to=<{re.escape(recipient)}>.*?status=(\w+)", self.log())

    async def until(self, wanted, seconds: float = 40.0) -> None:
        async with asyncio.timeout(seconds):
            while not wanted():
                await asyncio.sleep(0.05)

    async def retrying_until(self, wanted) -> None:
        """Have the queue run again and again: a mail that it skips as still being delivered waits for minutes."""
        for _ in range(20):
            await asyncio.to_thread(self._run, "flush")
            with contextlib.suppress(TimeoutError):
                return await self.until(wanted, 2.0)
        raise AssertionError(self.log())


@pytest.fixture
def postfix():
    if os.geteuid() != 0:
        pytest.skip("needs root: postfix starts its processes as other users")
    folder = Path(tempfile.mkdtemp(prefix="gatepost-postfix-"))
    folder.chmod(0o755)
    running = Postfix(folder)
    yield running
    if running.started:
        running.stop()
    shutil.rmtree(folder)


async def send(port, *recipients):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        "EHLO client.example",
        "MAIL FROM:<ada@customer.example>",
        *(f"RCPT TO:<{each}>" for each in recipients),
        "DATA",
    ]
    await reader.readline()
    for line in lines:
        writer.write(line.encode() + b"\r\n")
        while (reply := await reader.readline())[3:4] == b"-":
            continue
        assert reply[:1] in b"23", reply
    writer.write(b"From: ada@customer.example\r\nSubject: " + b"x" * 2000 + b"\r\n\r\nhello\r\n.\r\n")
    assert (await reader.readline()).startswith(b"250")
    writer.close()


@pytest.mark.parametrize("way", ["inet", "unix"])
async def test_postfix_tries_again_for_the_one_recipient_that_waits(start_site, postfix, way):
    path = postfix.folder / "lmtp.sock"
    shutil.chown(postfix.folder, "root", pwd.getpwnam("postfix").pw_gid)
    site = await start_site(postponed=("care@second.example",), lmtp=[open_door(path, 0o660)])
    transport = f"lmtp:inet:127.0.0.1:{site.lmtp_port}" if way == "inet" else f"lmtp:unix:{path}"
    postfix.start(RELAY.format(transport=transport))
    await send(postfix.port, "support@market.example", "care@second.example")
    waits = "care@second.example"
    await postfix.retrying_until(lambda: len(postfix.statuses(waits)) >= 2)
    assert set(postfix.statuses(waits)) == {"deferred"}
    assert postfix.statuses("support@market.example") == ["sent"]
    assert "451 4.2.1 This address takes no mail for now" in postfix.log()
    site.gate.doorway.postponed.clear()
    await postfix.retrying_until(lambda: "sent" in postfix.statuses(waits))
    assert [arrival.envelope.recipients for arrival in site.arrivals()] == [("support@market.example",), (waits,)]
    assert postfix.statuses("support@market.example") == ["sent"]


async def test_the_settings_that_the_docs_show(start_site, postfix):
    shown = re.search(r"In `main.cf`:\n\n```\n(.*?)```", DOCS.read_text(), re.S)[1]
    site = await start_site()
    postfix.start(shown.replace("127.0.0.1:2424", f"127.0.0.1:{site.lmtp_port}"))
    await send(postfix.port, "support+r1abc@market.example")
    await postfix.until(site.arrivals)
    assert site.arrivals()[0].envelope.recipients == ("support+r1abc@market.example",)
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.ehlo()
        assert int(client.esmtp_features["size"]) < SmtpSection().message_octets
        client.mail("ada@customer.example")
        assert client.rcpt("nobody@market.example")[0] == 550
        assert client.rcpt("someone@elsewhere.example")[0] == 250  # From loopback, which is in mynetworks.
