"""What every page works with: the house, its database, the clock, and the templates of templates/portal.

The operator's templates come before the shipped ones, file by file. Nothing here knows of a route.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ..clock import Clock
from ..core.party import Brand
from ..house import House
from ..mail.catalogue import install, served
from ..store.database import Database, Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counter:
    """The parts that pages share."""

    house: House
    db: Database
    clock: Clock
    shelf: Environment

    async def read(self, run: Callable[[Tx], T]) -> T:
        """What `run` finds, on a snapshot."""
        return await self.db.read(run)

    async def write(self, run: Callable[[Tx], T]) -> T:
        """`run` in a transaction; returns after COMMIT."""
        return await self.db.write(run)

    def page(self, name: str, brand: Brand, language: str, status: int = 200, **values: object) -> HTMLResponse:
        """The page `name` in the brand's colours; `language` falls back to English."""
        text = self.shelf.get_template(f"{name}.html.j2").render(brand=brand, language=served(language), **values)
        return HTMLResponse(text, status_code=status)


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
    return environment
