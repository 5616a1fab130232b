"""A real daemon on free ports, with the example marketplace and a post office that keeps all it sends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatepost.demo.place import Daemon, Place, prepare
from gatepost.demo.post_office import PostOffice
from gatepost.demo.story import post


@dataclass
class Running:
    """The daemon as a test meets it: an SMTP endpoint, a folder, and what came out."""

    endpoint: tuple[str, int]
    office: PostOffice
    place: Place
    daemon: Daemon

    async def post(self, written) -> str:
        return await post(self.endpoint, written)


@pytest.fixture
def start(tmp_path: Path):
    """Starts a daemon: `async with start() as running`; `change` is given its config and gives another."""

    @contextlib.asynccontextmanager
    async def start(change: Callable[[str], str] = str) -> AsyncIterator[Running]:
        office = PostOffice(now=Place(folder=tmp_path).clock.now)
        await office.open()
        place = prepare(tmp_path, smarthost_port=office.port, smtp_port=0, portal_url="https://my.orchard.example")
        place.config_file.write_text(change(place.config_file.read_text()))
        daemon = Daemon(place)
        try:
            yield Running(endpoint=daemon.wait_until_open(), office=office, place=place, daemon=daemon)
        finally:
            await asyncio.to_thread(daemon.stop)
            await office.close()

    return start
