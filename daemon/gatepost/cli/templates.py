"""`gatepost templates …`: tries every letter, or shows one; nothing is sent and nothing is changed."""

import sys
from pathlib import Path

import click

from .. import config, shipped
from ..core.party import Brand
from ..mail.letter_lint import lint, sample
from ..mail.templates import Letters
from ..mail.upsell import UpsellWords, read
from . import EX_OK

EX_FOUND = 1
_SAMPLE = Brand(slug="sample", name="Sample Market", support=("support@market.example",))


@click.group()
def templates() -> None:
    """Check and see the letters that go out."""


@templates.command()
@click.option("-c", "--config", "config_file", metavar="FILE", help="The config; its templates folder and its brands.")
def check(config_file: str | None) -> int:
    """Try every letter with full and with scanty figures, for every brand.

    Without a config, the shipped letters on their own. Exit codes: 1 when a letter is wrong, 78 when a file cannot be
    read as a letter.
    """
    letters, brands, upsell = _letters(config_file)
    found = sorted({str(mistake) for brand in brands for mistake in lint(letters, brand, upsell)})
    print("\n".join(found) if found else f"{len(letters.all())} letters are sound")
    return EX_FOUND if found else EX_OK


@templates.command()
@click.argument("name")
@click.option(
    "-c", "--config", "config_file", metavar="FILE", help="The config; its templates folder, its first brand."
)
@click.option("--lang", "language", default="en", show_default=True, help="The language, for example de.")
@click.option("--html", "as_html", is_flag=True, help="The HTML form, to look at in a browser.")
@click.option("--raw", is_flag=True, help="The whole mail, as it would go out.")
def preview(name: str, config_file: str | None, language: str, as_html: bool, raw: bool) -> None:
    """Show the letter NAME, for example rating or vendor/overdue, with sample figures. Nothing is sent."""
    letters, brands, _ = _letters(config_file)
    mail = sample(letters, brands[0], name, language)
    if raw:
        sys.stdout.buffer.write(mail.raw)
    else:
        click.echo(mail.html if as_html else f"Subject: {mail.subject}\n\n{mail.text}", nl=False)


def _letters(config_file: str | None) -> tuple[Letters, tuple[Brand, ...], UpsellWords]:
    """The letters in use, the brands for which they go out, and what none of them may say.

    Without a config, the shipped ones for a sample.
    """
    if config_file is None:
        ours = shipped.folder("templates")
        return Letters(None, ours / "mail"), (_SAMPLE,), read(ours, None)
    loaded = config.load(config.find(config_file), secrets=False)
    own, ours = Path(loaded.gatepost.templates), shipped.folder("templates")
    return Letters(own / "mail", ours / "mail", own / "locale"), loaded.brands(), read(ours, own)
