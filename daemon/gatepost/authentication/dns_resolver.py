"""Asks real DNS by dnspython, without blocking the event loop, and keeps what it hears for as long as it may."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from .resolver import Kind, NoAnswer, Unusable

_KEPT = 4_096
_LONGEST = 3_600.0
_NOTHING = 60.0
_FAILURE = 10.0
_RECORDS = 200
_OCTETS = 16_384

Answer = tuple[str, ...] | NoAnswer | Unusable


class DnsResolver:
    """The system's DNS servers, or those of `servers` (address, port). One question waits at most `seconds`.

    `monotonic` is a clock of seconds. At most `_KEPT` answers are kept, none longer than an hour; failures are kept for
    seconds, so that a dead name server does not hold up every mail that names it.
    """

    def __init__(self, *, servers: Sequence[tuple[str, int]], seconds: float, monotonic: Callable[[], float]) -> None:
        self._resolver = _configured(servers)
        self._seconds = seconds
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[str, Kind], tuple[float, Answer]] = OrderedDict()

    async def ask(self, name: str, kind: Kind) -> tuple[str, ...]:
        """As in `Resolver`."""
        now = self._monotonic()
        until, answer = self._kept.get((name, kind), (now, ()))
        if until <= now:
            seconds, answer = await self._asked(name, kind)
            self._keep((name, kind), now + min(seconds, _LONGEST), answer)
        if isinstance(answer, tuple):
            return answer
        raise answer

    def _keep(self, key: tuple[str, Kind], until: float, answer: Answer) -> None:
        self._kept[key] = (until, answer)
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    async def _asked(self, name: str, kind: Kind) -> tuple[float, Answer]:
        """How long the answer may be kept, in seconds, and the answer."""
        try:
            found = await self._resolver.resolve(
                dns.name.Name([*(label.encode("ascii") for label in name.split(".")), b""]),
                dns.rdatatype.from_text(kind.value),
                raise_on_no_answer=False,
                lifetime=self._seconds,
                search=False,
            )
        except dns.resolver.NXDOMAIN:
            return _NOTHING, ()
        except (dns.exception.DNSException, OSError, EOFError) as error:
            return _FAILURE, NoAnswer(f"DNS gave no answer for {kind} {name} ({_cause(error)})")
        if found.rrset is None:
            return _NOTHING, ()
        records = sorted(found.rrset, key=lambda record: record.preference) if kind is Kind.MX else list(found.rrset)
        texts = tuple(_text(record, kind) for record in records[: _RECORDS + 1])
        if len(texts) > _RECORDS or sum(map(len, texts)) > _OCTETS:
            return _NOTHING, Unusable(f"DNS has more for {kind} {name} than can be meant honestly")
        return float(found.rrset.ttl), texts


def _configured(servers: Sequence[tuple[str, int]]) -> dns.asyncresolver.Resolver:
    """A resolver of these servers; of the system's for none. A system without any answers nothing."""
    if servers:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [_server(host, port) for host, port in servers]
        return resolver
    try:
        return dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return dns.asyncresolver.Resolver(configure=False)


def _server(host: str, port: int) -> dns.nameserver.Nameserver:
    return dns.nameserver.Do53Nameserver(host, port)


def _text(record: Any, kind: Kind) -> str:
    match kind:
        case Kind.TXT:
            return b"".join(record.strings).decode("latin-1")
        case Kind.A | Kind.AAAA:
            return str(record.address)
        case Kind.MX:
            return str(record.exchange).removesuffix(".")
        case Kind.PTR:
            return str(record.target).removesuffix(".")


def _cause(error: Exception) -> str:
    return "time-out" if isinstance(error, dns.exception.Timeout | asyncio.TimeoutError) else type(error).__name__
