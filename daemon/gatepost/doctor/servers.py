"""The servers that we depend on, tried as the daemon does it: the smarthost up to its EHLO, mailboxes up to SELECT."""

from ..check import Finding
from ..clock import Clock
from ..config import Config
from ..delivery.courier import Courier, Greeting
from ..errors import TemporaryError
from ..ingress.imap import tokens_of
from ..ingress.imap_session import Session
from ..ingress.imap_wire import why
from .findings import fine, look, wrong


async def smarthost(config: Config) -> list[Finding]:
    """It answers, secures the connection as the policy asks, signs us in, and takes mails as large as ours."""
    section = config.delivery
    password = section.password.read().decode("utf-8") if section.password is not None else ""
    courier = Courier(section, hostname=config.gatepost.hostname, password=password)
    try:
        greeting = await courier.greet()
    except TemporaryError as error:
        remedy = "Mail waits and is tried again. Check delivery.smarthost, its firewall, delivery.tls and the password."
        return [wrong("smarthost", f"{section.smarthost}: {error.message}", remedy)]
    finally:
        await courier.close()
    return [_greeted(config, greeting), _size(config, greeting)]


def _greeted(config: Config, greeting: Greeting) -> Finding:
    section = config.delivery
    signed_in = f", signed in as {section.username}" if section.username else ""
    seen = f"{section.smarthost} takes mail {'over TLS' if greeting.tls else 'in plain text'}{signed_in}"
    local = section.smarthost.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
    if not greeting.tls and section.tls != "none" and not local:
        return look("smarthost", f"{seen}: it offers no STARTTLS", "Let it offer STARTTLS, then set delivery.tls.")
    if section.tls == "opportunistic" and not local:
        return look("smarthost", f"{seen}, unverified", 'Write delivery.tls = "required", which verifies its name.')
    return fine("smarthost", seen)


def _size(config: Config, greeting: Greeting) -> Finding:
    said = greeting.extensions.get("size")
    if said is None:
        return look("smarthost", "it does not say how large a mail may be", "Ask whoever runs it; see RFC 1870.")
    most, ours = int(said) if said.isdigit() else 0, config.smtp.message_octets
    if most and most < ours:
        remedy = f"Raise its limit above {ours}, or lower smtp.message_octets: a relayed mail may be as large as that."
        return look("smarthost", f"it takes {most} octets, and {ours} come in here", remedy)
    return fine("smarthost", f"it takes {most} octets" if most else "it takes mails of any size")


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
