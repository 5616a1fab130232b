"""`gatepost doctor`: looks at everything that a running Gatepost needs, inside and outside; changes nothing.

`run` joins the looks: those of `gatepost check`, then the data folder's contents, the outside, and the daemon that
runs. Each look gives findings with a remedy; one that fails itself is a finding, and the others go on.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

from ..authentication.dns_resolver import DnsResolver
from ..check import Finding, State, check
from ..clock import Clock
from ..config import Config, endpoint
from ..errors import GatepostError
from . import daemon, domains, inside, machine, servers

__all__ = ["run"]

_SECONDS = 60.0
_QUERY_SECONDS = 5.0
_log = logging.getLogger("gatepost.doctor")
Look = Callable[[], Awaitable[Sequence[Finding]]]


async def run(
    config: Config, clock: Clock, *, nameservers: Sequence[str] = (), outside: bool = True
) -> AsyncIterator[Finding]:
    """Every finding, in order. `nameservers` (ADDRESS:PORT) replace the config's; without `outside` nobody is asked."""
    for finding in check(config, clock.now()):
        yield finding
    for subject, look in _looks(config, clock, nameservers or config.authentication.nameservers, outside):
        for finding in await _guarded(subject, look):
            yield finding


def _looks(config: Config, clock: Clock, nameservers: Sequence[str], outside: bool) -> list[tuple[str, Look]]:
    found: list[tuple[str, Look]] = [
        ("keys", partial(asyncio.to_thread, inside.keys, config)),
        ("database", partial(asyncio.to_thread, inside.databases, config, clock.now())),
        ("audit", partial(asyncio.to_thread, inside.audit, config)),
        ("disk", partial(asyncio.to_thread, machine.disk, config)),
        ("limits", partial(asyncio.to_thread, machine.limits, config)),
        ("clock", partial(asyncio.to_thread, machine.clock, config, clock.now())),
    ]
    if outside:
        servers_asked = [endpoint(server) for server in nameservers]
        resolver = DnsResolver(servers=servers_asked, seconds=_QUERY_SECONDS, monotonic=Clock.monotonic)
        found += [("dns", partial(look, config, resolver, clock.now())) for look in domains.LOOKS]
        found.append(("smarthost", partial(servers.smarthost, config)))
        found += [(f"route.{name}", partial(servers.route, config, name)) for name in config.route]
        found += [(f"imap.{name}", partial(asyncio.to_thread, servers.mailbox, config, name)) for name in config.imap]
    found.append(("daemon", partial(daemon.running, config, clock.now())))
    return found


async def _guarded(subject: str, look: Look) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(_SECONDS):
            return await look()
    except TimeoutError:
        seen, remedy = f"no answer within {_SECONDS:g} seconds", "Look at the network between here and there."
    except GatepostError as error:
        seen, remedy = error.message, error.hint
    except Exception as error:
        # A doctor that falls ill over one organ must still look at the others.
        _log.debug("doctor.failed name=%s", subject, exc_info=True)
        seen, remedy = f"could not be looked at: {type(error).__name__}: {error}", "This is a fault of gatepost."
    return [Finding(state=State.WRONG, subject=subject, seen=seen, detail=(remedy,) if remedy else ())]
