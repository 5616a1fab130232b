"""A sink that misbehaves as told, and a courier with short patience that talks to it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

import pytest

from gatepost.config import DeliverySection
from gatepost.delivery.courier import Courier
from gatepost.demo.script import Action, Script, Stage
from gatepost.demo.sink import Sink

PIPELINING = ("PIPELINING", "SIZE 52428800", "8BITMIME")


class OpenSink(Protocol):
    async def __call__(
        self,
        *scripts: Script,
        habits: Mapping[Stage, Action] | None = None,
        extensions: Sequence[str] = PIPELINING,
        **more: object,
    ) -> Sink: ...


@pytest.fixture
async def sink_with() -> AsyncIterator[OpenSink]:
    """Opens sinks, and closes them at the end."""
    opened: list[Sink] = []

    async def open_sink(*scripts: Script, **more: object) -> Sink:
        sink = Sink(scripts=scripts, **more)  # type: ignore[arg-type]
        await sink.start()
        opened.append(sink)
        return sink

    yield open_sink
    for sink in opened:
        await sink.close()


@pytest.fixture
async def courier_to() -> AsyncIterator[Callable[..., Courier]]:
    """Makes couriers that give up after so many seconds, and closes them at the end."""
    made: list[Courier] = []

    def make(
        port: int,
        *,
        host: str = "127.0.0.1",
        seconds: float = 10.0,
        connect_seconds: float | None = None,
        **more: object,
    ) -> Courier:
        own = {name: more.pop(name) for name in ("password", "tls_context") if name in more}
        settings = DeliverySection(
            smarthost=f"{host}:{port}",
            connect_seconds=seconds if connect_seconds is None else connect_seconds,
            command_seconds=seconds,
            data_seconds=seconds,
            **{"tls": "none", **more},
        )
        courier = Courier(
            settings, hostname="gate.example", password=own.get("password", ""), tls=own.get("tls_context")
        )
        made.append(courier)
        return courier

    yield make
    for courier in made:
        await courier.close()
