"""The command line: a table of commands, each in a module that is imported only when its command is run.

A command is a few lines that call something named. Errors end here: message and hint on standard error, exit codes of
sysexits.h, so that scripts and mail systems know whether trying again helps.
"""

import errno
import importlib
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import click

from .. import __version__
from ..errors import GatepostError, MistakesError

EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_SOFTWARE, EX_TEMPFAIL, EX_CONFIG = 0, 64, 65, 66, 70, 75, 78

# What a machine refuses that lacks room, rights or handles: no fault of ours, and no traceback.
_OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE}
)

COMMANDS: Mapping[str, str] = {
    # name: module:function, the module inside this package.
    "audit": "audit:audit",
    "backup": "backup:backup",
    "breaker": "breaker:breaker",
    "calendar": "calendar:calendar",
    "check": "check:check",
    "imap": "imap:imap",
    "import": "import_:import_",
    "import-mail": "import_mail:import_mail",
    "completion": "completion:completion",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "keys": "keys:keys",
    "mail": "mail:mail",
    "person": "person:person",
    "quarantine": "quarantine:quarantine",
    "outbox": "outbox:outbox",
    "restore": "backup:restore",
    "rules": "rules:rules",
    "run": "run_:run",
    "secrets": "secrets:secrets",
    "portal": "portal:portal",
    "staff": "staff:staff",
    "status": "status:status",
    "templates": "templates:templates",
    "ticket": "ticket:ticket",
    "tickets": "tickets:tickets",
    "topics": "topics:topics",
    "trace": "trace:trace",
    "upgrade": "backup:upgrade",
    "vendors": "vendors:vendors",
}


class LazyGroup(click.Group):
    """A group whose subcommands are named in a table and imported when they are asked for.

    `helps` has the line that the group's help shows for a subcommand; one that is not there is imported to ask it.
    """

    def __init__(
        self, *args: object, table: Mapping[str, str], helps: Mapping[str, str] | None = None, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._table = table
        self._helps = helps or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the table and of commands that were added by hand."""
        return sorted({*super().list_commands(ctx), *self._table})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None where there is none."""
        target = self._table.get(cmd_name)
        if target is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(f".{module}", __name__), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a name that is none is refused with those that are like it."""
        names = self.list_commands(ctx)
        if args[0] not in names and (near := get_close_matches(args[0], names)):
            raise click.UsageError(f"No such command '{args[0]}'. Did you mean {' or '.join(map(repr, near))}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The subcommands with a line each."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._line(ctx, name)) for name in self.list_commands(ctx)])

    def _line(self, ctx: click.Context, name: str) -> str:
        if name in self._helps:
            return self._helps[name]
        command = self.get_command(ctx, name)
        return command.get_short_help_str(100) if command is not None else ""


@click.group(cls=LazyGroup, table=COMMANDS)
@click.version_option(__version__, prog_name="gatepost")
def gatepost() -> None:
    """The mail gateway of a software marketplace: customers' mail to the right vendor, and the answer back."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Never raises; `arguments` is for tests."""
    try:
        code = gatepost.main(args=arguments, prog_name="gatepost", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code if error.exit_code != 2 else EX_USAGE
    except (click.Abort, KeyboardInterrupt):
        return 130
    except GatepostError as error:
        print(error, file=sys.stderr)
        return exit_code(error)
    except BrokenPipeError:
        return _leave_quietly()
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            raise
        print(f"{error.filename or 'the machine'}: {error.strerror}", file=sys.stderr)
        return EX_TEMPFAIL
    return code if isinstance(code, int) else EX_OK


def exit_code(error: GatepostError) -> int:
    """The exit code of an error: 75 where trying again may help, 78 for a file a person must mend, its own, or 70."""
    if error.temporary:
        return EX_TEMPFAIL
    own = getattr(error, "exit_code", EX_CONFIG if isinstance(error, MistakesError) else EX_SOFTWARE)
    assert isinstance(own, int)
    return own


def _leave_quietly() -> int:
    """End after the reader of our output went away (`gatepost … | head`): nothing more can be said to anybody."""
    sys.stdout = None
    return EX_OK
