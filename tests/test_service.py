"""What is shipped for service managers: units that systemd understands, a container file, and our word to systemd."""

import asyncio
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bench.house import build

from gatepost.cli import COMMANDS

ROOT = Path(__file__).parents[1]
UNITS = ROOT / "packaging" / "systemd"
CONTAINER = ROOT / "packaging" / "Containerfile"
INSTRUCTIONS = {
    "FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
}  # fmt: skip


@pytest.mark.real("systemd-analyze")
@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("gatepost*.*") if "conf" not in path.name))
def test_systemd_understands_every_line(unit):
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", UNITS / unit], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "gatepost" in line and "not executable" not in line]
    assert ours == []


@pytest.mark.real("systemd-analyze")
def test_the_exposure_is_what_the_page_says():
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", UNITS / "gatepost.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    figure = float(re.search(r"Overall exposure level for gatepost.service: ([\d.]+)", done.stdout)[1])
    page = (ROOT / "docs" / "service.md").read_text()
    assert figure == float(re.search(r"exposure level for gatepost.service: ([\d.]+)", page)[1])
    assert figure <= 1.5


def test_the_units_call_commands_that_exist_and_ask_for_doors_that_we_know():
    for path in UNITS.glob("*.service"):
        for line in re.findall(r"(?m)^ExecStart=(.*)$", path.read_text()):
            program, command, *_ = shlex.split(line)
            assert (program, command in COMMANDS) == ("/usr/bin/gatepost", True)
    doors = {re.search(r"FileDescriptorName=(\w+)", path.read_text())[1] for path in UNITS.glob("*.socket")}
    assert doors == {"smtp", "lmtp"}


def instructions():
    """Each instruction of the container file with its arguments, lines that go on joined."""
    text = re.sub(r"\\\n", " ", CONTAINER.read_text())
    return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_container_file_is_well_made():
    """What a linter of such files would say: pinned bases, no root at the end, exec forms, sources that exist."""
    said = instructions()
    assert {name for name, _ in said} <= INSTRUCTIONS
    for name, rest in said:
        if name == "FROM":
            image, tag = rest.split()[0].rsplit(":", 1)
            assert image.startswith("docker.io/") and re.match(r"3\.\d+", tag)
        if name == "COPY" and "--from" not in rest:
            assert all((ROOT / source).exists() for source in rest.split()[:-1]), rest
        if name in ("ENTRYPOINT", "CMD"):
            assert rest.startswith("[") and rest.endswith("]")
        if name == "RUN":
            assert "apt-get" not in rest and ("pip install" not in rest or "--no-cache-dir" in rest)
    assert [rest for name, rest in said if name == "USER"] == ["gatepost"]
    shipped = re.findall(r'(?m)^"([\w.]+)" = "gatepost/_shipped', (ROOT / "pyproject.toml").read_text())
    copied = " ".join(rest for name, rest in said if name == "COPY")
    assert [name for name in shipped if name not in copied] == []


async def test_systemd_hears_that_all_is_ready_that_it_goes_on_and_that_it_stops(tmp_path):
    house = build(tmp_path, 9, customers=1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gatepost", "run", "-c", house.config, stderr=asyncio.subprocess.DEVNULL,
            env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        try:
            heard: list[str] = []
            async with asyncio.timeout(60):
                while "READY=1" not in heard:
                    heard += (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode().split("\n")
                daemon.terminate()
                while "STOPPING=1" not in heard:
                    heard += (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode().split("\n")
                assert await daemon.wait() == 0
        finally:
            if daemon.returncode is None:
                daemon.kill()
                await daemon.wait()
    assert heard.index("WATCHDOG=1") < heard.index("READY=1") < heard.index("STOPPING=1")
    assert any(state.startswith("STATUS=") for state in heard)
