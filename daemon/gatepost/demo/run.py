"""Everything on one desk: the daemon with the example marketplace, its post office, its pages, and some mails.

No root, no account, no network beyond loopback. The daemon is the real one, in processes of its own.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from ..errors import PermanentError
from ..ingress.sockets import open_listener
from ..lock import DataLock, prepare_data_folder
from . import letters
from .page import pages
from .place import Daemon, Place, prepare
from .post_office import PostOffice
from .story import Step, Story, post
from .trips import Trips

_LOOK_SECONDS = 0.1
_SMTP, _PAGE, _PORTAL = 2525, 8025, 8026

Say = Callable[[str], None]


class _Server(uvicorn.Server):
    """A web server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def default_folder() -> Path:
    """Where the demo lives when no folder is named, so that `--push` finds it."""
    return Path(tempfile.gettempdir()) / f"gatepost-demo-{os.getuid()}"


def run_demo(folder: Path, say: Say) -> int:
    """Run until Ctrl-C; the exit code."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return asyncio.run(_demo(folder, say))


def run_story(say: Say, *, as_json: bool = False) -> int:
    """Tell the story in a temporary folder on free ports; 0 only when every step was seen on the wire."""
    return asyncio.run(_story(say, as_json))


async def _story(say: Say, as_json: bool) -> int:
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="gatepost-story-") as folder:
        async with _desk(Path(folder), smtp_port=0, portal_url="https://my.orchard.example") as (
            office,
            place,
            endpoint,
        ):
            async for step in Story(endpoint, office, place).tell():
                steps.append(step)
                if not as_json:
                    say(f"{'✓' if step.ok else '✗'} {step.step}\n    {step.seen} ({step.took_ms} ms)")
    ok = all(step.ok for step in steps)
    if as_json:
        say(json.dumps({"ok": ok, "steps": [step.to_json() for step in steps]}, ensure_ascii=False))
    else:
        say(f"\n{'Every step was seen on the wire.' if ok else 'The story broke off.'}")
    return 0 if ok else 1


async def _demo(folder: Path, say: Say) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    page = _listener_near(_PAGE)
    url = f"http://127.0.0.1:{page.getsockname()[1]}"
    say("Laying out the marketplace and starting the daemon …")
    portal_port = _free(_PORTAL)
    portal = f"http://127.0.0.1:{portal_port}"
    async with _desk(folder, smtp_port=_free_or_zero(_SMTP), portal_url=portal, portal_port=portal_port) as found:
        office, place, endpoint = found
        command = _command(endpoint)
        app = pages(office, place, command=lambda: command)
        server = _Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[page]))
        say(_welcome(url, portal, endpoint, command, folder))
        following = asyncio.create_task(_follow(place, say))
        telling = asyncio.create_task(_sample_mails(endpoint, office, place, stop, say))
        await stop.wait()
        say("\nStopping …")
        telling.cancel()
        following.cancel()
        server.should_exit = True
        await asyncio.gather(serving, telling, following, return_exceptions=True)
    say("Stopped. Nothing is left running.")
    return 0


@asynccontextmanager
async def _desk(
    folder: Path, *, smtp_port: int, portal_url: str, portal_port: int = 0
) -> AsyncIterator[tuple[PostOffice, Place, tuple[str, int]]]:
    """The post office open, the daemon taking mail; both ended afterwards."""
    office = PostOffice(now=Place(folder=folder).clock.now)
    await office.open()
    _must_be_free(folder)
    place = await asyncio.to_thread(
        lambda: prepare(
            folder, smarthost_port=office.port, smtp_port=smtp_port, portal_url=portal_url, portal_port=portal_port
        )
    )
    daemon = Daemon(place)
    try:
        yield office, place, await asyncio.to_thread(daemon.wait_until_open)
    finally:
        await asyncio.to_thread(daemon.stop)
        await office.close()


async def _sample_mails(
    endpoint: tuple[str, int], office: PostOffice, place: Place, stop: asyncio.Event, say: Say
) -> None:
    """The story's mails, so that there is something to look at, and two more."""
    async for step in Story(endpoint, office, place).tell():
        if not step.ok:
            say(f"✗ {step.step}\n    {step.seen}")
    now = place.clock.now
    for written in (letters.unclear(now()), letters.robot(now())):
        await post(endpoint, written)
    await asyncio.sleep(3 * _LOOK_SECONDS)
    if not stop.is_set():
        say(
            "\nThat was the sample mail. Look at the page, file one by hand, or push the clock. Ctrl-C ends the demo.\n"
        )


async def _follow(place: Place, say: Say) -> None:
    """Print each trip as it is finished."""
    trips = Trips(place.config().data / "desk.sqlite3")
    while True:
        for told in await asyncio.to_thread(trips.news):
            say("\n" + told)
        await asyncio.sleep(_LOOK_SECONDS)


def _welcome(url: str, portal: str, endpoint: tuple[str, int], command: str, folder: Path) -> str:
    return "\n".join(
        (
            "",
            f"  Mail that went out   {url}/",
            f"  Tickets              {url}/tickets",
            f"  Customer portal      {portal}/  (sign in as rosa@ceramica.example; the link comes to the mails above)",
            f"  Staff pages          {portal}/staff  (vera@office.example; an authenticator app is set up on the way)",
            f"  SMTP                 {endpoint[0]}:{endpoint[1]}",
            f"  Config, rules, log   {folder}",
            "",
            "  File a ticket by hand, in another terminal:",
            "",
            *(f"    {line}" for line in command.splitlines()),
            "",
            f"  Push the clock:      gatepost demo --push 7d{_where(folder)}      (or the buttons on the page)",
            f"  Ask the daemon:      gatepost tickets -c {folder / 'config.toml'}",
        )
    )


def _where(folder: Path) -> str:
    """How a command is told of a folder that is not the one where it looks."""
    return "" if folder == default_folder() else f" --folder {folder}"


def _command(endpoint: tuple[str, int]) -> str:
    """A line that files a ticket with nothing but Python."""
    host, port = endpoint
    return (
        f"{sys.executable} - <<'END'\n"
        "import smtplib\n"
        f"smtplib.SMTP('{host}', {port}).sendmail('rosa@ceramica.example', ['help@harbor.example'], '''\\\n"
        "From: Rosa Benítez <rosa@ceramica.example>\n"
        "To: help@harbor.example\n"
        "Subject: Fjord Payment Gateway declines cards\n"
        "\n"
        "Every card is declined since noon. What can I do?\n"
        "'''.encode())\n"
        "END"
    )


def _must_be_free(folder: Path) -> None:
    """A demo that still runs there is not pulled from under its own feet."""
    prepare_data_folder(folder / "data")
    with DataLock(folder / "data"):
        pass


def _listener_near(port: int) -> socket.socket:
    """A listening socket at `port`, or at a free one where that is taken."""
    try:
        return open_listener(f"127.0.0.1:{port}")
    except PermanentError:
        return open_listener("127.0.0.1:0")


def _free(port: int) -> int:
    """`port`, or another that is free just now."""
    with _listener_near(port) as listener:
        return int(listener.getsockname()[1])


def _free_or_zero(port: int) -> int:
    try:
        open_listener(f"127.0.0.1:{port}").close()
    except PermanentError:
        return 0
    return port
