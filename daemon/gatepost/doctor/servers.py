"""The servers that we depend on, tried as the daemon does it: the smarthost up to its EHLO, mailboxes up to SELECT."""

from ..check import Finding
from ..clock import Clock
from ..config import Config, DeliverySection
from ..delivery.courier import Courier, Greeting
from ..delivery.ways import settings_of
from ..errors import TemporaryError
from ..ingress.imap import tokens_of
from ..ingress.imap_session import Session
from ..ingress.imap_wire import why
from .findings import fine, look, wrong


async def smarthost(config: Config) -> list[Finding]:
    """It answers, secures the connection as the policy asks, signs us in, and takes mails as large as ours."""
    return await _smarthost(config, config.delivery, "smarthost", "delivery")


async def route(config: Config, name: str) -> list[Finding]:
    """The same for the smarthost of a route."""
    section = settings_of(config.delivery, config.route[name])
    return await _smarthost(config, section, f"route.{name}", f"route.{name}")


async def _smarthost(config: Config, section: DeliverySection, subject: str, table: str) -> list[Finding]:
    password = section.password.read().decode("utf-8") if section.password is not None else ""
    courier = Courier(section, hostname=config.gatepost.hostname, password=password)
    try:
        greeting = await courier.greet()
    except TemporaryError as error:
        remedy = f"Mail waits and is tried again. Check {table}.smarthost, its firewall, {table}.tls and the password."
        return [wrong(subject, f"{section.smarthost}: {error.message}", remedy)]
    finally:
        await courier.close()
    return [_greeted(section, greeting, subject, table), _size(config, greeting, subject)]


def _greeted(section: DeliverySection, greeting: Greeting, subject: str, table: str) -> Finding:
    signed_in = f", signed in as {section.username}" if section.username else ""
    seen = f"{section.smarthost} takes mail {'over TLS' if greeting.tls else 'in plain text'}{signed_in}"
    local = section.smarthost.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
    if not greeting.tls and section.tls != "none" and not local:
        return look(subject, f"{seen}: it offers no STARTTLS", f"Let it offer STARTTLS, then set {table}.tls.")
    if section.tls == "opportunistic" and not local:
        return look(subject, f"{seen}, unverified", f'Write {table}.tls = "required", which verifies its name.')
    return fine(subject, seen)


def _size(config: Config, greeting: Greeting, subject: str) -> Finding:
    said = greeting.extensions.get("size")
    if said is None:
        return look(subject, "it does not say how large a mail may be", "Ask whoever runs it; see RFC 1870.")
    most, ours = int(said) if said.isdigit() else 0, config.smtp.message_octets
    if most and most < ours:
        remedy = f"Files of larger mails go as links to the portal. Raise its limit above {ours} to send them whole."
        return look(subject, f"it takes {most} octets, and {ours} come in here", remedy)
    return fine(subject, f"it takes {most} octets" if most else "it takes mails of any size")


def mailbox(config: Config, name: str) -> list[Finding]:
    """Signing in works, and the folder is there."""
    section, subject = config.imap[name], f"imap.{name}"
    try:
        session = Session(section, tokens_of(name, section, config.data, Clock()), Clock.monotonic)
    except Exception as error:
        # imapclient raises errors of sockets, of TLS and its own, and each says why it could not be opened.
        remedy = "Check server, username, password or refresh_token, folder, and that IMAP is allowed for it."
        return [wrong(subject, f"{section.endpoint()}: {why(error)}", remedy)]
    try:
        waits = len(session.waiting(0)) if not session.keeps else None
        left = f", {waits} mails wait" if waits is not None else ""
        return [fine(subject, f"{section.username} at {section.endpoint()}, folder {section.folder}{left}")]
    finally:
        session.close()
