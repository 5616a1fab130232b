"""Quarantine for staff: what is held and why, released or forgotten; its raw bytes only with leave, and on record."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...core.audit import Act, Action
from ...core.staff import Permission
from ...errors import GatepostError
from ...mail.parse import HostileMail
from ...privacy.sealing import raw_of
from ...reader.pool import ReaderDied
from ...store import arrivals, quarantine, sealed
from ...store.database import Tx
from ...store.quarantine import Held, State
from ...travel import unlinked
from ..counter import go
from ..page import Page, Visitor
from ..stops import Missing
from .desk import StaffDesk
from .frame import StaffPages, asked_number, number_in, page_of

_DONE = {"released": "It was run again; what became of it stands below.", "forgotten": "Its content is gone."}
_LONGEST_REASON = 500


class StaffQuarantine(StaffPages):
    """The handlers."""

    here = "/staff/quarantine"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        path, may = "/staff/quarantine/{number}", Permission.QUARANTINE
        return (
            page_of("GET", "/staff/quarantine", self.held, "Quarantine", may),
            page_of("GET", path, self.one, "Held mail", may),
            page_of("POST", f"{path}/release", self.release, "Release", may),
            page_of("POST", f"{path}/forget", self.forget, "Forget", may),
            page_of("POST", f"{path}/raw", self.raw, "Raw mail", Permission.QUARANTINE_RAW),
        )

    async def held(self, request: Request, visitor: Visitor) -> Response:
        """What stands in a state, the newest first."""
        given = request.query_params.get("state", "")
        state = State(given) if given in set(State) else State.HELD
        before, rows = asked_number(request, "before", 1 << 62), self._counter.staff.rows
        held = await self._counter.read(lambda tx: quarantine.page(tx, state=state, before=before, limit=rows + 1))
        older = held[rows - 1].id if len(held) > rows else 0
        return self.show(
            "quarantine", visitor, held=held[:rows], state=state.value, states=[one.value for one in State],
            older=older, first=before == 1 << 62,
        )  # fmt: skip

    async def one(self, request: Request, visitor: Visitor) -> Response:
        """One held mail: the cause, what speaks for and against it, its header and words."""
        return await self._page(request, visitor, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def release(self, request: Request, visitor: Visitor) -> Response:
        """Run it again: the member's word lifts the check that kept it, and no other."""
        number, member = number_in(request), self.member(visitor)
        said = f"released by {member.slug} on the staff pages"
        try:
            await self._desk().releases.release(number, said, member.who)
        except GatepostError as error:
            return await self._page(request, visitor, 422, wrong=error.message)
        self._counter.wake()
        return go(f"/staff/quarantine/{number}?done=released")

    async def forget(self, request: Request, visitor: Visitor) -> Response:
        """Drop its content for good; the reason stays."""
        number, member = number_in(request), self.member(visitor)
        reason = str((await request.form()).get("reason", "")).strip()[:_LONGEST_REASON]
        if not reason:
            return await self._page(request, visitor, 422, wrong="Say why: it stays with the entry.")
        try:
            await self._desk().releases.forget(number, f"{reason} ({member.slug})", member.who)
        except GatepostError as error:
            return await self._page(request, visitor, 422, wrong=error.message)
        return go(f"/staff/quarantine/{number}?done=forgotten")

    async def raw(self, request: Request, visitor: Visitor) -> Response:
        """The bytes as they came, to be saved and not shown; who has looked stands in the audit log (L07).

        A sealed mail is opened for a reason alone, by a command (`gatepost secrets open`).
        """
        number, member, now = number_in(request), self.member(visitor), self._counter.now()

        def run(tx: Tx) -> bytes:
            held = quarantine.find(tx, number)
            octets = arrivals.raw(tx, held.arrival) if held is not None else b""
            if not octets:
                raise Missing
            act = Act(actor=member.who, action=Action.QUARANTINE_RAW_SEEN, object=f"quarantine {number}")
            self._counter.house.audit.write(tx, act, now)
            return octets

        headers = {
            "content-disposition": f'attachment; filename="quarantine-{number}.eml"',
            "content-security-policy": "default-src 'none'; sandbox",
        }
        octets = await self._counter.write(run)
        return Response(octets, media_type="application/octet-stream", headers=headers)

    def _desk(self) -> StaffDesk:
        if self._counter.desk is None:
            raise LookupError("no desk stands behind these pages")
        return self._counter.desk

    async def _page(self, request: Request, visitor: Visitor, status: int = 200, **values: object) -> Response:
        number = number_in(request)

        def read(tx: Tx) -> tuple[Held, bytes, bool, dict[str, Any], int] | None:
            held = quarantine.find(tx, number)
            if held is None:
                return None
            row = arrivals.find(tx, held.arrival)
            ticket = (row["ticket"] if row is not None else None) or held.ticket
            raw = raw_of(tx, self._counter.house.vault, held.arrival)
            lies_sealed = sealed.find(tx, held.arrival) is not None
            return held, raw, lies_sealed, arrivals.decision(tx, held.arrival), ticket

        found = await self._counter.read(read)
        if found is None:
            raise Missing
        held, raw, lies_sealed, decision, ticket = found
        letter, unread = None, "" if raw else "Its content is no longer kept."
        if raw and held.state is State.HELD:
            try:
                letter = unlinked(self._counter.house, await self._desk().reader.read(raw))
            except (HostileMail, ReaderDied) as trouble:
                unread = f"It is not read: {trouble}"
        blank = {"done": "", "wrong": ""}
        return self.show(
            "held", visitor, status, **blank | values, held=held, letter=letter, unread=unread, ticket=ticket,
            why=(decision.get("identity") or {}).get("why", ()), octets=len(raw), sealed=lies_sealed,
        )  # fmt: skip
