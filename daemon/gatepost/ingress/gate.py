"""The gate: the process that accepts mail into the spool and does nothing else, so that it goes on whatever else fails.

It serves listening sockets that its parent has opened, owns DATA/spool.sqlite3, and tells the desk of each commit over
DATA/run/gate.sock (the protocol is in control.py). It parses nothing and knows no ticket.
"""

import asyncio
import logging
import os
import secrets
import shutil
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import Clock
from ..core import Millis
from ..core.addresses import Addresses
from ..core.letter import Door, Envelope
from ..errors import PermanentError
from ..store.spool import Spool
from .control import Control
from .limits import Room, Turnstile
from .lmtp import LmtpConversation
from .proxy import Proxies
from .smtp import Conversation, Doorway
from .sockets import BACKLOG

if TYPE_CHECKING:
    from ..config import Config

log = logging.getLogger(__name__)

GRACE_SECONDS = 10.0
_DISK_LOOK_SECONDS = 1.0
_SWITCH_SECONDS = 0.0005


def run(
    config: "Config",
    sockets: Sequence[socket.socket],
    ready: Callable[[], None] = lambda: None,
    *,
    clock: Clock | None = None,
    lmtp: Sequence[socket.socket] = (),
) -> int:
    """Serve SMTP on `sockets` and LMTP on `lmtp` until SIGTERM or SIGINT; call `ready` once mail is taken. Returns 0.

    Raises PermanentError (corrupt spool, newer schema, bad certificate) or TemporaryError (spool held by another).
    """
    # aiosmtpd logs every line of every mail at DEBUG, and addresses unescaped at INFO.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    # The spool's thread must get the interpreter back soon after each fsync; at 5 ms a 250 comes a fifth later.
    sys.setswitchinterval(_SWITCH_SECONDS)
    asyncio.run(_run(config, sockets, lmtp, ready, clock or Clock()))
    return 0


async def _run(
    config: "Config",
    sockets: Sequence[socket.socket],
    lmtp: Sequence[socket.socket],
    ready: Callable[[], None],
    clock: Clock,
) -> None:
    gate = Gate(config, clock)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, gate.reload_certificate)
    await gate.start(sockets, lmtp)
    log.info("gate.listening on=%s", ", ".join(_name(listener) for listener in (*sockets, *lmtp)))
    ready()
    await stopping.wait()
    await gate.stop()


class Gate:
    """Spool, doors and control socket, joined. `start`, then `stop`; both in one event loop."""

    def __init__(self, config: "Config", clock: Clock, *, spool: Spool | None = None) -> None:
        self._config = config
        self._clock = clock
        self._tls = _Certificate(config.smtp.certificate, config.smtp.key)
        self.spool = spool or Spool(config.data, now=clock.now, commit_seconds=config.smtp.commit_seconds)
        self._control = Control(config.data / "run" / "gate.sock", self.spool.clear, self.status, self.spool.fold)
        self._disk = Disk(config.data, config.smtp.free_octets or config.smtp.message_octets * 3 // 2)
        self.doorway = self._doorway()
        self._proxies = Proxies(
            config.smtp.proxies, seconds=config.smtp.handshake_seconds, limit=config.smtp.connections
        )
        self._servers: list[asyncio.Server] = []

    async def start(self, sockets: Sequence[socket.socket], lmtp: Sequence[socket.socket] = ()) -> None:
        """Open the spool, then the control socket, then take mail."""
        self._tls.load()
        self.spool.start()
        self.spool.on_commit = self._control.tell_news
        await self._control.start()
        loop = asyncio.get_running_loop()
        smtp = self._proxies.before(lambda peer: Conversation(self.doorway, loop, peer))
        behind = self._lmtp_doorway()
        for listener in sockets:
            self._servers.append(await loop.create_server(smtp, sock=listener, backlog=BACKLOG))
        for listener in lmtp:
            opened = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
            server = await opened(lambda: LmtpConversation(behind, loop), sock=listener, backlog=BACKLOG)
            self._servers.append(server)

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take no more mail, finish the commits in flight within `grace` seconds, tell all others 421 (A31)."""
        for server in self._servers:
            server.close()
        self._proxies.close()
        for conversation in tuple(self.doorway.conversations):
            conversation.stop()
        if open_ones := [conversation.ended for conversation in self.doorway.conversations]:
            await asyncio.wait(open_ones, timeout=grace)
        for conversation in tuple(self.doorway.conversations):
            conversation.abort()
        await self._control.close()
        if not await asyncio.to_thread(self.spool.close, grace):
            log.error("gate.commit_unended: a commit did not end within the grace; its sender had no answer")

    def status(self) -> Mapping[str, object]:
        """Counters for `gatepost status`."""
        counters = self.spool.counters
        return {
            "accepted": counters.accepted,
            "refused": counters.refused,
            "commits": counters.commits,
            "cleared": counters.cleared,
            "reopened": counters.reopened,
            "connections": self.doorway.turnstile.inside,
            "connections_refused": self.doorway.turnstile.refused,
            "octets_in_flight": self.doorway.room.taken,
            "free_octets": self._disk.free(),
        }

    def reload_certificate(self) -> None:
        """Read the certificate anew; a broken one leaves the old one in use."""
        try:
            self._tls.load()
        except PermanentError:
            log.exception("gate.certificate_refused: the old one stays")

    async def _accept(self, envelope: Envelope, raw: bytes, received: Millis) -> int:
        return await self.spool.accept(envelope, raw, received)

    def _doorway(self) -> Doorway:
        config = self._config
        reply = config.reply_address
        return Doorway(
            hostname=config.gatepost.hostname,
            limits=config.smtp,
            addresses=Addresses(config.brands(), reply.separator, reply.domain),
            accept=self._accept,
            now=self._clock.now,
            incident=lambda: secrets.token_hex(5),
            turnstile=Turnstile(total=config.smtp.connections, per_address=config.smtp.connections_per_address),
            room=Room(total=config.smtp.memory_octets),
            has_room=self._disk.has_room,
            tls=self._tls.context,
            postponed={address.lower() for address in config.smtp.postponed},
        )

    def _lmtp_doorway(self) -> Doorway:
        """The same way into the spool, for a mail server of ours: all its connections come from one address."""
        limits = self._config.smtp.model_copy(update={"require_tls": False})
        own = Turnstile(total=limits.connections, per_address=limits.connections)
        return replace(self.doorway, door=Door.LMTP, limits=limits, turnstile=own)


class Disk:
    """How much is free where the data folder is, asked at most once a second."""

    def __init__(self, folder: Path, wanted: int, free: Callable[[Path], int] | None = None) -> None:
        self._folder = folder
        self._wanted = wanted
        self._free = free or (lambda path: shutil.disk_usage(path).free)
        self._looked = -_DISK_LOOK_SECONDS
        self._seen = 0

    def has_room(self, octets: int) -> bool:
        """Whether a mail of `octets` (0: unknown) fits and leaves what must stay free."""
        return self.free() >= self._wanted + octets

    def free(self) -> int:
        """Free octets, up to a second old."""
        now = Clock.monotonic()
        if now - self._looked >= _DISK_LOOK_SECONDS:
            self._looked = now
            self._seen = self._free(self._folder)
        return self._seen


class _Certificate:
    """The TLS context of STARTTLS, or none; replaced as a whole by `load`."""

    def __init__(self, chain: str, key: str) -> None:
        self._chain = chain
        self._key = key
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext | None:
        return self._context

    def load(self) -> None:
        """Raises PermanentError if the files cannot be read or do not belong together."""
        if not self._chain:
            return
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self._chain, self._key or None)
        except (OSError, ssl.SSLError) as error:
            raise PermanentError(
                f"[smtp] certificate {self._chain} cannot be used: {error}",
                "certificate is the PEM chain, key its private key; both must be readable by the gate.",
            ) from error
        self._context = context


def _name(listener: socket.socket) -> str:
    name = listener.getsockname()
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else os.fsdecode(name)
