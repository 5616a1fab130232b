"""`gatepost mail …`: look at one mail as the daemon would, without config, database or network."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from ..core.letter import Letter, Mailbox
from ..core.nature import judge
from ..mail.parse import HostileMail, read_letter
from . import EX_DATAERR, EX_NOINPUT, EX_OK, LazyGroup

_AUTH = "Evaluate SPF, DKIM, DMARC and ARC for one mail, as the daemon does as the MX."


@click.group(cls=LazyGroup, table={"auth": "mail_auth:auth"}, helps={"auth": _AUTH})
def mail() -> None:
    """Read a mail as the daemon would."""


@mail.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|- [FILE]...")
@click.option("--headers", is_flag=True, help="Print the header fields as well, as [name, value] pairs.")
def read(files: tuple[str, ...], headers: bool) -> int:
    """Print each mail as one JSON object a line; '-' is standard input.

    from, to and cc are {"name", "address"} objects; from is null where the mail has no readable author, and
    from_ambiguous in "troubles" says that nobody may be believed to be it. auto is human, auto-reply, bounce or list;
    references is a list, the oldest first. Exit codes: 65 when a mail was refused as
    hostile, 66 when a file could not be read; the others are printed all the same.
    """
    return max(_read_one(name, headers) for name in files)


def _read_one(name: str, headers: bool) -> int:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        letter = read_letter(raw)
    except OSError as error:
        print(f"{name}: {error.strerror}", file=sys.stderr)
        return EX_NOINPUT
    except HostileMail as error:
        print(f"{name}: refused as hostile ({error.cause}): {error.message}", file=sys.stderr)
        return EX_DATAERR
    click.echo(json.dumps(as_json(letter, headers), ensure_ascii=False).encode("utf-8"))
    return EX_OK


def as_json(letter: Letter, headers: bool = False) -> dict[str, Any]:
    """The letter as `mail read` prints it."""
    shown: dict[str, Any] = {
        "from": _mailbox(letter.from_[0]) if letter.from_ else None,
        "to": [_mailbox(box) for box in letter.to],
        "cc": [_mailbox(box) for box in letter.cc],
        "subject": letter.subject,
        "message_id": letter.message_id,
        "references": list(letter.references),
        "text": letter.text,
        "reply_text": letter.reply_text,
        "attachments": [
            {"filename": a.filename, "content_type": a.content_type, "size": a.size, "sha256": a.sha256}
            for a in letter.attachments
        ],
        "auto": judge(letter, mail_from=None, ours=lambda _: False).kind.value,
        "troubles": [trouble.value for trouble in letter.troubles],
    }
    if headers:
        shown["headers"] = [list(pair) for pair in letter.headers]
    return shown


def _mailbox(box: Mailbox) -> dict[str, str]:
    return {"name": box.name, "address": box.address}
