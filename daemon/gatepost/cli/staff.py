"""`gatepost staff …`: who works here, and the way back in for who has lost their authenticator or is locked out."""

import getpass
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import click

from ..clock import Clock
from ..config import find, load
from ..core import Millis
from ..core.audit import operator
from ..core.staff import Member
from ..errors import PermanentError
from ..keys import audit_key
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..outline import instant, table
from ..parts import open_database
from ..staff_reset import reset_totp, unlock
from ..store import staff_tables
from ..store.audit import AuditLog
from ..store.database import Tx
from ..tray import Question, ask
from .options import config_option, look


@click.group()
def staff() -> None:
    """See who works here, and let somebody in again: with a new authenticator, or after too many wrong codes."""


@staff.command(name="list")
@config_option
def list_(config_path: str | None) -> None:
    """List the members of staff: roles, since when they have an authenticator, and who is locked out."""
    config = load(find(config_path), secrets=False)
    members = config.members()
    if not members:
        click.echo("Nobody works here yet: add a table [staff.NAME] to the config.")
        return
    now = Clock().now()
    rows = look(config, lambda tx: list(_rows(tx, members.values(), now)))
    click.echo(table(("name", "address", "roles", "authenticator since", "locked until"), rows))


@staff.command(name="reset-totp")
@config_option
@click.argument("name")
def reset(config_path: str | None, name: str) -> None:
    """Forget the authenticator of NAME and end their sessions; at the next sign-in they set up a new one."""
    if not _done(config_path, name, Question.RESET_TOTP, reset_totp):
        click.echo(f"{name} has no authenticator yet; they set one up when they sign in.")
    else:
        click.echo(f"{name} is signed out, and sets up a new authenticator at the next sign-in.")


@staff.command(name="unlock")
@config_option
@click.argument("name")
def unlock_(config_path: str | None, name: str) -> None:
    """Let NAME in again after too many wrong codes, without waiting; their authenticator stays."""
    if not _done(config_path, name, Question.UNLOCK_STAFF, unlock):
        click.echo(f"{name} is not locked out.")
    else:
        click.echo(f"The wrong codes of {name} are forgotten; the next one is looked at.")


def _done(config_path: str | None, name: str, question: Question, do: Callable[..., bool]) -> bool:
    """Let the running desk do it, or do it ourselves where none runs on the data folder."""
    config, by = load(find(config_path), secrets=False), getpass.getuser()
    if name not in config.members():
        known = ", ".join(sorted(config.members())) or "nobody"
        raise PermanentError(f"nobody of staff is called {name!r}", f"There are: {known}.")
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        return bool(ask(config.data, question, {"name": name, "by": by}, Clock.monotonic)["had"])
    audit, now = AuditLog(audit_key(config.data)), Clock().now()
    with DataLock(config.data), closing(open_database(config)) as db:
        return db.write_now(lambda tx: do(tx, audit, name, operator(by), now))


def _rows(tx: Tx, members: Iterable[Member], now: Millis) -> Iterator[tuple[str, ...]]:
    for member in members:
        shut = staff_tables.shut(tx, member.slug)
        yield (
            member.slug, member.address, " ".join(member.roles), instant(staff_tables.enrolled(tx, member.slug)),
            instant(shut) if shut > now else "",
        )  # fmt: skip
