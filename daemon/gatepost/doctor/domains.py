"""What DNS says of us: our host name, and for every domain that mail leaves from or comes in at MX, SPF, DKIM, DMARC.

What it says decides whether others believe our mail. Nothing is sent to anybody; only DNS is asked.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ..authentication.dmarc import policy_of
from ..authentication.message import split
from ..authentication.resolver import Kind, Lookups, NoAnswer, Resolver, Unusable
from ..authentication.signature import Dkim, verify
from ..authentication.spf_record import Malformed, parse
from ..check import Finding
from ..config import Config, endpoint
from ..core import Millis
from ..mail.signing import signer
from .findings import fine, look, wrong

Look: TypeAlias = Callable[[Config, Resolver, Millis], Awaitable[list[Finding]]]

_SAMPLE = b"From: postmaster@%b\r\nTo: postmaster@%b\r\nSubject: a try\r\n\r\nOne line.\r\n"
_ASK_AGAIN = "Is the resolver right? Name one in authentication.nameservers, or give --nameserver."


async def host(config: Config, resolver: Resolver, _: Millis) -> list[Finding]:
    """Our name has an address, and the address has our name: many servers refuse mail of others."""
    name = config.gatepost.hostname
    try:
        addresses = [*await resolver.ask(name, Kind.A), *await resolver.ask(name, Kind.AAAA)]
        if not addresses:
            return [look("dns.host", f"{name} has no address", f"Publish A and AAAA records for {name}.")]
        lacking = [each for each in addresses if name not in await _names_of(each, resolver)]
    except (NoAnswer, Unusable) as error:
        return [wrong("dns.host", error.message, _ASK_AGAIN)]
    if lacking:
        remedy = f"Ask the owner of the address for a PTR record that says {name}, if this machine sends to others."
        return [look("dns.host", f"{name} is {', '.join(addresses)}, and {lacking[0]} does not lead back", remedy)]
    return [fine("dns.host", f"{name} is {', '.join(addresses)}, and leads back")]


async def _names_of(address: str, resolver: Resolver) -> tuple[str, ...]:
    return tuple(name.lower() for name in await resolver.ask(ipaddress.ip_address(address).reverse_pointer, Kind.PTR))


async def mx(config: Config, resolver: Resolver, _: Millis) -> list[Finding]:
    """Mail for every domain of ours has a way to us, by ourselves or by the mail server in front."""
    return [await _mx(config, domain, resolver) for domain in sorted(config.domains())]


async def _mx(config: Config, domain: str, resolver: Resolver) -> Finding:
    subject = f"mx {domain}"
    try:
        hosts = [each.lower() for each in await resolver.ask(domain, Kind.MX)]
    except (NoAnswer, Unusable) as error:
        return wrong(subject, error.message, _ASK_AGAIN)
    if not hosts:
        if config.imap and domain != config.reply_address.domain:
            return look(subject, "no MX record", "Right only where mail is fetched by IMAP; else publish one.")
        return wrong(subject, "no MX record", f"Publish one: {domain}. MX 10 {config.gatepost.hostname}.")
    if config.gatepost.hostname in hosts:
        return fine(subject, f"{', '.join(hosts)}: this host")
    if _is_mx_ourselves(config):
        remedy = f"The door on port 25 gets nothing: publish {domain}. MX 10 {config.gatepost.hostname}."
        return look(subject, f"{', '.join(hosts)}: another host", remedy)
    return fine(subject, f"{', '.join(hosts)}: it must hand our addresses on to us")


def _is_mx_ourselves(config: Config) -> bool:
    return any(endpoint(each)[1] == 25 for each in config.smtp.listen)


async def spf(config: Config, resolver: Resolver, _: Millis) -> list[Finding]:
    """Every domain that mail leaves from says who may send it."""
    return [await _spf(domain, resolver) for domain in _senders(config)]


async def _spf(domain: str, resolver: Resolver) -> Finding:
    subject = f"spf {domain}"
    try:
        texts = await resolver.ask(domain, Kind.TXT)
    except (NoAnswer, Unusable) as error:
        return wrong(subject, error.message, _ASK_AGAIN)
    records = [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if not records:
        return wrong(subject, "no SPF record", f'Publish {domain}. TXT "v=spf1 a:YOUR-SMARTHOST -all".')
    if len(records) > 1:
        return wrong(subject, f"{len(records)} SPF records, of which none counts", "Keep one (RFC 7208 4.5).")
    try:
        record = parse(records[0])
    except Malformed as error:
        return wrong(subject, f"{error}: {records[0]}", "Mend it: a mistake anywhere voids all of it (RFC 7208 4.6).")
    ends = [each for each in record.mechanisms if each.name == "all"]
    if ends and ends[0].qualifier == "+":
        return wrong(subject, f"it lets everybody send: {records[0]}", "End it with -all or ~all.")
    if not ends and not record.redirect:
        return look(subject, f"it says nothing of the rest: {records[0]}", "End it with -all or ~all.")
    return fine(subject, records[0])


async def dkim(config: Config, resolver: Resolver, now: Millis) -> list[Finding]:
    """A signature made by our key is verified with what DNS publishes, as a receiver does it."""
    section = config.delivery.dkim
    if section is None:
        return [fine("dkim", "the smarthost signs; whether it does is seen only on a mail that it has sent")]
    ours = signer(section.domain, section.selector, section.key.read())
    raw = ours.sign(_SAMPLE.replace(b"%b", section.domain.encode("ascii")), now)
    mail = split(raw)
    assert mail is not None, "the sample is a mail"
    field = mail.named(b"dkim-signature")[0]
    signature = await verify(mail, field, Lookups(resolver), now)
    subject, name = f"dkim {section.domain}", f"{section.selector}._domainkey.{section.domain}"
    if signature.result is Dkim.PASS:
        return [fine(subject, f"{name} verifies what {section.key} signs ({ours.algorithm})")]
    remedy = f"Publish the public half of {section.key} as {name}. TXT; docs/delivery.md says how."
    return [wrong(subject, f"{signature.result.value}: {signature.detail}", remedy)]


async def dmarc(config: Config, resolver: Resolver, _: Millis) -> list[Finding]:
    """Every domain that mail leaves from says what becomes of mail that only claims to come from it."""
    return [await _dmarc(domain, resolver) for domain in _senders(config)]


async def _dmarc(domain: str, resolver: Resolver) -> Finding:
    subject = f"dmarc {domain}"
    try:
        policy = await policy_of(domain, Lookups(resolver))
    except (NoAnswer, Unusable) as error:
        return wrong(subject, error.message, _ASK_AGAIN)
    if policy is None:
        remedy = (
            f'Publish _dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:YOU", then raise p when the reports are clean.'
        )
        return look(subject, "no DMARC record", remedy)
    if policy.policy == "none":
        remedy = (
            "Raise it to p=quarantine, then p=reject, when the reports are clean: until then anybody can write as you."
        )
        return look(subject, f"p=none at {policy.published}", remedy)
    return fine(subject, f"p={policy.policy} at {policy.published}")


def _senders(config: Config) -> list[str]:
    """The domains in whose name mail leaves: those of the brands' first support addresses."""
    return sorted({brand.support[0].rpartition("@")[2].lower() for brand in config.brand.values()})


LOOKS: tuple[Look, ...] = (host, mx, spf, dkim, dmarc)
