"""The courier against Postfix's own smtp-sink: a peer that we did not write."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatepost.core.outgoing import Answer, Later, Refused, Sent
from gatepost.delivery.courier import Courier

FROM = "bounces@market.example"
MAIL = b"Message-ID: <1@market.example>\r\nSubject: x\r\n\r\n.a dot\r\n..two\r\nand text\r\n"

pytestmark = pytest.mark.real("smtp-sink")
StartSink = Callable[..., int]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder into which an unprivileged smtp-sink may write."""
    with tempfile.TemporaryDirectory(prefix="smtp-sink-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def smtp_sink(folder: Path) -> Iterator[StartSink]:
    """Starts smtp-sink with the given options, gives its port, and ends it by its process id."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [program, *user, "-d", f"{folder}/mail.", *options, f"127.0.0.1:{port}", "20"]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
                return port
            except ConnectionRefusedError:
                assert started[-1].poll() is None, "smtp-sink ended at once"
                subprocess.run(["true"], check=True)  # Lets the other process run.
        raise AssertionError("smtp-sink does not listen")

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


async def sent(courier: Courier, *recipients: str, mail: bytes = MAIL) -> tuple[Answer, ...]:
    async with asyncio.timeout(20):
        return await courier.send(FROM, recipients, mail)


@pytest.mark.parametrize(
    "options", [(), ("-p",), ("-p", "-8"), ("-e",)], ids=["pipelined", "step by step", "7-bit", "HELO"]
)
async def test_a_mail_arrives_whole(
    smtp_sink: StartSink, courier_to: Callable[..., Courier], folder: Path, options: tuple[str, ...]
) -> None:
    courier = courier_to(smtp_sink(*options), seconds=10.0)
    for _ in range(3):
        answers = await sent(courier, "ann@a.example", "bob@a.example")
        assert [type(answer) for answer in answers] == [Sent, Sent]
    await courier.close()
    dumps = [path.read_bytes() for path in sorted(folder.glob("mail.*"))]
    assert len(dumps) == 3
    for dump in dumps:
        assert MAIL.replace(b"\r\n", b"\n").rstrip() in dump
        assert b"X-Rcpt-Args: <ann@a.example>" in dump and b"X-Rcpt-Args: <bob@a.example>" in dump


@pytest.mark.catalogue("F05", "F06")
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("option", "expected"), [("-r", (Later, 450)), ("-f", (Refused, 500)), ("-Q", (Later, 421)), ("-q", (Later, 0))]
)
async def test_each_kind_of_no_at_each_stage(
    smtp_sink: StartSink,
    courier_to: Callable[..., Courier],
    stage: str,
    option: str,
    expected: tuple[type[Later | Refused], int],
) -> None:
    courier = courier_to(smtp_sink(option, stage), seconds=10.0)
    (answer,) = await sent(courier, "ann@a.example")
    assert (type(answer), answer.code) == expected
    (again,) = await sent(courier, "ann@a.example")
    assert (type(again), again.code) == expected


@pytest.mark.parametrize("option", ["-r", "-f", "-Q", "-q"])
async def test_no_at_the_door_is_never_for_good(
    smtp_sink: StartSink, courier_to: Callable[..., Courier], option: str
) -> None:
    (answer,) = await sent(courier_to(smtp_sink(option, "CONNECT"), seconds=10.0), "ann@a.example")
    assert isinstance(answer, Later) and answer.unreachable


async def test_a_server_that_refuses_in_the_middle_of_a_large_mail(
    smtp_sink: StartSink, courier_to: Callable[..., Courier]
) -> None:
    large = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 100_000
    (answer,) = await sent(courier_to(smtp_sink("-A", "0"), seconds=10.0), "ann@a.example", mail=large)
    assert isinstance(answer, Later | Refused)
    assert answer.code in (0, 550)
