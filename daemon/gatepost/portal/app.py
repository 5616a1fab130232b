"""The portal's door: the counter with what every page needs, and the table of pages behind one guard.

It is opened only when a brand has a portal URL; a proxy in front speaks TLS.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .. import shipped
from ..clock import Clock
from ..config import PageSection, PortalSection, ShopSignInSection, SsoSection, StaffPagesSection, StaffSsoSection
from ..core import HOUR, Millis
from ..house import House
from ..page_mail import ReadLetter
from ..store import consents, drafts, sessions
from ..store.database import Database
from .counter import Counter, shelf
from .faces import Faces
from .guard import Guard
from .impersonation.leave import Leave
from .routes import pages
from .sign_in.pages import send_links
from .staff.desk import StaffDesk


class Portal:
    """The ASGI app, and what has to be looked after while it is served."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.app = Guard(pages(counter), counter)
        self._forgot: Millis = 0

    async def look(self) -> None:
        """Write the mails that were asked for and not written yet, and down who was here; end what is over."""
        await send_links(self.counter)
        await self._end_what_is_over()
        await self._forget()
        await self.counter.presence.write_down(self.counter.db, self.counter.now())

    async def _forget(self) -> None:
        """Once an hour, delete what is kept for some time only."""
        now = self.counter.now()
        if now - self._forgot < HOUR:
            return
        self._forgot = now
        await self.counter.write(lambda tx: (drafts.forget(tx, now), sessions.forget(tx, now)))

    async def _end_what_is_over(self) -> None:
        """Customers hear of the end of a visit though the member of staff never comes back (L6)."""
        if not await self.counter.read(consents.live):
            return
        leave, now = Leave(self.counter.house), self.counter.now()
        if await self.counter.write(lambda tx: leave.sweep(tx, now)):
            self.counter.wake()


def open_counter(
    house: House,
    db: Database,
    clock: Clock,
    own_templates: Path | None = None,
    *,
    page: PageSection | None = None,
    portal: PortalSection | None = None,
    staff: StaffPagesSection | None = None,
    sso: SsoSection | None = None,
    staff_sso: StaffSsoSection | None = None,
    shop_sign_in: ShopSignInSection | None = None,
    desk: StaffDesk | None = None,
    wake: Callable[[], None] = lambda: None,
    read_letter: ReadLetter | None = None,
) -> Counter:
    """What the pages over this house share. `own_templates` is the operator's folder of portal templates."""
    counter = Counter(
        house,
        db,
        clock,
        shelf(own_templates, shipped.folder("templates") / "portal"),
        page_section=page or PageSection(),
        portal=portal or PortalSection(),
        staff=staff or StaffPagesSection(),
        faces=Faces(house.brands.values()),
        sso=sso or SsoSection(),
        staff_sso=staff_sso or StaffSsoSection(),
        shop_sign_in=shop_sign_in or ShopSignInSection(),
        desk=desk,
        wake=wake,
    )
    return counter if read_letter is None else replace(counter, read_letter=read_letter)
