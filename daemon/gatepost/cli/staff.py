"""`gatepost staff …`: who works here, and the way back in for who has lost their authenticator."""

import getpass
from collections.abc import Iterable, Iterator
from contextlib import closing

import click

from ..clock import Clock
from ..config import Config, find, load
from ..core.audit import operator
from ..core.staff import Member
from ..errors import PermanentError
from ..keys import audit_key
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..outline import instant, table
from ..parts import open_database
from ..staff_reset import reset_totp
from ..store import staff_tables
from ..store.audit import AuditLog
from ..store.database import Tx
from ..tray import Question, ask
from .options import config_option, look


@click.group()
def staff() -> None:
    """See who works here, and let somebody enrol a new authenticator."""


@staff.command(name="list")
@config_option
def list_(config_path: str | None) -> None:
    """List the members of staff: roles, and since when they have an authenticator."""
    config = load(find(config_path), secrets=False)
    members = config.members()
    if not members:
        click.echo("Nobody works here yet: add a table [staff.NAME] to the config.")
        return
    rows = look(config, lambda tx: list(_rows(tx, members.values())))
    click.echo(table(("name", "address", "roles", "authenticator since"), rows))


@staff.command(name="reset-totp")
@config_option
@click.argument("name")
def reset(config_path: str | None, name: str) -> None:
    """Forget the authenticator of NAME and end their sessions; at the next sign-in they set up a new one."""
    config = load(find(config_path), secrets=False)
    if name not in config.members():
        known = ", ".join(sorted(config.members())) or "nobody"
        raise PermanentError(f"nobody of staff is called {name!r}", f"There are: {known}.")
    if not _reset(config, name, getpass.getuser()):
        click.echo(f"{name} has no authenticator yet; they set one up when they sign in.")
    else:
        click.echo(f"{name} is signed out, and sets up a new authenticator at the next sign-in.")


def _reset(config: Config, name: str, by: str) -> bool:
    """Let the running desk do it, or do it ourselves where none runs on the data folder."""
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        return bool(ask(config.data, Question.RESET_TOTP, {"name": name, "by": by}, Clock.monotonic)["had"])
    audit, now = AuditLog(audit_key(config.data)), Clock().now()
    with DataLock(config.data), closing(open_database(config)) as db:
        return db.write_now(lambda tx: reset_totp(tx, audit, name, operator(by), now))


def _rows(tx: Tx, members: Iterable[Member]) -> Iterator[tuple[str, ...]]:
    for member in members:
        yield member.slug, member.address, " ".join(member.roles), instant(staff_tables.enrolled(tx, member.slug))
