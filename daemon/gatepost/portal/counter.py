"""What every page works with: the house, its database, the clock, and the templates of templates/portal.

The operator's templates come before the shipped ones, file by file. Nothing here knows of a route.
"""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from ..clock import Clock
from ..config import PageSection, PortalSection, ShopSignInSection, SsoSection, StaffPagesSection, StaffSsoSection
from ..core import Millis
from ..core.letter import Letter
from ..core.party import Brand
from ..house import House
from ..mail.catalogue import install, served
from ..mail.parse import read_letter
from ..page_mail import ReadLetter
from ..store.database import Database, Tx
from .cookies import Cookies
from .faces import Faces, colours
from .page import Visitor
from .presence import Presence
from .staff.desk import StaffDesk
from .tries import Tries

T = TypeVar("T")
_STYLE = "style.css.j2"

# Raises in a transaction of the request under way where its visitor may no longer act; set by the guard.
still_stands: ContextVar[Callable[[Tx], None] | None] = ContextVar("still_stands", default=None)


async def _read_here(octets: bytes) -> Letter:
    return await asyncio.to_thread(read_letter, octets)


@dataclass(frozen=True, slots=True)
class Counter:
    """The parts that pages share. `wake` says that there is mail to send, `desk` does what staff ask of the daemon.

    `read_letter` has the readers read what was written on a page.
    """

    house: House
    db: Database
    clock: Clock
    shelf: Environment
    page_section: PageSection = field(default_factory=PageSection)
    portal: PortalSection = field(default_factory=PortalSection)
    sso: SsoSection = field(default_factory=SsoSection)
    staff_sso: StaffSsoSection = field(default_factory=StaffSsoSection)
    shop_sign_in: ShopSignInSection = field(default_factory=ShopSignInSection)
    staff: StaffPagesSection = field(default_factory=StaffPagesSection)
    desk: StaffDesk | None = None
    wake: Callable[[], None] = lambda: None
    read_letter: ReadLetter = _read_here
    faces: Faces = field(default_factory=Faces)
    presence: Presence = field(default_factory=Presence)
    tries: Tries = field(default_factory=Tries)

    @property
    def cookies(self) -> Cookies:
        """How cookies are named and marked here."""
        return Cookies(plain=self.page_section.plain_http)

    def now(self) -> Millis:
        """The instant of the house's clock."""
        return self.clock.now()

    def at_its_host(self, slug: str, brand: Brand) -> bool:
        """Whether the portal of the brand `slug` stands at the host of `brand`: leave for one is none for another."""
        own = self.house.brands.get(slug)
        return own is not None and urlsplit(own.portal).netloc.lower() == urlsplit(brand.portal).netloc.lower()

    def elsewhere(self, brand: Brand) -> tuple[str, ...]:
        """The brands whose portal stands at another host than this one's: their tickets are read there alone."""
        brands = self.house.brands.values()
        return tuple(one.slug for one in brands if one.portal and not self.at_its_host(one.slug, brand))

    async def read(self, run: Callable[[Tx], T]) -> T:
        """What `run` finds, on a snapshot."""
        return await self.db.read(run)

    async def write(self, run: Callable[[Tx], T]) -> T:
        """`run` in a transaction; returns after COMMIT.

        Where staff is logged in as a customer, whether that still stands is asked in the same transaction (J04).
        """
        check = still_stands.get()
        return await self.db.write(run if check is None else lambda tx: _checked(check, run, tx))

    def show(self, name: str, visitor: Visitor, status: int = 200, **values: object) -> HTMLResponse:
        """The page `name` for this visitor: in the brand's colours, in their language."""
        return self.page(name, visitor.brand, visitor.language, status, visitor=visitor, **values)

    def page(self, name: str, brand: Brand, language: str, status: int = 200, **values: object) -> HTMLResponse:
        """The page `name` in the brand's colours; `language` falls back to English."""
        style = f"/style/{self.style_digest(brand)}.css"
        values = {"visitor": None, **values, "brand": brand, "language": served(language), "style": style}
        values |= {"now": self.now(), "face": self.faces.of(brand), "sign_in_link": self.portal.sign_in_link}
        return HTMLResponse(self.shelf.get_template(f"{name}.html.j2").render(values), status_code=status)

    def style(self, brand: Brand) -> str:
        """The one stylesheet, in the brand's colours."""
        return self.shelf.get_template(_STYLE).render(brand=brand, colours=colours(brand))

    def style_digest(self, brand: Brand) -> str:
        """A name for the stylesheet that changes with it, so that browsers may keep it."""
        return sha256(self.style(brand).encode("utf-8")).hexdigest()[:16]


def _checked(check: Callable[[Tx], None], run: Callable[[Tx], T], tx: Tx) -> T:
    check(tx)
    return run(tx)


def go(path: str) -> RedirectResponse:
    """See another page of ours, by GET (RFC 9110 15.4.4)."""
    return RedirectResponse(path, status_code=303)


def _form_key(visitor: Visitor, *, session: bool = False) -> Markup:
    """The hidden field that every form sends back; `session` for a form in the frame of any page."""
    value = visitor.session_form if session else visitor.form
    return Markup('<input type="hidden" name="form" value="{}">').format(value)


def shelf(own: Path | None, shipped: Path) -> Environment:
    """The templates of both folders; every value is escaped, a missing one is an error."""
    folders = [folder for folder in (own, shipped) if folder is not None]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install(environment)
    environment.globals["form_key"] = _form_key
    return environment
