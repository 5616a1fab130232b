"""Brings one mail to the smarthost and says how it ended for each recipient; keeps its connections for the next one.

Opening is aiosmtplib's: greeting, EHLO, STARTTLS, signing in. It tries once: when to try again is decided elsewhere.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from ..config import DeliverySection
from ..core.outgoing import Answer, Later, Refused
from ..errors import TemporaryError
from .conversation import BrokenError, Conversation, SilentError
from .wire import carried, fault_of, plain

_IDLE_SECONDS = 20.0
_MAILS_PER_CONNECTION = 200
_NO_UTF8 = "the server takes no addresses beyond ASCII (SMTPUTF8, RFC 6531)"
_SIZE_DIGITS = 15  # RFC 1870 4 allows 20 digits; nobody's mail has a petabyte, and the database holds 19.


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a server said to EHLO: its extensions by name in lower case, with their parameters; and whether by TLS."""

    extensions: Mapping[str, str]
    tls: bool


class _OpeningError(Exception):
    """The host could not be brought to take mail at all: the step that failed, the code (0: none), the words."""

    def __init__(self, step: str, error: Exception) -> None:
        self.code = error.code if isinstance(error, SMTPResponseException) else 0
        words = error.message if isinstance(error, SMTPException) else str(error)
        super().__init__(f"{step}: {words or type(error).__name__}")


class Courier:
    """One per smarthost. `hostname` is what we call ourselves; `tls` replaces the context that the policy asks for.

    `size` is how many octets a mail may have by the host's last greeting, 0 where it names no bound, None before it.
    """

    def __init__(
        self, settings: DeliverySection, *, hostname: str, password: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        host, _, port = settings.smarthost.rpartition(":")
        self.host = settings.smarthost
        self._address = (host.strip("[]"), int(port))
        self._settings = settings
        self._hostname = hostname
        self._password = password
        self._tls = tls
        self._idle: dict[Conversation, asyncio.TimerHandle] = {}
        self._closed = False
        self.size: int | None = None

    @property
    def patience(self) -> float:
        """The seconds after which one mail is given up for now, whatever the host does meanwhile."""
        settings = self._settings
        return 4 * settings.connect_seconds + 3 * settings.command_seconds + settings.data_seconds

    async def send(self, mail_from: str, recipients: Sequence[str], content: bytes) -> tuple[Answer, ...]:
        """Try one mail once; one answer for each recipient, in their order. Never raises but for cancellation.

        `mail_from` is '' for the null sender. Nothing is sent of a mail whose bytes or addresses could be misread.
        """
        if fault := _fault(mail_from, content):
            return tuple(Refused(said=f"not sent: {fault}") for _ in recipients)
        good = {recipient: written for recipient in recipients if (written := carried(recipient))}
        ends = await self._send(mail_from, tuple(good.values()), content) if good else ()
        answers = dict(zip(good, ends, strict=True))
        odd = Refused(said="not sent: this is not an address that SMTP can carry")
        return tuple(answers.get(recipient, odd) for recipient in recipients)

    async def greet(self) -> Greeting:
        """Open a connection as for a mail and leave it: what the server offers. Raises TemporaryError."""
        try:
            async with asyncio.timeout(self.patience):
                conversation = await self._open()
        except (_OpeningError, TimeoutError) as error:
            raise TemporaryError(str(error) or f"not finished within {self.patience:g} s") from error
        greeting = Greeting(extensions=conversation.extensions, tls=conversation.tls)
        conversation.leave()
        return greeting

    async def close(self) -> None:
        """Say goodbye on every idle connection, and keep none from now on."""
        self._closed = True
        for conversation in tuple(self._idle):
            self._leave(conversation)

    async def _send(self, mail_from: str, recipients: Sequence[str], content: bytes) -> tuple[Answer, ...]:
        try:
            async with asyncio.timeout(self.patience):
                return await self._carry(mail_from, recipients, content)
        except _OpeningError as error:
            outcome = Later(code=error.code, said=str(error), unreachable=True)
        except BrokenError as error:
            outcome = Later(said=str(error))
        except TimeoutError:
            outcome = Later(said=f"not finished within {self.patience:g} s")
        return tuple(outcome for _ in recipients)

    async def _carry(self, mail_from: str, recipients: Sequence[str], content: bytes) -> tuple[Answer, ...]:
        """On a kept connection, or a new one.

        A kept one may have died meanwhile, or end with a 421 for its idleness; neither says anything about the mail.
        """
        while (kept := self._take()) is not None:
            try:
                answers = await self._on(kept, mail_from, recipients, content)
                if any(answer.code != 421 for answer in answers):
                    return answers
            except SilentError:
                raise
            except BrokenError:
                if kept.heard:
                    raise
        return await self._on(await self._open(), mail_from, recipients, content)

    async def _on(
        self, conversation: Conversation, mail_from: str, recipients: Sequence[str], content: bytes
    ) -> tuple[Answer, ...]:
        if not all(recipient.isascii() for recipient in recipients) and "smtputf8" not in conversation.extensions:
            self._keep(conversation)
            return tuple(Refused(said=f"not sent: {_NO_UTF8}") for _ in recipients)
        if not content.isascii() and "8bitmime" not in conversation.extensions:
            self._keep(conversation)
            return tuple(Refused(said="not sent: the mail is 8-bit, the server takes 7-bit only") for _ in recipients)
        try:
            answers = await conversation.carry(mail_from, recipients, content)
        except BaseException:
            conversation.close()
            raise
        self._keep(conversation)
        return answers

    # Kept connections.

    def _take(self) -> Conversation | None:
        while self._idle:
            conversation, alarm = self._idle.popitem()
            alarm.cancel()
            if conversation.usable:
                return conversation
            conversation.close()
        return None

    def _keep(self, conversation: Conversation) -> None:
        if self._closed or not conversation.usable or conversation.mails >= _MAILS_PER_CONNECTION:
            conversation.leave()
            return
        loop = asyncio.get_running_loop()
        self._idle[conversation] = loop.call_later(_IDLE_SECONDS, self._leave, conversation)

    def _leave(self, conversation: Conversation) -> None:
        self._idle.pop(conversation).cancel()
        conversation.leave()

    # Opening.

    async def _open(self) -> Conversation:
        """A connection ready for its first mail. Raises _OpeningError.

        Opportunistic TLS falls back to plain text on a new connection (RFC 7435), but never with a password to tell.
        """
        try:
            return await self._open_once(tls=self._settings.tls != "none")
        except _TlsError as error:
            if self._settings.tls == "required" or self._settings.username:
                raise _OpeningError("TLS", error.cause) from error
            return await self._open_once(tls=False)

    async def _open_once(self, *, tls: bool) -> Conversation:
        host, port = self._address
        client = SMTP(
            hostname=host,
            port=port,
            local_hostname=self._hostname,
            timeout=self._settings.connect_seconds,
            start_tls=False,
        )
        step = "connect"
        try:
            await client.connect()
            step = "EHLO"
            await _greet(client)
            if tls:
                await self._secure(client)
                await _greet(client)
            step = "sign in"
            if self._settings.username:
                await client.login(self._settings.username, self._password)
            return self._take_over(client)
        except _TlsError:
            client.close()
            raise
        except (SMTPException, OSError, ValueError) as error:
            client.close()
            raise _OpeningError(step, error) from error
        except BaseException:
            client.close()
            raise

    async def _secure(self, client: SMTP) -> None:
        if not client.supports_extension("starttls"):
            if self._settings.tls == "required" or self._settings.username:
                raise _TlsError(SMTPException("the server does not offer STARTTLS"))
            return
        try:
            await client.starttls(tls_context=self._context())
        except (SMTPException, OSError) as error:
            raise _TlsError(error) from error

    def _context(self) -> ssl.SSLContext:
        """Verified for `required`; for `opportunistic` any certificate is better than plain text (RFC 7435 3)."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._settings.tls == "opportunistic":
                self._tls.check_hostname = False
                self._tls.verify_mode = ssl.CERT_NONE
        return self._tls

    def _take_over(self, client: SMTP) -> Conversation:
        said = client.esmtp_extensions.get("size", "").strip()
        self.size = int(said) if said.isdecimal() and len(said) <= _SIZE_DIGITS else 0
        return Conversation(
            cast(asyncio.Transport, client.transport),
            host=self.host,
            extensions=dict(client.esmtp_extensions),
            command_seconds=self._settings.command_seconds,
            data_seconds=self._settings.data_seconds,
        )


class _TlsError(Exception):
    """The connection could not be secured."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def _greet(client: SMTP) -> None:
    """EHLO, or HELO for a server that knows only that (RFC 5321 3.2)."""
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await client.ehlo()
    except SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


def _fault(mail_from: str, content: bytes) -> str:
    if mail_from and not plain(mail_from):
        return "the sender is not an address that SMTP can carry"
    return fault_of(content)
