"""`gatepost portal …`: invites people to the portal, and shows its pages as they would look."""

import getpass
from collections import Counter
from contextlib import closing
from pathlib import Path

import click

from ..clock import Clock
from ..config import Config, find, load
from ..core.audit import operator
from ..core.party import Brand
from ..errors import PermanentError
from ..ingress.table_file import Columns, read_table
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..parts import build_house, open_database
from ..portal.sign_in.entrance import Proved
from ..portal.sign_in.invitations import Fate, Invited, invite
from ..tray import Question, ask
from . import EX_DATAERR, EX_OK
from .options import config_option

_COLUMNS = Columns(known=("address", "name", "language"), required=("address",))
_PATIENCE = 60.0


@click.group()
def portal() -> None:
    """Invite people to the portal, and see its pages."""


@portal.command()
@click.argument("page", required=False)
@click.option("-c", "--config", "config_path", metavar="FILE", help="The config: its templates, its brands.")
@click.option("--lang", "language", default="en", show_default=True, help="The language, for example de.")
@click.option("--brand", "slug", help="The brand; otherwise the first.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; otherwise it is printed."
)
def preview(page: str | None, config_path: str | None, language: str, slug: str | None, output: Path | None) -> None:
    """Show the page at PAGE, for example /tickets/1001 or /account, to a sample customer; without PAGE, list them.

    Made of the config's own templates and the brand's face, or of ours without a config. It reads and changes nothing
    of the marketplace's data.
    """
    from . import page_preview  # noqa: PLC0415 - a whole portal

    if page is None:
        click.echo("\n".join(page_preview.listed()))
        return
    loaded = load(find(config_path), secrets=False) if config_path is not None else None
    html = page_preview.preview(loaded, slug, page, language)
    if output is None:
        click.echo(html, nl=False)
    else:
        output.write_text(html, encoding="utf-8")


@portal.command(name="invite")
@config_option
@click.option("--brand", "slug", help="The brand to whose portal they are invited; otherwise the first that has one.")
@click.argument("people", metavar="FILE|ADDRESS")
def invite_(config_path: str | None, slug: str | None, people: str) -> int:
    """Invite a mail address, or everybody in a CSV or JSON table with the columns address, name, language.

    Each gets one mail with the way to the portal; who was invited before gets none. Exits with 65 where somebody could
    not be invited.
    """
    config = load(find(config_path), secrets=False)
    brand, wanted = _brand(config, slug), _people(people)
    done = _run(config, brand, wanted, getpass.getuser())
    for one in done:
        if one.fate in (Fate.NO_ADDRESS, Fate.OURS):
            click.echo(f"{one.address or 'an empty address'}: {one.fate.value}", err=True)
    counts = Counter(one.fate for one in done)
    click.echo(", ".join(f"{counts[fate]} {fate.value}" for fate in Fate if counts[fate]) or "nobody")
    return EX_DATAERR if counts[Fate.NO_ADDRESS] or counts[Fate.OURS] else EX_OK


def _people(given: str) -> list[Proved]:
    path = Path(given)
    if "@" in given and not path.exists():
        return [Proved(address=given)]
    rows = read_table(path, _COLUMNS)
    return [
        Proved(
            address=row.cells.get("address", ""), name=row.cells.get("name", ""), language=row.cells.get("language", "")
        )
        for row in rows
    ]


def _brand(config: Config, slug: str | None) -> Brand:
    brands = [brand for brand in config.brands() if brand.portal and slug in (None, brand.slug)]
    if not brands:
        known = ", ".join(brand.slug for brand in config.brands() if brand.portal) or "none"
        raise PermanentError("there is no such brand with a portal", f"Those with one: {known}.")
    return brands[0]


def _run(config: Config, brand: Brand, people: list[Proved], by: str) -> tuple[Invited, ...]:
    """Let the running desk do it, or do it ourselves where none runs on the data folder."""
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        said = {"brand": brand.slug, "by": by, "people": [[one.address, one.name, one.language] for one in people]}
        told = ask(config.data, Question.INVITE, said, Clock.monotonic, patience=_PATIENCE)["said"]
        return tuple(Invited(address=address, fate=Fate(fate)) for address, fate in told)
    with DataLock(config.data), closing(open_database(config)) as db:
        house, now = build_house(config), Clock().now()
        return db.write_now(lambda tx: invite(tx, house, brand, people, operator(by), now))
