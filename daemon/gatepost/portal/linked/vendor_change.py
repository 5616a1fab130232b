"""The page behind the mailed links of a change of a vendor's addresses: the present support address says yes or no, and
a new one that it reads its mail (P12). A look changes nothing.
"""

from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from ... import vendor_changes
from ...core import Millis
from ...core.party import Vendor
from ...core.vendor_change import Change, Stage
from ...links import For, LinkError
from ...mail import wording
from ...store import parties
from ...store import vendor_changes as changes
from ...store.database import Tx
from ..counter import Counter
from ..page import Form, Page, Visitor, Who


class VendorChangePages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        line = partial(
            Page, path="/vendor-change/{token}", who=Who.ANYONE, title="Where tickets go", link=For.VENDOR_CHANGE,
            form=Form.LINK,
        )  # fmt: skip
        return line("GET", handler=self.show), line("POST", handler=self.answer)

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """What is asked, and the buttons."""
        return await self._page(visitor)

    async def answer(self, request: Request, visitor: Visitor) -> Response:
        """Yes or no; a second answer changes nothing."""
        no = (await request.form()).get("answer") == "no"
        await self._counter.write(lambda tx: self._take(tx, visitor, no=no, now=self._counter.now()))
        self._counter.wake()
        return await self._page(visitor)

    def _take(self, tx: Tx, visitor: Visitor, *, no: bool, now: Millis) -> None:
        change, vendor, side = self._find(tx, visitor)
        house, brand = self._counter.house, visitor.brand
        if _asks(change, vendor, side, now) and no:
            vendor_changes.refuse(tx, house, brand, change, vendor_changes.of_vendor(vendor), now)
        elif _asks(change, vendor, side, now) and side == vendor_changes.PRESENT:
            vendor_changes.vouch(tx, house, brand, change, vendor_changes.of_vendor(vendor), now)
        elif _asks(change, vendor, side, now):
            vendor_changes.prove(tx, house, brand, change, now)

    async def _page(self, visitor: Visitor) -> Response:
        now = self._counter.now()
        change, vendor, side = await self._counter.read(lambda tx: self._find(tx, visitor))
        asks = _asks(change, vendor, side, now)
        if not asks and change.stage in (Stage.ASKED, Stage.REPLACED):
            raise LinkError("this link is no longer good", expired=True)
        served = vendor.language if vendor.language in visitor.brand.languages else visitor.language
        return self._counter.show(
            "customer/vendor-change", replace(visitor, language=served), vendor=vendor, change=change, side=side,
            asks=asks, until=wording.day(change.away.ends, served, vendor.hours.zone) if change.away else "",
        )  # fmt: skip

    def _find(self, tx: Tx, visitor: Visitor) -> tuple[Change, Vendor, str]:
        """What the link is about. Raises LinkError where it is gone."""
        number, side = visitor.about
        change = changes.find(tx, int(number))
        vendor = parties.vendor(tx, change.vendor) if change is not None else None
        if change is None or vendor is None:
            raise LinkError("this link is no longer good", expired=True)
        return change, vendor, str(side)


def _asks(change: Change, vendor: Vendor, side: str, now: Millis) -> bool:
    """Whether this side's word is waited for."""
    wanted = Stage.ASKED if side == vendor_changes.PRESENT else Stage.VOUCHED
    return change.stage is wanted and change.waits(vendor, now)
