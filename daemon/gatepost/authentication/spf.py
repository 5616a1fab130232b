"""SPF (RFC 7208): may this address send mail of this domain? The ten look-ups, the two empty ones, and nothing else.

Written here because the one Python library for it has had no release since 2020 and answers only from a global
resolver; docs/decisions/0005-sender-authentication.md. Explanations (`exp`) are not fetched: we refuse nobody.
"""

import re
from dataclasses import replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from .resolver import Kind, Lookups, NoAnswer, Unusable, ascii_form, canonical
from .spf_macro import Address, Values, expand, wants_validated
from .spf_record import Malformed, Mechanism, Record, parse

_LOOKUPS = 10
_EMPTY = 2
_HOSTS = 10
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?")
_VERSION = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)


class Spf(StrEnum):
    """The results of RFC 7208 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a word of RFC 8601, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_QUALIFIERS = {"+": Spf.PASS, "-": Spf.FAIL, "~": Spf.SOFTFAIL, "?": Spf.NEUTRAL}


class _Wrong(Exception):
    """The record cannot be evaluated: a mistake in it, or a limit broken."""


async def check(lookups: Lookups, ip: Address, mail_from: str, helo: str) -> tuple[Spf, str, str]:
    """The result for the envelope sender, the domain it is about, and a word on how it came about.

    With the null sender the HELO name is checked as postmaster@helo (RFC 7208 2.4). Never raises.
    """
    local, at, domain = mail_from.rpartition("@")
    sender = f"{local or 'postmaster'}@{domain}" if at else f"postmaster@{helo}"
    local, _, domain = sender.rpartition("@")
    domain = ascii_form(domain.lower())
    sender = f"{local}@{domain}"
    if not _DOMAIN.fullmatch(domain) or canonical(domain) is None:
        return Spf.NONE, domain, "no domain that DNS could know"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    try:
        result, detail = await _Check(lookups, Values(ip=ip, sender=sender, helo=helo, domain=domain)).host(domain)
    except NoAnswer as error:
        return Spf.TEMPERROR, domain, error.message
    except (_Wrong, Malformed, Unusable) as error:
        return Spf.PERMERROR, domain, str(error)
    return result, domain, detail


def address_of(peer: str) -> IPv4Address | IPv6Address | None:
    """The address of a connection's other end, without a zone; None for a socket that has none."""
    try:
        return ip_address(peer.partition("%")[0])
    except ValueError:
        return None


class _Check:
    """One evaluation: what is left of its limits, which includes and redirects share (RFC 7208 4.6.4)."""

    def __init__(self, lookups: Lookups, values: Values) -> None:
        self._lookups = lookups
        self._values = values
        self._left = _LOOKUPS
        self._empty = _EMPTY

    async def host(self, domain: str) -> tuple[Spf, str]:
        """check_host() of the RFC for `domain`."""
        record = await self._record(domain)
        if record is None:
            return Spf.NONE, f"{domain} publishes no SPF"
        for mechanism in record.mechanisms:
            if await self._matches(mechanism, domain):
                return _QUALIFIERS[mechanism.qualifier], f"by {mechanism.name} of {domain}"
        if not record.redirect:
            return Spf.NEUTRAL, f"nothing of {domain} matches"
        self._count()
        target = await self._target(record.redirect, domain)
        result, detail = await self.host(target)
        if result is Spf.NONE:
            raise _Wrong(f"redirect to {target}, which has no SPF")
        return result, detail

    async def _record(self, domain: str) -> Record | None:
        texts = [text for text in await self._lookups.ask(domain, Kind.TXT) if _VERSION.match(text)]
        if len(texts) > 1:
            raise _Wrong(f"{domain} publishes several SPF records")
        if texts and not texts[0].isascii():
            raise _Wrong(f"the SPF record of {domain} is not ASCII")
        return parse(texts[0]) if texts else None

    async def _matches(self, mechanism: Mechanism, domain: str) -> bool:
        match mechanism.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return mechanism.network is not None and self._values.ip in mechanism.network
        self._count()
        target = await self._target(mechanism.spec, domain) if mechanism.spec else domain
        match mechanism.name:
            case "include":
                return await self._included(target)
            case "a":
                return await self._within(target, mechanism)
            case "mx":
                return await self._mx(target, mechanism)
            case "exists":
                return bool(await self._ask(target, Kind.A))
            case "ptr":
                return await self._validated(target) is not None
        raise _Wrong(f"{mechanism.name} is no mechanism")

    async def _included(self, target: str) -> bool:
        result, _ = await self.host(target)
        if result is Spf.NONE:
            raise _Wrong(f"include of {target}, which has no SPF")
        return result is Spf.PASS

    async def _within(self, host: str, mechanism: Mechanism) -> bool:
        ip = self._values.ip
        length = mechanism.length4 if ip.version == 4 else mechanism.length6
        addresses = await self._ask(host, Kind.A if ip.version == 4 else Kind.AAAA)
        return any(ip in ip_network(f"{address}/{length}", strict=False) for address in addresses)

    async def _mx(self, target: str, mechanism: Mechanism) -> bool:
        hosts = await self._ask(target, Kind.MX)
        if len(hosts) > _HOSTS:
            raise _Wrong(f"{target} has more than {_HOSTS} MX hosts")
        for host in hosts:
            if await self._within(host, mechanism):
                return True
        return False

    async def _validated(self, target: str) -> str | None:
        """A name of the address that leads back to it and lies in `target` (RFC 7208 5.5); faults match nothing."""
        ip = self._values.ip
        try:
            names = await self._ask(ip.reverse_pointer, Kind.PTR)
        except NoAnswer:
            return None
        found = []
        for name in (name.removesuffix(".").lower() for name in names[:_HOSTS]):
            try:
                addresses = await self._lookups.ask(name, Kind.A if ip.version == 4 else Kind.AAAA)
            except NoAnswer:
                continue
            if any(ip_address(address) == ip for address in addresses):
                found.append(name)
        suffix = target.lower().removesuffix(".")
        fitting = [name for name in found if name == suffix or name.endswith(f".{suffix}")]
        return min(fitting, key=len, default=None)

    async def _target(self, spec: str, domain: str) -> str:
        values = replace(self._values, domain=domain)
        if wants_validated(spec):
            values = replace(values, validated=await self._validated(domain) or "unknown")
        return expand(spec, values)

    async def _ask(self, name: str, kind: Kind) -> tuple[str, ...]:
        """The records of a name that the policy chose; the third one without any is a permerror."""
        answer = await self._lookups.ask(name, kind)
        if not answer:
            self._empty -= 1
            if self._empty < 0:
                raise _Wrong(f"more than {_EMPTY} names without records")
        return answer

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Wrong(f"more than {_LOOKUPS} mechanisms that ask DNS")
