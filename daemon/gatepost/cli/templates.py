"""`gatepost templates check`: tries every letter; nothing is sent and nothing is changed."""

from pathlib import Path

import click

from .. import config, shipped
from ..core.party import Brand
from ..mail.letter_lint import lint
from ..mail.templates import Letters
from . import EX_OK

EX_FOUND = 1
_SAMPLE = Brand(slug="sample", name="Sample Market", support=("support@market.example",))


@click.group()
def templates() -> None:
    """Check the letters that go out."""


@templates.command()
@click.option("-c", "--config", "config_file", metavar="FILE", help="The config; its templates folder and its brands.")
def check(config_file: str | None) -> int:
    """Try every letter with full and with scanty figures, for every brand.

    Without a config, the shipped letters on their own. Exit codes: 1 when a letter is wrong, 78 when a file cannot be
    read as a letter.
    """
    own: Path | None = None
    brands: tuple[Brand, ...] = (_SAMPLE,)
    if config_file is not None:
        loaded = config.load(config.find(config_file), secrets=False)
        own, brands = Path(loaded.gatepost.templates) / "mail", loaded.brands()
    letters = Letters(own, shipped.folder("templates") / "mail")
    found = sorted({str(mistake) for brand in brands for mistake in lint(letters, brand)})
    print("\n".join(found) if found else f"{len(letters.all())} letters are sound")
    return EX_FOUND if found else EX_OK
