"""The form that files a ticket: of who is signed in at once, of a guest after a click in a mail (P4, I25).

What is written becomes a mail to the product's address, and takes its trip: the rules say who answers.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from ...core import DAY, HOUR, Millis
from ...core.audit import Act, Action, ActorKind
from ...core.audit import Who as Actor
from ...core.letter import Attachment, Letter, Mailbox
from ...core.party import Product, Standing
from ...from_page import file_of
from ...links import For, LinkError
from ...mail import fields
from ...mail.status_report import FILENAME, TEXT_CHARACTERS
from ...notice import post
from ...page_mail import HandedIn, PageMail, hand_in, raw
from ...store import drafts, parties
from ...store.database import Tx
from ...store.drafts import Draft
from ..counter import Counter, go
from ..impersonation.in_name import by_line
from ..page import KIB, Form, Page, Visitor, Who
from ..sign_in.entry import readable
from ..stops import TooMany
from ..uploads import once_of, taken

LETTER = "customer/confirm-ticket"
_SUBJECT, _TEXT, _NAME = 200, 100_000, 100
_GUEST_ROOM = 4 * KIB * KIB
# The choice of who writes about no product, or does not know which.
_NO_PRODUCT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What was written into the form, and which field is wrong, '' for none."""

    product: str
    subject: str
    text: str
    report: str
    files: tuple[Attachment, ...]
    once: str
    address: str = ""
    name: str = ""
    wrong: str = ""


class NewTicketPages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        room, files = self._counter.portal.upload_octets + 512 * KIB, self._counter.portal.upload_files
        often = self._counter.portal.tickets_per_hour
        own = (
            Page("GET", "/tickets/new", self.show, Who.CUSTOMER, "New ticket", impersonated=True),
            Page(
                "POST", "/tickets/new", self.file, Who.CUSTOMER, "New ticket", impersonated=True, body=room, files=files
            ),
        )
        guests = (
            Page("GET", "/ask", self.ask, Who.ANYONE, "Write to us", form=Form.VISIT),
            Page(
                "POST", "/ask", self.asked, Who.ANYONE, "Write to us", form=Form.VISIT, body=_GUEST_ROOM, files=files,
                per_hour=often,
            ),
            Page("GET", "/ask/{token}", self.look, Who.ANYONE, "Confirm", form=Form.VISIT),
            Page("POST", "/ask/{token}", self.confirm, Who.ANYONE, "Confirm", form=Form.VISIT),
        )  # fmt: skip
        return (*own, *(guests if self._counter.portal.guests else ()))

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The form, one's own products first."""
        return await self._form(visitor, _blank(request.query_params.get("product", "")))

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """File the ticket."""
        said = await self._read(await request.form(), self._counter.portal.upload_octets)
        if said.wrong:
            return await self._form(visitor, said, 422)
        self._not_too_often(f"customer {visitor.person.id}")
        mail = self._mail(visitor, said, Mailbox(address=visitor.person.address, name=visitor.person.name))
        done = await self._hand_in(mail, visitor, by=visitor.act(Action.TICKET_FILED, "ticket"))
        return go(f"/tickets/{done.ticket}?filed" if done.ticket else "/tickets?held")

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """The form for a guest; who is signed in has one of their own."""
        if visitor.customer is not None:
            return go("/tickets/new")
        return await self._form(visitor, _blank(request.query_params.get("product", "")))

    async def asked(self, request: Request, visitor: Visitor) -> Response:
        """Keep what was written, and mail the link that files it. What fills in every field learns nothing."""
        form = await request.form()
        said = await self._read(form, _GUEST_ROOM, guest=True)
        if form.get("website"):
            return self._counter.show("customer/ask-sent", visitor, address=said.address)
        if said.wrong:
            return await self._form(visitor, said, 422)
        mail = self._mail(visitor, said, Mailbox(address=said.address, name=said.name))
        secret, now = secrets.token_urlsafe(32), self._counter.now()
        draft = Draft(
            address=said.address, name=said.name, recipient=mail.to, subject=mail.subject, once=mail.once,
            expires=now + DAY, raw=raw(mail, self._counter.house, now),
        )  # fmt: skip
        if not await self._counter.write(lambda tx: self._keep(tx, visitor, draft, secret, now)):
            raise TooMany
        self._counter.wake()
        return self._counter.show("customer/ask-sent", visitor, address=said.address)

    async def look(self, request: Request, visitor: Visitor) -> Response:
        """What was written, and the button that files it; or the ticket that it has become."""
        draft = await self._draft(request)
        return self._shown(visitor, draft)

    async def confirm(self, request: Request, visitor: Visitor) -> Response:
        """File the guest's ticket: whoever reads the address's mail has said so."""
        draft = await self._draft(request)
        if not draft.ticket:
            mail = PageMail(
                sender=Mailbox(address=draft.address, name=draft.name), to=draft.recipient, subject=draft.subject,
                text="", by="", once=draft.once, peer=visitor.peer,
            )  # fmt: skip
            who = Actor(kind=ActorKind.CUSTOMER, name=draft.address)
            by = Act(actor=who, action=Action.TICKET_FILED, object="ticket", details={"guest": True})
            done = await self._hand_in(mail, visitor, by=by, draft=draft)
            draft = replace(draft, ticket=done.ticket)
        return self._shown(visitor, draft, done=True)

    def _shown(self, visitor: Visitor, draft: Draft, *, done: bool = False) -> Response:
        link = ""
        if draft.ticket:
            until = self._counter.now() + self._counter.portal.view_days * DAY
            link = f"/view/{self._counter.house.links.sign(For.VIEW, (draft.ticket, 1), until)}"
        return self._counter.show(
            "customer/ask-confirm", visitor, subject=draft.subject, address=draft.address, number=draft.ticket,
            link=link, done=done or bool(draft.ticket),
        )  # fmt: skip

    def _keep(self, tx: Tx, visitor: Visitor, draft: Draft, secret: str, now: Millis) -> bool:
        most = self._counter.portal.sign_ins_per_address_hour
        if not drafts.put(tx, draft, secret, per_hour=most, now=now):
            return False
        link = f"{visitor.brand.portal.rstrip('/')}/ask/{secret}"
        post(
            tx, self._counter.house, visitor.brand, template=LETTER,
            # Nobody is greeted by what a stranger has typed: it might say anything, to anybody.
            to=Mailbox(address=draft.address), language=visitor.language, key=f"ask-{draft.once}",
            now=now, values={"link": link},
        )  # fmt: skip
        return True

    async def _draft(self, request: Request) -> Draft:
        """The draft of the link. Raises LinkError where there is none, or it is too old."""
        draft = await self._counter.read(lambda tx: drafts.find(tx, request.path_params["token"]))
        if draft is None:
            raise LinkError("this link is not one of ours")
        if self._counter.now() >= draft.expires:
            raise LinkError("this link is no longer good", expired=True)
        return draft

    async def _hand_in(self, mail: PageMail, visitor: Visitor, *, by: Act, draft: Draft | None = None) -> HandedIn:
        house, now = self._counter.house, self._counter.now()
        octets = raw(mail, house, now) if draft is None else draft.raw
        letter: Letter = await self._counter.read_letter(octets)

        def run(tx: Tx) -> HandedIn:
            done = hand_in(tx, house, mail, octets, letter, now)
            if draft is not None and done.ticket:
                drafts.filed(tx, draft.id, done.ticket)
            if not done.again:
                house.audit.write(tx, replace(by, object=f"ticket {done.ticket}"), now)
            return done

        done = await self._counter.write(run)
        self._counter.wake()
        return done

    def _mail(self, visitor: Visitor, said: _Said, sender: Mailbox) -> PageMail:
        files = said.files
        if said.report.strip():
            files = (*files, file_of(FILENAME, "text/plain", said.report.encode("utf-8", "replace")))
        return PageMail(
            sender=sender,
            to=self._counter.house.product_address(visitor.brand, "" if said.product == _NO_PRODUCT else said.product),
            subject=said.subject,
            text=said.text,
            by=by_line(visitor),
            files=files,
            once=said.once,
            peer=visitor.peer,
        )

    async def _read(self, form: FormData, room: int, *, guest: bool = False) -> _Said:
        """What the form says, and the first thing that is wrong with it."""
        files = await taken(form, "files", room)
        said = _Said(
            product=_field(form, "product", 100),
            subject=fields.one_line(_field(form, "subject", _SUBJECT), _SUBJECT).strip(),
            text=_field(form, "text", _TEXT),
            report=_field(form, "report", TEXT_CHARACTERS),
            files=files or (),
            once=once_of(form),
            address=readable(_field(form, "address", 254)) if guest else "",
            name=fields.one_line(_field(form, "name", _NAME), _NAME).strip(),
        )
        names = await self._counter.read(self._counter.house.names)
        if said.product not in names.by_slug:
            said = replace(said, product=_NO_PRODUCT if said.product else "")
        wrong = ""
        if guest and (not said.address or self._counter.house.is_one_of_us(said.address)):
            wrong = "address"
        elif files is None:
            wrong = "files"
        elif not said.subject:
            wrong = "subject"
        elif not (said.text.strip() or said.files):
            wrong = "text"
        return replace(said, wrong=wrong)

    async def _form(self, visitor: Visitor, said: _Said, status: int = 200) -> Response:
        own, others = await self._counter.read(lambda tx: self._products(tx, visitor))
        room = _GUEST_ROOM if visitor.customer is None else self._counter.portal.upload_octets
        values: dict[str, Any] = {"said": said, "own": own, "others": others, "most": room // (KIB * KIB)}
        return self._counter.show("customer/new", visitor, status, guest=visitor.customer is None, **values)

    def _products(self, tx: Tx, visitor: Visitor) -> tuple[list[Product], list[Product]]:
        """The products that the customer has a subscription to, the active ones first, and all others of the brand."""
        names, now = self._counter.house.names(tx), self._counter.now()
        bought = parties.subscriptions_of(tx, visitor.customer.id) if visitor.customer is not None else ()
        ranked = sorted(bought, key=lambda one: one.standing(now) is not Standing.ACTIVE)
        own = dict.fromkeys(one.product_id for one in ranked if one.product_id in names.by_id)
        others = (p for p in names.by_id.values() if p.id not in own and p.brand in ("", visitor.brand.slug))
        return [names.by_id[number] for number in own], sorted(others, key=lambda product: product.name.casefold())

    def _not_too_often(self, who: str) -> None:
        most = self._counter.portal.tickets_per_hour
        if not self._counter.tries.allow("ticket", who, self._counter.now(), HOUR, most):
            raise TooMany


def _blank(product: str) -> _Said:
    return _Said(product=product[:100], subject="", text="", report="", files=(), once=secrets.token_hex(16))


def _field(form: FormData, name: str, most: int) -> str:
    given = form.get(name, "")
    return given[:most] if isinstance(given, str) else ""
