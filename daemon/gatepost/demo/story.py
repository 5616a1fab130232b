"""The story of one mail, told on the wire: each step is done over SMTP and counts only when it was seen there."""

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass

from ..core import Millis
from . import letters
from .letters import Written
from .place import Place
from .post_office import Kept, PostOffice


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what was to happen, what was seen, whether that was it, and how long it took in milliseconds."""

    step: str
    seen: str
    ok: bool
    took_ms: int

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


class _Unseen(Exception):
    """What should have been seen was not."""


class Story:
    """Tells the story to the daemon at `endpoint`, and watches the post office."""

    def __init__(self, endpoint: tuple[str, int], office: PostOffice, place: Place) -> None:
        self._endpoint = endpoint
        self._office = office
        self._now: Callable[[], Millis] = place.clock.now
        self._vendor_mail: Kept | None = None
        self._acknowledgement: Kept | None = None
        self._answer: Kept | None = None

    async def tell(self) -> AsyncIterator[Step]:
        """Every step in order; after one that fails the rest is not told."""
        for name, act in (
            ("a customer files a ticket by mail, with a system status report attached", self._file),
            ("the vendor's support address gets product, subscription, report and words", self._vendor_gets),
            ("the customer gets one acknowledgement with the policy links", self._acknowledged),
            ("the vendor answers from another help desk; the customer gets it from us, in the thread", self._answered),
            ("nothing of the vendor's token is in it", self._no_foreign_token),
            ("the customer replies, and the vendor gets it in its own thread", self._replied),
            ("a refund question goes to the marketplace team", self._refund),
            ("an expired subscription takes its own route", self._expired),
            ("an absent vendor's substitute gets the ticket, the customer hears of the absence", self._away),
            ("a mail to an unknown recipient is refused at RCPT", self._unknown),
        ):
            began = time.monotonic()
            try:
                seen, ok = await act(), True
            except (_Unseen, TimeoutError, OSError, smtplib.SMTPException) as fault:
                seen, ok = f"not seen: {fault or 'nothing came in time'}", False
            yield Step(step=name, seen=seen, ok=ok, took_ms=round(1000 * (time.monotonic() - began)))
            if not ok:
                return

    async def _file(self) -> str:
        said = await post(self._endpoint, letters.filed_with_report(self._now()))
        return f"the gate said {said}"

    async def _vendor_gets(self) -> str:
        mail = self._vendor_mail = await self._office.wait_for(lambda mail: mail.to == "support@brightside.example")
        text = mail.parts.text
        for wanted in (
            "Checkout Composer",
            "10 February 2026",
            "10 February 2031",
            "active",
            "Ada Quill",
            "the gift message",
        ):
            _must(wanted in text, f"{wanted!r} in the vendor's mail")
        _must("WooCommerce" in text and "10.3.4" in text, "the summary of the status report")
        files = {file.filename: file.content for file in mail.parts.attachments}
        _must(b"### Server Environment ###" in files.get("system-status-report.txt", b""), "the whole status report")
        _must("brightside" not in mail.header("from") and "teashop" not in mail.header("from"), "a From of ours")
        return f"to {mail.to}: {mail.header('subject')}, with {', '.join(files)}"

    async def _acknowledged(self) -> str:
        mail = self._acknowledgement = await self._office.wait_for(lambda mail: mail.to == "ada@teashop.example")
        for link in ("https://orchard.example/privacy", "https://orchard.example/data-use"):
            _must(link in mail.parts.text, f"{link} in the acknowledgement")
        _must(mail.automatic == "auto-replied" and mail.mail_from == "", "Auto-Submitted and the null sender")
        return f"to {mail.to}: {mail.header('subject')}"

    async def _answered(self) -> str:
        behind = len(self._office.mails)
        answer = letters.answer(
            _known(self._vendor_mail),
            sender="nora@brightside.helpdesk.example",
            name="Nora at Brightside",
            words="Hello Ada,\n\nversion 4.2 brings the field back. Please update and clear the cache.\n\nNora",
            at=self._now(),
            program="HelpTower 9.1",
        )
        await post(self._endpoint, answer)
        mail = self._answer = await self._office.wait_for(lambda mail: mail.to == "ada@teashop.example", behind=behind)
        first = str(letters.filed_with_report(0).message["Message-ID"]).rpartition("@")[2]
        _must("version 4.2 brings the field back" in mail.parts.text, "the vendor's words")
        _must("orchard.example" in mail.header("from") and "brightside" not in mail.reply_to, "our From")
        _must(first.rstrip(">") in mail.header("references"), "the customer's own Message-ID in References")
        count = [kept for kept in self._office.mails if kept.to == "ada@teashop.example" and kept.automatic]
        _must(len(count) == 1, "one acknowledgement, not more")
        return f"from {mail.header('from')}"

    async def _no_foreign_token(self) -> str:
        vendor, answer = _known(self._vendor_mail), _known(self._answer)
        _must(bool(vendor.token), "a token in the vendor's reply address")
        _must(vendor.token not in answer.content.decode("ascii", "replace").lower(), "no token of the vendor")
        _must("brightside.helpdesk.example" not in answer.header("from"), "no address of the help desk in From")
        return f"{len(answer.content)} octets searched"

    async def _replied(self) -> str:
        behind = len(self._office.mails)
        reply = letters.answer(
            _known(self._answer), sender="ada@teashop.example", name="Ada Quill",
            words="That was it, thank you!\n\nAda", at=self._now(),
        )  # fmt: skip
        await post(self._endpoint, reply)
        mail = await self._office.wait_for(lambda mail: mail.to == "support@brightside.example", behind=behind)
        _must("That was it, thank you!" in mail.parts.text, "the customer's words")
        first = _known(self._vendor_mail).header("message-id")
        _must(first in mail.header("references"), "the first mail's id in References")
        return f"to {mail.to}: {mail.header('subject')}"

    async def _refund(self) -> str:
        behind = len(self._office.mails)
        await post(self._endpoint, letters.refund(self._now()))
        mail = await self._office.wait_for(lambda mail: mail.to == "billing@office.example", behind=behind)
        _must("would like a refund" in mail.parts.text, "the customer's words")
        return f"to {mail.to}: {mail.header('subject')}"

    async def _expired(self) -> str:
        behind = len(self._office.mails)
        await post(self._endpoint, letters.expired(self._now()))
        mail = await self._office.wait_for(lambda mail: mail.to == "sven@strickwaren.example", behind=behind)
        vendor = [kept for kept in self._office.mails[behind:] if kept.to == "care@papaya.example"]
        _must(not vendor, "nothing to the vendor")
        return f"to {mail.to}: {mail.header('subject')}"

    async def _away(self) -> str:
        behind = len(self._office.mails)
        await post(self._endpoint, letters.to_an_absent_vendor(self._now()))
        mail = await self._office.wait_for(lambda mail: mail.to == "locum@brightside.example", behind=behind)
        told = await self._office.wait_for(lambda mail: mail.to == "greta@holzspiel.example", behind=behind)
        _must("sailing around the world" in told.parts.text, "the vendor's own words about the absence")
        return f"to {mail.to}; the customer reads: {told.header('subject')}"

    async def _unknown(self) -> str:
        stray = letters.write(
            sender="ada@teashop.example",
            to="nobody@orchard.example",
            subject="Hello?",
            words="Anybody?\n",
            at=self._now(),
        )
        try:
            await post(self._endpoint, stray)
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = refused.recipients["nobody@orchard.example"]
            _must(code == 550, "550")
            return f"{code} {said.decode('ascii', 'replace')}"
        raise _Unseen("the mail was taken")


async def post(endpoint: tuple[str, int], written: Written) -> str:
    """Put one mail in over SMTP; the gate's last words. Raises SMTPException as smtplib does."""
    return await asyncio.to_thread(_post, endpoint, written)


def _post(endpoint: tuple[str, int], written: Written) -> str:
    with smtplib.SMTP(*endpoint, timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.mail(written.sender)
        code, said = client.rcpt(written.to)
        if code >= 400:
            raise smtplib.SMTPRecipientsRefused({written.to: (code, said)})
        code, said = client.data(written.message.as_bytes(policy=written.message.policy.clone(linesep="\r\n")))
        return f"{code} {said.decode('ascii', 'replace')}"


def _must(held: bool, wanted: str) -> None:
    if not held:
        raise _Unseen(wanted)


def _known(mail: Kept | None) -> Kept:
    if mail is None:
        raise _Unseen("an earlier mail")
    return mail
