"""Opens the session of a member of staff who was proved to be at the other end, by whichever of the two ways."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from ...core import HOUR
from ...core.audit import Act, Action
from ...core.staff import Member
from ...store import sessions
from ...store.database import Tx
from ...store.sessions import Kind, Session
from ..counter import Counter, go
from ..page import Visitor

HOME = "/staff/queue"
_SECRET_OCTETS = 32


def let_in(
    tx: Tx, counter: Counter, member: Member, request: Request, visitor: Visitor, groups: tuple[str, ...] | None = None
) -> str:
    """Open the session under an id that nobody has seen before (I09); the secret for its cookie.

    `groups` are those that the identity provider named; None for who came by link and code.
    """
    now, secret = counter.now(), secrets.token_urlsafe(_SECRET_OCTETS)
    session = Session(
        id=0, kind=Kind.STAFF, staff=member.slug, brand=visitor.brand.slug, started=now,
        expires=now + counter.staff.hours * HOUR, browser=request.headers.get("user-agent", ""), peer=visitor.peer,
        groups=groups,
    )  # fmt: skip
    sessions.open_(tx, session, secret)
    details: dict[str, object] = {"from": visitor.peer}
    if groups is not None:
        details |= {"way": "sso", "groups": list(groups), "roles": list(member.roles)}
    counter.house.audit.write(tx, Act(actor=member.who, action=Action.STAFF_SIGNED_IN, details=details), now)
    return secret


def welcome(counter: Counter, wanted: str, secret: str) -> Response:
    """On to where they wanted, with the cookie; the one that tied the form to this browser has done."""
    response = go(plain(wanted) or HOME)
    counter.cookies.put(response, Kind.STAFF.value, secret, counter.staff.hours * 3600)
    counter.cookies.put(response, "visit", "", 0)
    return response


def plain(path: str) -> str:
    """`path`, if it is plainly one of the staff pages; '' for all that could lead elsewhere (I14)."""
    harmless = path.isascii() and path.isprintable() and len(path) < 512
    within = path.startswith("/staff/") and not any(bad in path for bad in ("//", "\\", "..", "?", "#", "%", " "))
    return path if harmless and within and not path.startswith("/staff/sign-") else ""
