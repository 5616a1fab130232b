"""The audit log for staff: by person, action, object and time, in pages, and as CSV; an export is on record."""

from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from ...audit_rows import COLUMNS, cells
from ...core import DAY, Millis
from ...core.audit import Act, Action
from ...core.staff import Permission
from ...outline import csv_line
from ...store import audit
from ...store.audit import Filter
from ...store.database import Tx
from ..page import Page, Visitor
from .frame import StaffPages, asked_number, page_of

_LONGEST = 320
_MOST_ROWS = 100_000


class StaffAudit(StaffPages):
    """The handlers."""

    here = "/staff/audit"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            page_of("GET", "/staff/audit", self.log, "Audit log", Permission.AUDIT),
            page_of("POST", "/staff/audit/export", self.export, "Export", Permission.AUDIT),
        )

    async def log(self, request: Request, visitor: Visitor) -> Response:
        """The rows that fit the filter, the newest first."""
        asked = _asked(request.query_params)
        wanted, rows = self._filter(asked, visitor), self._counter.staff.rows
        before = asked_number(request, "before", 1 << 62)
        entries = await self._counter.read(lambda tx: audit.page(tx, wanted, before=before, limit=rows + 1))
        older = urlencode({**asked, "before": entries[rows - 1].id}) if len(entries) > rows else ""
        return self.show(
            "audit", visitor, entries=entries[:rows], asked=asked, older=older, first=before == 1 << 62,
            actions=[action.value for action in Action],
        )  # fmt: skip

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """The rows that fit the filter as CSV, and a row that says who has taken them out."""
        form = await request.form()
        asked = _asked({name: value for name, value in form.items() if isinstance(value, str)})
        wanted, member, now = self._filter(asked, visitor), self.member(visitor), self._counter.now()

        def read(tx: Tx) -> list[str]:
            lines = [csv_line(COLUMNS)]
            for entry in audit.all_of(tx, wanted):
                lines.append(csv_line(cells(entry)))
                if len(lines) > _MOST_ROWS:
                    break
            return lines

        # Read beside the desk's work; nobody gets it before it is on record.
        lines = await self._counter.read(read)
        details = {name: value for name, value in asked.items() if value} | {"rows": len(lines) - 1}
        act = Act(actor=member.who, action=Action.AUDIT_EXPORTED, details=details)
        await self._counter.write(lambda tx: self._counter.house.audit.write(tx, act, now))
        headers = {"content-disposition": 'attachment; filename="audit.csv"'}
        return Response("".join(lines), media_type="text/csv; charset=utf-8", headers=headers)

    def _filter(self, asked: Mapping[str, str], visitor: Visitor) -> Filter:
        """The filter; days are those of the member's zone, the last one whole."""
        zone = self.member(visitor).zone or visitor.brand.zone
        return Filter(
            person=asked["person"],
            action=asked["action"],
            object=asked["object"],
            since=_day(asked["since"], zone),
            until=_day(asked["until"], zone, whole=True),
        )


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "").strip()[:_LONGEST] for name in ("person", "action", "object", "since", "until")}


def _day(text: str, zone: str, *, whole: bool = False) -> Millis | None:
    """The first instant of a day, of the day after it if it is to be `whole`; None for what is no day."""
    try:
        day = date.fromisoformat(text)
        start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        return round(start.timestamp() * 1000) + (DAY if whole else 0)
    except (ValueError, OverflowError):
        return None
