"""`gatepost keys …`: the keys of the data folder, what hangs on each, and a new one in place of the current."""

import getpass
from collections.abc import Iterator

import click

from ..config import Config, find, load
from ..errors import PermanentError
from ..keys import KeyFile, KeyName, key_files, lost, rotate
from ..lock import become_owner, holder, prepare_data_folder
from ..outline import table
from ..store import hanging
from ..store.glance import DESK_FILE
from ..tray import Question
from . import EX_CONFIG, EX_OK
from .options import config_option, look
from .person import asked

_PURPOSES = {
    KeyName.REPLY: "signs reply addresses, Message-IDs and links",
    KeyName.SEAL: "seals one-time secrets and masked mails",
    KeyName.AUDIT: "seals the audit log",
}


@click.group()
def keys() -> None:
    """List, check and rotate the keys of the data folder."""


@keys.command(name="list")
@config_option
def list_(config_path: str | None) -> int:
    """List every key: what it is for, whether it is the current one, and what still hangs on it. Never the key."""
    config = load(find(config_path), secrets=False)
    in_use = _in_use(config)
    rows: list[tuple[str, ...]] = [
        (
            one.name.value,
            str(one.id),
            "current" if one.current else "older",
            _PURPOSES[one.name],
            _hanging(one, in_use),
        )
        for one in _files(config)
    ]
    click.echo(table(("key", "id", "", "what for", "still needed by"), rows))
    for line in _elsewhere(config):
        click.echo(line)
    return EX_OK


@keys.command()
@config_option
def check(config_path: str | None) -> int:
    """Say which key cannot be used, and why; ends with 78 where there is one."""
    config = load(find(config_path), secrets=False)
    faults = [one.fault for one in _files(config) if one.fault]
    present = {one.name for one in _files(config)}
    needed = {number for number, count in _in_use(config).items() if count}
    here = {one.id for one in _files(config) if one.name is KeyName.SEAL}
    faults += [f"key seal {number} is gone: what it has sealed is lost" for number in sorted(needed - here)]
    for name in KeyName:
        if name is not KeyName.REPLY or not config.reply_address.keys:
            faults += [f"key {name.value} is gone, and {told} on it" for told in (lost(config.data, name),) if told]
    for line in faults or [f"{len(present)} kinds of keys, all fine."]:
        click.echo(line)
    return EX_CONFIG if faults else EX_OK


@keys.command(name="rotate")
@config_option
@click.argument("name", type=click.Choice([name.value for name in KeyName]))
def rotate_(config_path: str | None, name: str) -> int:
    """Make a new key in place of the current one. It signs or seals from the next start on; older ones still read.

    audit is one chain under one key: it is made anew only where it is lost.
    """
    config = load(find(config_path), secrets=False)
    if name == KeyName.REPLY.value and config.reply_address.keys:
        raise PermanentError(
            "the reply keys are named in the config", "Add one to [reply_address.keys] and name it as current."
        )
    become_owner(config.data)
    prepare_data_folder(config.data)
    above = max(_in_use(config), default=0) if name == KeyName.SEAL.value else 0
    made = rotate(config.data, KeyName(name), first=_first(config), above=above)
    asked(config, Question.KEY_ROTATED, {"name": name, "id": made.id, "by": getpass.getuser()})
    click.echo(f"Made {made.path}. Put it into your backup.")
    click.echo(
        "Restart gatepost: until then the old one is used." if holder(config.data) else "It is used from now on."
    )
    return EX_OK


def _files(config: Config) -> list[KeyFile]:
    return list(key_files(config.data, first_reply=_first(config)))


def _first(config: Config) -> int:
    return config.reply_address.current if not config.reply_address.keys else 1


def _in_use(config: Config) -> dict[int, int]:
    """How much each sealing key still opens; nothing before the first start."""
    return look(config, hanging.sealed_with) if (config.data / DESK_FILE).is_file() else {}


def _hanging(one: KeyFile, in_use: dict[int, int]) -> str:
    if one.fault:
        return one.fault
    if one.name is KeyName.SEAL:
        return f"{in_use.get(one.id, 0)} sealed"
    return "every mail that is out there" if one.name is KeyName.REPLY else "every row of the log"


def _elsewhere(config: Config) -> Iterator[str]:
    """Keys that the config names."""
    for number, secret in sorted(config.reply_address.keys.items()):
        current = ", current" if int(number) == config.reply_address.current else ""
        yield f"reply {number}{current}: {secret}"
    if config.delivery.dkim is not None:
        yield f"dkim {config.delivery.dkim.selector}: {config.delivery.dkim.key}"
