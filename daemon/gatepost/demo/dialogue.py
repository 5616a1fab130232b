"""One connection of the sink: SMTP as far as a client that is right needs it, or what the script says instead."""

import asyncio
import base64
import binascii
import contextlib
import re
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never, cast

from .script import Action, Dribble, Drop, Garbage, Hang, KeepThenDrop, Partial, Reply, Slow, Stage

if TYPE_CHECKING:
    from .sink import Sink

_ADDRESS = re.compile(r"(?i)\A(?:FROM|TO):<([^<>\s]*)>(.*)\Z")
_LINE_OCTETS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One mail as it came: envelope, the parameters of MAIL, bytes without dot-stuffing, number of its connection."""

    mail_from: str
    recipients: tuple[str, ...]
    parameters: str
    content: bytes = field(repr=False)
    connection: int
    tls: bool = False
    user: str = ""


class Dialogue(asyncio.Protocol):
    """One connection: lines in, one answer each, in order, also when they come pipelined (RFC 2920 3.2)."""

    def __init__(self, sink: "Sink") -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._paused = False
        self._in_data = False
        self._tls = False
        self._user = ""
        self._from: str | None = None
        self._parameters = ""
        self._recipients: list[str] = []
        self._searched = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._sink.open.add(self)
        self._number = self._sink.connections
        self._sink.connections += 1
        scripts = self._sink.scripts
        self._script = scripts[self._number] if self._number < len(scripts) else []
        self._answer(Stage.CONNECT, 220, "sink.example ESMTP")

    def connection_lost(self, _error: Exception | None) -> None:
        self._sink.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._read_on()

    def break_off(self) -> None:
        """Close at once, whatever is going on."""
        self._transport.abort()

    def _read_on(self) -> None:
        while not self._paused and not self._transport.is_closing():
            if self._in_data:
                if not self._take_content():
                    return
                continue
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                if len(self._buffer) > _LINE_OCTETS:
                    self.break_off()
                return
            self._buffer = rest
            self._obey(line.decode("utf-8", "replace"))

    def _obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        match word.upper():
            case "EHLO" | "HELO":
                self._forget_mail()
                self._greet()
            case "MAIL":
                self._mail(rest)
            case "RCPT":
                self._rcpt(rest)
            case "DATA":
                self._data()
            case "RSET":
                self._forget_mail()
                self._say(250, "2.0.0 flushed")
            case "NOOP":
                self._say(250, "2.0.0 yes")
            case "QUIT":
                self._say(221, "2.0.0 bye")
                self._transport.close()
            case "STARTTLS" if self._sink.tls is not None and not self._tls:
                self._answer(Stage.STARTTLS, 220, "2.0.0 go ahead", self._start_tls)
            case "AUTH" if self._sink.users:
                self._sign_in(rest)
            case _:
                self._say(502, "5.5.2 not known here")

    def _greet(self) -> None:
        lines = ["sink.example", *self._sink.extensions]
        if self._sink.tls is not None and not self._tls:
            lines.append("STARTTLS")
        if self._sink.users:
            lines.append("AUTH PLAIN")
        self._answer(Stage.EHLO, 250, "\n".join(lines))

    def _mail(self, rest: str) -> None:
        if (address := _ADDRESS.match(rest)) is None:
            return self._say(501, "5.1.7 no such address")

        def begin() -> None:
            self._from, self._parameters = address.group(1), address.group(2).strip()

        return self._answer(Stage.MAIL, 250, "2.1.0 ok", begin)

    def _rcpt(self, rest: str) -> None:
        if self._from is None:
            return self._say(503, "5.5.1 MAIL first")
        if (found := _ADDRESS.match(rest)) is None or not found.group(1):
            return self._say(501, "5.1.3 no such address")
        address = found.group(1)
        if address.startswith("timeout"):
            return self._do(Hang(), lambda: None)
        code, text = 250, "2.1.5 ok"
        if address.startswith("temperror"):
            code, text = 451, "4.3.0 a fault on request"
        elif address.startswith("permerror"):
            code, text = 550, "5.1.1 no such mailbox, on request"

        def end(code: int = code) -> None:
            self._recipients.append(address)

        return self._answer(Stage.RCPT, code, text, end, about=address)

    def _data(self) -> None:
        if not self._recipients:
            return self._say(503 if self._from is None else 554, "5.5.1 no valid recipients")

        def begin() -> None:
            self._in_data = True

        return self._answer(Stage.DATA, 354, "end with a dot", begin)

    def _take_content(self) -> bool:
        """The content up to its final dot; False while it is not all there."""
        if self._buffer.startswith(b".\r\n"):
            end, skip = 0, 3
        elif (at := self._buffer.find(b"\r\n.\r\n", self._searched)) >= 0:
            end, skip = at + 2, at + 5
        else:
            self._searched = max(0, len(self._buffer) - 4)
            return False
        content = bytes(self._buffer[:end]).replace(b"\r\n..", b"\r\n.")
        del self._buffer[:skip]
        mail = Caught(
            mail_from=self._from or "",
            recipients=tuple(self._recipients),
            parameters=self._parameters,
            content=content[1:] if content.startswith(b"..") else content,
            connection=self._number,
            tls=self._tls,
            user=self._user,
        )
        self._forget_mail()
        self._answer(Stage.END, 250, f"2.0.0 queued as {len(self._sink.mails) + 1}", lambda: self._sink.keep(mail))
        return True

    def _sign_in(self, rest: str) -> None:
        kind, _, secret = rest.partition(" ")
        try:
            _, user, password = base64.b64decode(secret, validate=True).decode().split("\0")
        except (ValueError, binascii.Error):
            return self._say(501, "5.5.2 not a sign-in")
        self._sink.tried.append(user)
        if kind.upper() != "PLAIN" or self._sink.users.get(user) != password:
            return self._say(535, "5.7.8 user name or password is wrong")

        def end() -> None:
            self._user = user

        return self._answer(Stage.AUTH, 235, "2.7.0 welcome", end)

    def _start_tls(self) -> None:
        self._paused, self._tls = True, True
        self._buffer.clear()
        self._forget_mail()
        self._handshake = asyncio.ensure_future(self._shake_hands())

    async def _shake_hands(self) -> None:
        loop = asyncio.get_running_loop()
        context = cast(ssl.SSLContext, self._sink.tls)
        with contextlib.suppress(OSError, ssl.SSLError):
            secured = await loop.start_tls(self._transport, self, context, server_side=True)
            if secured is not None:
                self._transport = secured
                self._paused = False
                self._read_on()

    def _answer(
        self, stage: Stage, code: int, text: str, then: Callable[[], None] = lambda: None, about: str = ""
    ) -> None:
        """What the script says for the stage, or the plain answer; `then` is done where the answer is a yes."""
        action = self._scripted(stage)
        if action is None:
            action = Reply(code, text)
        elif isinstance(action, Slow):
            return self._wait(action.seconds, Reply(code, text), then)
        if isinstance(action, Reply) and action.code >= 400:
            self._sink.refused.append((about, action.code))
        return self._do(action, then)

    def _scripted(self, stage: Stage) -> Action | None:
        for n, (at, action) in enumerate(self._script):
            if at is stage:
                del self._script[n]
                return action
        return self._sink.habits.get(stage)

    def _do(self, action: Action, then: Callable[[], None]) -> None:
        match action:
            case Reply(code, text):
                self._say(code, text)
                if code < 400:
                    then()
                elif code == 421:
                    self._transport.close()
            case Drop(reset):
                self._paused = True
                if reset:
                    raw = self._transport.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._transport.abort()
            case Hang():
                self._paused = True
            case Garbage(said) | Partial(said):
                self._paused = True
                self._transport.write(said)
            case Dribble(every):
                self._paused = True
                self._dribble(every)
            case Slow(seconds):
                self._wait(seconds, Hang(), then)
            case KeepThenDrop():
                then()
                self._transport.close()
            case _:
                assert_never(action)

    def _wait(self, seconds: float, action: Action, then: Callable[[], None]) -> None:
        self._paused = True

        def go_on() -> None:
            self._paused = False
            self._do(action, then)
            self._read_on()

        asyncio.get_running_loop().call_later(seconds, go_on)

    def _dribble(self, every: float) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"2")
            asyncio.get_running_loop().call_later(every, self._dribble, every)

    def _say(self, code: int, text: str) -> None:
        lines = text.split("\n")
        marks = "-" * (len(lines) - 1) + " "
        said = "".join(f"{code}{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True))
        self._transport.write(said.encode())

    def _forget_mail(self) -> None:
        self._from = None
        self._parameters = ""
        self._recipients = []
        self._in_data = False
        self._searched = 0
