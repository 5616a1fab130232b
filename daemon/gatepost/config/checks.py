"""What must hold between the values of a config that are each right by themselves; it reads no file but the secrets.

Every check yields findings: the path of the key, what is wrong, and what to write instead.
"""

import ipaddress
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..core.reply_address import TOKEN_LENGTH
from ..core.staff import OF_A_BRAND, Permission, permitted
from ..errors import PermanentError
from . import brand as brands
from . import imap_checks, sign_in_checks
from .model import Config
from .section import Secret
from .staff import StaffSection, roles_of
from .types import endpoint, is_loopback

Place = tuple[str | int, ...]
Finding = tuple[Place, str, str]

_LOCAL_PART = 64
_KEY_OCTETS = 32
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound


def findings(config: Config, *, secrets: bool) -> Iterator[Finding]:
    """Everything that does not fit together. With `secrets`, also secrets that are missing or open to others."""
    yield from _teams(config)
    yield from _support_addresses(config)
    for slug, brand in config.brand.items():
        yield from brands.findings(slug, brand)
    yield from _staff(config)
    yield from _loops(config)
    yield from _away(config)
    yield from _smtp(config)
    yield from imap_checks.findings(config.imap, {address.lower() for _, address in _all_support(config)})
    yield from sign_in_checks.findings(config)
    yield from _delivery(config)
    yield from _reply_addresses(config)
    yield from _authentication(config)
    yield from _folders(config)
    yield from _portals(config)
    if secrets:
        yield from _secrets(config)


def _teams(config: Config) -> Iterator[Finding]:
    if "triage" not in config.team:
        yield ("team",), "there is no team triage, which takes what nobody else does", "add a table [team.triage]"


def _staff(config: Config) -> Iterator[Finding]:
    """Each member has an address of their own, and roles that are there."""
    known, seen = roles_of(config.role), dict[str, str]()
    for slug, member in config.staff.items():
        first = seen.setdefault(member.address.casefold(), slug)
        if first != slug:
            yield ("staff", slug, "address"), f"{member.address} is already the address of {first}", "one person each"
        for number, role in enumerate(member.roles):
            if role not in known:
                yield (
                    ("staff", slug, "roles", number),
                    f"there is no role {role}",
                    f"there are {', '.join(sorted(known))}; or add a table [role.{role}]",
                )
        yield from _staff_brands(config, slug, member, known)


def _staff_brands(
    config: Config, slug: str, member: StaffSection, known: Mapping[str, tuple[Permission, ...]]
) -> Iterator[Finding]:
    """Who works for some brands has no page that shows every brand's mail."""
    for number, brand in enumerate(member.brands):
        if brand not in config.brand:
            yield ("staff", slug, "brands", number), f"there is no brand {brand}", ", ".join(sorted(config.brand))
    wide = sorted(permitted([one for one in member.roles if one in known], known) - OF_A_BRAND) if member.brands else []
    if wide:
        said = f"{slug} works for {', '.join(member.brands)}, but their roles permit {', '.join(wide)}"
        yield ("staff", slug, "brands"), f"{said}, which shows every brand's", "a role without it, or brands = []"


def _support_addresses(config: Config) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for slug, brand in config.brand.items():
        for number, address in enumerate(brand.support):
            first = seen.setdefault(address.lower(), slug)
            if first != slug or address.lower() in [each.lower() for each in brand.support[:number]]:
                yield _support(slug, number), f"{address} is already a support address of {first}", "write it once"
            yield from _room_for_token(config, slug, number, address)


def _room_for_token(config: Config, slug: str, number: int, address: str) -> Iterator[Finding]:
    """A token must fit behind the separator into the 64 octets of a local part (RFC 5321 4.5.3.1.1)."""
    room = _LOCAL_PART - TOKEN_LENGTH - len(config.reply_address.separator)
    if config.reply_address.form == "plus" and len(address.rpartition("@")[0]) > room:
        yield (
            _support(slug, number),
            f"{address} leaves no room for a signed reply address: at most {room} characters before the @",
            'take a shorter address, or reply_address.form = "subdomain"',
        )


def _portals(config: Config) -> Iterator[Finding]:
    """Cookies that sign people in are not sent over http, where they could be read on the way (I30)."""
    for slug, brand in config.brand.items():
        if brand.portal.startswith("http:") and not config.page.plain_http:
            said = f"nobody could sign in at {brand.portal}: over http, cookies can be read on the way"
            yield ("brand", slug, "portal"), said, "write https:, or set page.plain_http = true to try things out"


def _support(slug: str, number: int) -> Place:
    return ("brand", slug, "support", number)


def _loops(config: Config) -> Iterator[Finding]:
    """Nobody to whom we write may be ourselves (D32)."""
    people: list[tuple[Place, str]] = [(("gatepost", "staff"), config.gatepost.staff)]
    people += [(("team", slug, "address"), team.address) for slug, team in config.team.items()]
    people += [(("staff", slug, "address"), member.address) for slug, member in config.staff.items()]
    for place, address in people:
        if config.receives(address):
            yield place, f"{address} comes in here again: a loop", "name a mailbox that people read somewhere else"


def _away(config: Config) -> Iterator[Finding]:
    for slug, away in config.away.items():
        if away.first and away.back <= away.first:
            yield ("away", slug, "back"), f"{away.back} is not after {away.first}", "the first day back, after first"
        if away.substitute and config.receives(away.substitute):
            yield (
                ("away", slug, "substitute"),
                f"{away.substitute} comes in here again: a loop",
                "name a mailbox that people read somewhere else",
            )


def _smtp(config: Config) -> Iterator[Finding]:
    smtp = config.smtp
    if bool(smtp.certificate) != bool(smtp.key):
        have, lack = ("certificate", "key") if smtp.certificate else ("key", "certificate")
        yield ("smtp", have), f"there is a {have}, but no {lack}", f"add {lack}, or take {have} out"
    for place, value in ((("smtp", "certificate"), smtp.certificate), (("smtp", "key"), smtp.key)):
        if value and not Path(value).is_file():
            yield place, f"there is no file {value}", ""
    if smtp.key and Path(smtp.key).is_file() and stat.S_IMODE(Path(smtp.key).stat().st_mode) & 0o007:
        yield ("smtp", "key"), f"everybody on this machine can read or write {smtp.key}", f"chmod o= {smtp.key}"
    if smtp.require_tls and not smtp.certificate:
        yield ("smtp", "require_tls"), "TLS is required, but there is no certificate", "set smtp.certificate and key"
    if smtp.header_octets > smtp.message_octets:
        yield ("smtp", "header_octets"), "the header section may be larger than the whole message", "make it smaller"
    yield from _listening(config)
    yield from _postponed(config)


def _listening(config: Config) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    page = endpoint(config.page.listen)
    doors = [("smtp", number, listen) for number, listen in enumerate(config.smtp.listen)]
    doors += [("lmtp", number, listen) for number, listen in enumerate(config.lmtp.listen)]
    for door, number, listen in doors:
        where = endpoint(listen)
        if where[1] and where in seen:
            yield (door, "listen", number), f"{listen} stands here twice", "write it once"
        seen.add(where)
        if where[1] and where[1] == page[1] and _same_host(config, where[0], page[0]):
            yield ("page", "listen"), f"{config.page.listen} is taken by {door}.listen", "choose another port"


def _postponed(config: Config) -> Iterator[Finding]:
    support = {address.lower() for _, address in _all_support(config)}
    for number, address in enumerate(config.smtp.postponed):
        if address.lower() not in support:
            yield ("smtp", "postponed", number), f"{address} is no support address of a brand", "take it out"


def _delivery(config: Config) -> Iterator[Finding]:
    delivery = config.delivery
    host, port = endpoint(delivery.smarthost)
    for number, listen in enumerate(config.smtp.listen):
        ours, our_port = endpoint(listen)
        if port == our_port and _same_host(config, ours, host):
            written = "smarthost" in delivery.model_fields_set
            yield (
                ("delivery", "smarthost") if written else ("smtp", "listen", number),
                f"the smarthost {delivery.smarthost} is our own smtp.listen {listen}: every mail would come in again",
                "name the mail server that takes our mail, or let smtp.listen use another port",
            )
            break
    if delivery.dkim is not None:
        for slug, brand in config.brand.items():
            domain = brand.support[0].rpartition("@")[2]
            if domain != delivery.dkim.domain and not domain.endswith("." + delivery.dkim.domain):
                yield (
                    ("delivery", "dkim", "domain"),
                    f"mail of brand {slug} comes from {domain}, for which this signature does not stand",
                    "sign for the domain that all brands share, or let the smarthost sign",
                )
    yield from _routes(config)
    if delivery.username and delivery.password is None:
        yield ("delivery", "username"), "there is a username, but no password", 'add password = { file = "/path" }'
    if delivery.password is not None and not delivery.username:
        yield ("delivery", "password"), "there is a password, but no username", "add username"
    if delivery.username and delivery.tls != "required" and not is_loopback(host):
        yield (
            ("delivery", "tls"),
            f"the password would go to {host} without a verified TLS connection",
            'write tls = "required"',
        )


def _same_host(config: Config, ours: str, theirs: str) -> bool:
    """Whether `theirs` reaches a socket that listens on `ours`, as far as can be said without asking DNS."""
    here = {"localhost", "127.0.0.1", "::1", config.gatepost.hostname, *_ANY}
    return ours == theirs or (ours in here and theirs in here)


def _reply_addresses(config: Config) -> Iterator[Finding]:
    reply = config.reply_address
    if reply.form == "subdomain" and not reply.domain:
        yield ("reply_address", "form"), "the subdomain form needs a domain", 'add domain = "reply.market.example"'
    if reply.domain and any(reply.domain == address.rpartition("@")[2] for _, address in _all_support(config)):
        yield (
            ("reply_address", "domain"),
            f"{reply.domain} is also the domain of a support address",
            "take a domain of its own, for example reply." + reply.domain,
        )
    too_high = [key for key in reply.keys if int(key) > 255]
    for key in too_high:
        yield ("reply_address", "keys", key), "the id of a key is a number from 0 to 255", ""
    if reply.keys and str(reply.current) not in reply.keys:
        yield (
            ("reply_address", "current"),
            f"the current key {reply.current} is not among the keys {', '.join(sorted(reply.keys, key=int))}",
            "add it to keys, or name one that is there",
        )


def _all_support(config: Config) -> Iterator[tuple[str, str]]:
    for slug, brand in config.brand.items():
        for address in brand.support:
            yield slug, address


def _authentication(config: Config) -> Iterator[Finding]:
    if config.authentication.mode == "trusted-hop" and not config.authentication.authserv_id:
        yield (
            ("authentication", "mode"),
            "trusted-hop needs authserv_id: the name that your own mail server writes first in Authentication-Results",
            'add authserv_id = "mail.market.example", or write mode = "off" while there is no such server',
        )

    yield from _evaluation(config)


def _evaluation(config: Config) -> Iterator[Finding]:
    """The keys that only the mode `evaluate` reads."""
    section = config.authentication
    if section.arc_sealers and section.mode != "evaluate":
        yield (
            ("authentication", "arc_sealers"),
            f"seals are looked at only by the mode evaluate, and the mode is {section.mode}",
            'write mode = "evaluate", or let your own mail server judge seals and take the key out',
        )
    for number, server in enumerate(section.nameservers):
        try:
            ipaddress.ip_address(endpoint(server)[0])
        except ValueError:
            yield (
                ("authentication", "nameservers", number),
                f"{server} names a host, which only DNS could find",
                "write its address, for example 127.0.0.1:53",
            )
    if section.query_seconds > section.evaluation_seconds:
        yield (
            ("authentication", "query_seconds"),
            "one question may take longer than the whole evaluation",
            "make it smaller than evaluation_seconds",
        )


def _folders(config: Config) -> Iterator[Finding]:
    """A folder that the file names must be there; the default ones may be absent."""
    for name in ("rules", "templates"):
        value = getattr(config.gatepost, name)
        if name in config.gatepost.model_fields_set and not Path(value).is_dir():
            yield (
                ("gatepost", name),
                f"there is no folder {value}",
                "make it, or take the key out to use the shipped ones",
            )
    data = Path(config.gatepost.data)
    if data.exists() and not data.is_dir():
        yield ("gatepost", "data"), f"{data} is not a folder", "name a folder of its own for the databases"


def _routes(config: Config) -> Iterator[Finding]:
    """Each domain has one way out, and no way leads back to ourselves."""
    known: dict[str, str] = {}
    for name, route in config.route.items():
        for number, domain in enumerate(route.domains):
            other = known.setdefault(domain.lower(), name)
            if other != name:
                yield ("route", name, "domains", number), f"{domain} goes by route {other} already", "name it in one"
        host, port = endpoint(route.smarthost)
        for listen in config.smtp.listen:
            ours, our_port = endpoint(listen)
            if port == our_port and _same_host(config, ours, host):
                said = f"{route.smarthost} is our own smtp.listen {listen}: every mail would come in again"
                yield ("route", name, "smarthost"), said, "name the mail server that takes this mail"
        if bool(route.username) != (route.password is not None):
            have, lack = ("username", "password") if route.username else ("password", "username")
            yield ("route", name, have), f"there is a {have}, but no {lack}", f"add {lack}, or take {have} out"


def _secrets(config: Config) -> Iterator[Finding]:
    """Every secret can be read by us, and by us alone (K09); it is not kept."""
    for place, secret, least in _named_secrets(config):
        try:
            octets = len(secret.read())
        except PermanentError as error:
            yield place, error.message, error.hint
            continue
        if octets < least:
            yield place, f"{secret} holds {octets} bytes, too few for a key", f"write {least} bytes or more into it"


def _named_secrets(config: Config) -> Iterator[tuple[Place, Secret, int]]:
    """Every secret that the config names, and how many octets it must have at least."""
    yield from ((("reply_address", "keys", key), one, _KEY_OCTETS) for key, one in config.reply_address.keys.items())
    if config.delivery.dkim is not None:
        yield ("delivery", "dkim", "key"), config.delivery.dkim.key, 1
    maybe: list[tuple[Place, Secret | None, int]] = [
        (("delivery", "password"), config.delivery.password, 1),
        *((("route", name, "password"), route.password, 1) for name, route in config.route.items()),
        *(
            (("imap", name, key), getattr(box, key), 1)
            for name, box in config.imap.items()
            for key in ("password", "client_secret", "refresh_token")
        ),
        (("sso", "client_secret"), config.sso.client_secret, 1),
        (("staff_sso", "client_secret"), config.staff_sso.client_secret, 1),
        (("shop_sign_in", "secret"), config.shop_sign_in.secret, _KEY_OCTETS),
    ]
    yield from ((place, secret, least) for place, secret, least in maybe if secret is not None)
