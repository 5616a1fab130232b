"""`gatepost secrets …`: how well credentials in mail are found, and what is found in a text."""

import getpass
import sys
from pathlib import Path

import click

from .. import secret_texts, shipped
from ..config import find, load
from ..keys import vault
from ..mail.secrets import mask
from ..privacy.control import raw_mail
from ..tray import Question
from . import EX_DATAERR, EX_OK
from .options import config_option, look
from .person import asked

_PRECISION, _RECALL = 0.98, 0.95


@click.group()
def secrets() -> None:
    """Say how well credentials in mail are found, and try it on a text."""


@secrets.command()
@click.option(
    "--tuning", is_flag=True, help="On the texts by which the detector was made, instead of the held-out ones."
)
@click.option("--mistakes", is_flag=True, help="List what was missed, and what was taken for a secret and is none.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def evaluate(tuning: bool, mistakes: bool, files: tuple[Path, ...]) -> int:
    """Report precision and recall on labelled texts: the shipped held-out ones, or FILES of the same form.

    Ends with 65 where precision is below 98 % or recall below 95 %.
    """
    names = secret_texts.TUNING if tuning else secret_texts.HELD_OUT
    folder = shipped.folder("rules") / secret_texts.FOLDER
    chosen = files or tuple(folder / name for name in names)
    found = secret_texts.evaluate(text for path in chosen for text in secret_texts.read(path))
    for line in secret_texts.lines(found):
        print(line)
    for line in found.mistakes if mistakes else ():
        print(line)
    good = found.whole.precision >= _PRECISION and found.whole.recall >= _RECALL
    return EX_OK if good else EX_DATAERR


@secrets.command("open")
@config_option
@click.argument("arrival", type=int)
@click.option("--reason", required=True, help="Why; it stays in the audit log.")
def open_(config_path: str | None, arrival: int, reason: str) -> int:
    """Write a mail exactly as it came to standard output, sealed or not. The reason stays in the audit log."""
    config = load(find(config_path), secrets=False)
    asked(config, Question.RAW_OPENED, {"arrival": arrival, "reason": reason, "by": getpass.getuser()})
    keys = vault(config.data)
    sys.stdout.buffer.write(look(config, lambda tx: raw_mail(tx, keys, arrival)))
    return EX_OK


@secrets.command("mask")
def mask_() -> int:
    """Read a text from standard input and print it as it would be kept, with the kinds that were found."""
    masked, kinds = mask(sys.stdin.read())
    print(masked.rstrip("\n"))
    print(f"found: {', '.join(kinds) or 'nothing'}", file=sys.stderr)
    return EX_OK
