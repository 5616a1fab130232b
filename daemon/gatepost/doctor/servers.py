"""The servers that we depend on, tried as the daemon does it: the smarthost up to its EHLO, mailboxes up to SELECT."""

import ssl

from imapclient.exceptions import LoginError

from ..check import Finding
from ..clock import Clock
from ..config import Config, DeliverySection
from ..delivery.courier import Courier, Greeting
from ..delivery.ways import settings_of
from ..errors import GatepostError, TemporaryError
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


def _remedy(error: Exception, table: str) -> str:
    """What to do about a mailbox that cannot be opened."""
    match error:
        case GatepostError():
            return error.hint or f"Mend {table}.token_url, client_id or refresh_token."
        case LoginError():
            return f"Mend {table}.username, password or refresh_token, and see that the account may use IMAP."
        case ssl.SSLCertVerificationError():
            return f"Write the name that is in the certificate as {table}.server, or its issuer's file as authority."
        case ssl.SSLError():
            return f'Port 993 speaks TLS at once ({table}.tls = "tls"), port 143 when it is asked to ("starttls").'
        case TimeoutError():
            return f'A firewall, or a port that wants TLS at once, such as 993: {table}.tls = "tls".'
        case OSError():
            return f"Mend {table}.server (HOST:PORT), or have that server started."
    return f"Mend {table}.folder, or make the folder there; its server's words are above."


def mailbox(config: Config, name: str) -> list[Finding]:
    """Signing in works, and the folder is there."""
    section, subject = config.imap[name], f"imap.{name}"
    try:
        session = Session(section, tokens_of(name, section, config.data, Clock()), Clock.monotonic)
    except Exception as error:
        # imapclient raises errors of sockets, of TLS and its own, and each says why it could not be opened.
        said = error.message if isinstance(error, GatepostError) else why(error)
        return [wrong(subject, f"{section.endpoint()}: {said}", _remedy(error, subject))]
    try:
        waits = len(session.waiting(0)) if not session.keeps else None
        left = f", {waits} mails wait" if waits is not None else ""
        return [fine(subject, f"{section.username} at {section.endpoint()}, folder {section.folder}{left}")]
    finally:
        session.close()
