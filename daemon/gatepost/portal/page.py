"""What the table of pages is made of: a page, who may see it, how its form is guarded, and the visitor who asks.

A page says all of that in one record, and the guard holds it to it: no handler checks a permission or a token itself.
"""

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from ..core import Millis
from ..core.audit import Act, Action, ActorKind
from ..core.audit import Who as Actor
from ..core.party import Brand, Customer
from ..core.staff import Member, Permission
from ..links import For

KIB = 1024


class Who(StrEnum):
    """Who may see a page: anybody (with the link, where the path holds one), or who is signed in as what."""

    ANYONE = "anyone"
    CUSTOMER = "customer"
    STAFF = "staff"
    VENDOR = "vendor"


class Form(StrEnum):
    """What ties a POST to the page that it came from (I08, I11).

    The session of who is signed in; a cookie that the page before has set, for who is not; the signed link itself,
    which nobody else has; nothing, for the one-click of RFC 8058 3.2, which a mail program sends.
    """

    SESSION = "session"
    VISIT = "visit"
    LINK = "link"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: what the guard has made of host, cookie and link.

    `member` is who is signed in to the staff pages. `customer` is who is signed in, or as whom a member of staff is:
    then `staff` and `staff_name` say who that is, `grant` is the number of the session as a customer, and `acting`
    whether they may do more than look. `about` is what the link in the path says; `form` is the value of the hidden
    field that the page's own form must send back, `session_form` that of the forms in the frame of every page of who
    is signed in.
    """

    who: Who
    brand: Brand
    language: str
    zone: str
    peer: str = ""
    customer: Customer | None = None
    session: int = 0
    ends: Millis = 0
    staff: str = ""
    member: Member | None = None
    grant: int = 0
    staff_name: str = ""
    acting: bool = False
    about: tuple[int | str, ...] = ()
    form: str = ""
    session_form: str = ""
    visit: str = ""

    @property
    def person(self) -> Customer:
        """The customer; a page of theirs is shown to nobody else."""
        if self.customer is None:
            raise LookupError("a page for customers was shown to nobody")
        return self.customer

    @property
    def colleague(self) -> Member:
        """The member of staff; a staff page is shown to nobody else."""
        if self.member is None:
            raise LookupError("a page for staff was shown to nobody")
        return self.member

    def act(self, action: Action, object_: str, **details: object) -> Act:
        """What this visitor does, for the audit log: by the customer, or by staff on the customer's behalf (L5)."""
        who = Actor(kind=ActorKind.CUSTOMER, name=self.person.address, party=self.person.id)
        if not self.grant:
            return Act(actor=who, action=action, object=object_, details=details, about=self.person.id)
        staff = Actor(kind=ActorKind.STAFF, name=self.staff)
        return Act(
            actor=staff, action=action, object=object_, on_behalf_of=who, grant=self.grant, details=details,
            about=self.person.id,
        )  # fmt: skip


Handler: TypeAlias = Callable[[Request, Visitor], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the table: a method at a path. GET answers HEAD too, and changes nothing (I01).

    `link` is the purpose of the signed link that the path holds as {token}. `impersonated`: open to a member of staff
    who is logged in as the customer, a POST only where they may act, unless it is `harmless`. `body` is the most that
    a POST may bring, in octets, `files` how many files are in it, `per_hour` how many POSTs one network address may
    send, 0 for any number.
    """

    method: str
    path: str
    handler: Handler
    who: Who
    title: str
    _: KW_ONLY
    permission: Permission | None = None
    link: For | None = None
    form: Form = Form.SESSION
    impersonated: bool = False
    harmless: bool = False
    body: int = 64 * KIB
    files: int = 0
    per_hour: int = 0

    def __post_init__(self) -> None:
        if self.method not in ("GET", "POST"):
            raise ValueError(f"{self.path}: a page is read by GET or acts by POST, not by {self.method}")
        if self.form is Form.SESSION and self.method == "POST" and self.who in (Who.ANYONE, Who.VENDOR):
            raise ValueError(f"{self.path}: who has no session needs a form of another kind")
