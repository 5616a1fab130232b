"""Mail servers of customers: they hold on to a mail until they have read its 250, and send it again until then."""

import asyncio
import random
from dataclasses import dataclass, field

TRY_SECONDS = 30.0
MARK = b"X-Chaos-Kill: reader\r\n"


class RefusedError(Exception):
    """The gate said no for good; none of our mails deserves that."""


class LaterError(Exception):
    """The gate said 4yz: the mail is still ours."""


@dataclass
class Accounts:
    """What the senders know: acknowledged mails by Message-ID, tries that ended in the dark, and refusals."""

    acknowledged: set[str] = field(default_factory=set)
    under_way: set[str] = field(default_factory=set)
    in_the_dark: int = 0
    put_off: int = 0
    refused: list[str] = field(default_factory=list)


class Senders:
    """`count` senders that write new mails, `pause` seconds apart on average, until `stop`; then each finishes its last.

    Every third speaks LMTP where there is a door for it (`lmtp`). While `calm` is cleared, no new mail is written.
    """

    def __init__(
        self,
        port: int,
        *,
        count: int,
        chance: random.Random,
        pause: float = 0.05,
        last: int = 10**9,
        lmtp: int = 0,
    ) -> None:
        self.accounts = Accounts()
        self.calm = asyncio.Event()
        self.calm.set()
        self._port = port
        self._lmtp = lmtp
        self._count = count
        self._chance = chance
        self._pause = pause
        self._last = last
        self._next = 0
        self._stopped = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to send."""
        doors = [
            (self._lmtp, b"LHLO") if self._lmtp and n % 3 == 2 else (self._port, b"EHLO") for n in range(self._count)
        ]
        self._tasks = [asyncio.create_task(self._send_on(*door)) for door in doors]

    def number(self) -> int:
        """The number of a new mail."""
        self._next += 1
        return self._next - 1

    def stop(self) -> None:
        """Write no new mails."""
        self._stopped.set()
        self.calm.set()

    async def finished(self, seconds: float) -> None:
        """Wait until every mail that was begun has its 250."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._tasks)

    async def _send_on(self, port: int, greeting: bytes) -> None:
        while not self._stopped.is_set() and self._next < self._last:
            number = self.number()
            await self._send(f"<{number}@client.example>", letter(number), port, greeting)
            await self.calm.wait()
            await asyncio.sleep(self._chance.uniform(0, 2 * self._pause))

    async def _send(self, message_id: str, content: bytes, port: int, greeting: bytes) -> None:
        """One mail until its 250, as RFC 5321 4.5.4.1 asks of a client, only more impatient."""
        accounts = self.accounts
        accounts.under_way.add(message_id)
        while True:
            try:
                async with asyncio.timeout(TRY_SECONDS):
                    await hand_over(port, content, greeting)
            except RefusedError as error:
                accounts.refused.append(f"{message_id}: {error}")
                return
            except LaterError:
                accounts.put_off += 1
            except (OSError, EOFError, TimeoutError):
                accounts.in_the_dark += 1
            else:
                accounts.acknowledged.add(message_id)
                accounts.under_way.discard(message_id)
                return
            await asyncio.sleep(self._chance.uniform(0.05, 0.2))


async def hand_over(port: int, content: bytes, greeting: bytes = b"EHLO") -> str:
    """One conversation with the gate, by SMTP or (LHLO) LMTP; the text of its 250. Raises RefusedError, LaterError, OSError or EOFError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _said(reader, b"220")
        for line in (
            greeting + b" client.example",
            b"MAIL FROM:<jane0@customer.example>",
            b"RCPT TO:<support@orchard.example>",
        ):
            writer.write(line + b"\r\n")
            await _said(reader, b"250")
        writer.write(b"DATA\r\n")
        await _said(reader, b"354")
        writer.write(content + b".\r\n")
        return await _said(reader, b"250")
    finally:
        writer.transport.abort()


async def _said(reader: asyncio.StreamReader, wanted: bytes) -> str:
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the gate has gone")
        if line[3:4] != b"-":
            break
    if line.startswith(wanted):
        return line.decode("ascii", "replace").strip()
    text = line.decode("ascii", "replace").strip()
    raise LaterError(text) if line.startswith(b"4") else RefusedError(text)


def letter(number: int, header: bytes = b"") -> bytes:
    """The mail of that number: an English sentence or two about the one product, and a Message-ID of its own."""
    return (
        header
        + (
            f"From: Jane Roe <jane0@customer.example>\r\nTo: support@orchard.example\r\n"
            f"Subject: Shipping Labels fault {number}\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\n"
            f"Message-ID: <{number}@client.example>\r\n\r\n"
            f"Hello,\r\n\r\nthe label number {number} stays blank since the update. What can I do?\r\n"
        ).encode("ascii")
        + b"It worked before.\r\n" * (number % 40)
    )
