"""A real Exim in front of the LMTP door, set up as docs/doors.md says: only the recipient that waits is tried again."""

import asyncio
import os
import re
import shutil
import smtplib
import subprocess
import tempfile
from pathlib import Path

import pytest

from gatepost.ingress.sockets import open_listener

pytestmark = pytest.mark.real("exim4")
DOCS = Path(__file__).parents[2] / "docs" / "doors.md"
CONF = """
primary_hostname = mx.market.example
exim_path = {exim}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
acl_smtp_rcpt = accept
acl_smtp_data = accept
queue_run_in_order
retry_interval_max = 1s
tls_advertise_hosts =
begin routers
{router}
begin transports
{transport}
begin retry
* * F,1d,1s
"""


def documented():
    """The router and the transport that docs/doors.md shows, each as one block."""
    text = DOCS.read_text()
    block = re.search(r"```\n(gatepost:\n.*?)```", text, re.S)
    router, transport = block[1].split("\n\n")
    return router, transport


class Exim:
    """An Exim of our own, on a free port of loopback."""

    def __init__(self, folder, lmtp_port):
        self.folder = folder
        with open_listener("127.0.0.1:0") as free:
            self.port = free.getsockname()[1]
        router, transport = documented()
        exim = shutil.which("exim4") or "/usr/sbin/exim4"
        text = CONF.format(
            exim=exim, folder=folder, port=self.port,
            router=router.replace("domains = market.example", "domains = market.example : second.example").replace(
                "local_parts = support", "local_parts = support : care"
            ),
            transport=transport.replace("2424", str(lmtp_port)),
        )  # fmt: skip
        conf = folder / "conf"
        conf.write_text(text)
        conf.chmod(0o644)
        self._process = subprocess.Popen(
            [exim, "-C", conf, "-bdf", "-q1s"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted((self.folder / "log").glob("*log")))

    def send(self, *recipients):
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example") as client:
            client.sendmail(
                "ada@customer.example", recipients, "From: ada@customer.example\r\nSubject: x\r\n\r\nhello\r\n"
            )

    async def until(self, wanted, seconds=40.0):
        async with asyncio.timeout(seconds):
            while not wanted():
                assert self._process.poll() is None, self.log()
                await asyncio.sleep(0.05)

    def greets(self):
        try:
            smtplib.SMTP("127.0.0.1", self.port, timeout=5).close()
        except OSError:
            return False
        return True

    def stop(self):
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture
def folder():
    if os.geteuid() != 0:
        pytest.skip("needs root: exim starts its processes as another user")
    folder = Path(tempfile.mkdtemp(prefix="gatepost-exim-"))
    for name in ("spool", "log"):
        (folder / name).mkdir()
        shutil.chown(folder / name, "Debian-exim")
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_exim_tries_again_for_the_one_recipient_that_waits_and_keeps_reply_addresses(start_site, folder):
    site = await start_site(postponed=("care@second.example",))
    exim = Exim(folder, site.lmtp_port)
    try:
        await exim.until(exim.greets)
        await asyncio.to_thread(exim.send, "support+r1abc@market.example", "care@second.example")
        await exim.until(lambda: "This address takes no mail for now" in exim.log())
        await exim.until(lambda: "=> support+r1abc@market.example" in exim.log() or "-> support+r1abc" in exim.log())
        assert [arrival.envelope.recipients for arrival in site.arrivals()] == [("support+r1abc@market.example",)]
        site.gate.doorway.postponed.clear()
        await exim.until(lambda: len(site.arrivals()) == 2)
        assert site.arrivals()[1].envelope.recipients == ("care@second.example",)
    finally:
        exim.stop()
