"""Every way out: the smarthost, and routes with a smarthost and a TLS policy of their own for some domains (D3).

Each has a deliverer of its own, so that a way that is blocked holds up nobody else's mail.
"""

import asyncio
from collections.abc import Callable, Mapping

from ..config import DeliverySection, RouteSection
from ..store.lane import Lane
from .courier import Courier
from .outbox import Deliverer

Make = Callable[[Courier, DeliverySection, Lane, str], Deliverer]


def settings_of(delivery: DeliverySection, route: RouteSection) -> DeliverySection:
    """The settings of a route: its own smarthost, TLS and sign-in, and for the rest those of [delivery]."""
    own = {"smarthost": route.smarthost, "tls": route.tls, "username": route.username, "password": route.password}
    return delivery.model_copy(update=own)


class Ways:
    """The deliverers of `delivery` and of each route; `make` builds one for a courier and its lane, by a name."""

    def __init__(
        self, delivery: DeliverySection, routes: Mapping[str, RouteSection], *, hostname: str, make: Make
    ) -> None:
        apart = frozenset(domain.lower() for route in routes.values() for domain in route.domains)
        sections = {"": (delivery, Lane(but=apart))}
        for name, route in routes.items():
            lane = Lane(only=frozenset(domain.lower() for domain in route.domains))
            sections[name] = (settings_of(delivery, route), lane)
        self._couriers = {
            name: Courier(section, hostname=hostname, password=_password(section))
            for name, (section, _) in sections.items()
        }
        self._deliverers = [
            make(self._couriers[name], section, lane, name) for name, (section, lane) in sections.items()
        ]

    def start(self) -> None:
        """Begin on every way."""
        for deliverer in self._deliverers:
            deliverer.start()

    def wake(self) -> None:
        """Look at the outbox now, on every way. Call it from the event loop."""
        for deliverer in self._deliverers:
            deliverer.wake()

    async def close(self, grace: float) -> None:
        """Let what is under way finish within `grace` seconds, and say goodbye to every host."""
        await asyncio.gather(*(deliverer.close(grace) for deliverer in self._deliverers))
        for courier in self._couriers.values():
            await courier.close()


def _password(section: DeliverySection) -> str:
    return section.password.read().decode("utf-8") if section.password is not None else ""
