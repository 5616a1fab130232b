"""What staff pages share: who is here, the areas they may see, times in their zone. They speak English."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from ...core import DAY, HOUR, MINUTE, Millis
from ...core.staff import Member, Permission
from ...core.wall import local
from ..counter import Counter
from ..page import Page, Visitor, Who
from ..stops import Missing

_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One entry of the navigation, for those who have its permission."""

    path: str
    title: str
    permission: Permission


AREAS = (
    Area(path="/staff/queue", title="Queue", permission=Permission.TICKETS_READ),
    Area(path="/staff/customers", title="Customers", permission=Permission.CUSTOMERS_READ),
    Area(path="/staff/vendors", title="Vendors", permission=Permission.VENDORS),
    Area(path="/staff/quarantine", title="Quarantine", permission=Permission.QUARANTINE),
    Area(path="/staff/outbox", title="Outbox", permission=Permission.OUTBOX),
    Area(path="/staff/rules", title="Rules", permission=Permission.RULES),
    Area(path="/staff/log-ins", title="Log-ins", permission=Permission.IMPERSONATE_LOG),
    Area(path="/staff/audit", title="Audit log", permission=Permission.AUDIT),
)


class StaffPages:
    """The base of every area's handlers."""

    here = ""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def member(self, visitor: Visitor) -> Member:
        """Who is here, with what they may in this session."""
        return visitor.colleague

    def show(self, name: str, visitor: Visitor, status: int = 200, **values: object) -> Response:
        """The page `staff/NAME` in the frame of the staff pages; `at` and `ago` in it write instants."""
        member, now = self.member(visitor), self._counter.now()
        frame = {
            "member": member,
            "areas": [area for area in AREAS if member.may(area.permission)],
            "here": self.here,
            "may": lambda permission: permission in member.permissions,
            "at": partial(clock_text, zone=member.zone or visitor.brand.zone),
            "ago": partial(distance, now=now),
            "now": now,
        }
        values = {**frame, **values, "visitor": visitor}
        return self._counter.page(f"staff/{name}", visitor.brand, "en", status, **values)


def page_of(method: str, path: str, handler: object, title: str, permission: Permission, **more: object) -> Page:
    """A line of the table for a staff page."""
    return Page(method, path, handler, Who.STAFF, title, permission=permission, **more)  # type: ignore[arg-type]


def number_in(request: Request, name: str = "number") -> int:
    """The number in the path. Raises Missing for what is none."""
    text = request.path_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Missing
    return int(text)


def asked_number(request: Request, name: str, otherwise: int) -> int:
    """The number in the query, `otherwise` where there is none."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else otherwise


def clock_text(at: Millis | None, *, zone: str) -> str:
    """An instant as staff read it in lists: `Sun 29 Nov 2026 18:04`."""
    return "" if at is None else f"{local(at, zone):%a %d %b %Y %H:%M}"


def distance(at: Millis | None, *, now: Millis) -> str:
    """How far off an instant is: `3 h ago`, `in 2 d`."""
    if at is None:
        return ""
    span = abs(now - at)
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if span >= length:
            text = f"{span // length} {unit}"
            return f"{text} ago" if at <= now else f"in {text}"
    return "now"
