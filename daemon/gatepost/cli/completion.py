"""`gatepost completion`: the script by which a shell completes our commands and options."""

import click
from click.shell_completion import get_completion_class

from . import EX_OK, gatepost


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script for a shell; docs/commandline.md says where it belongs."""
    kind = get_completion_class(shell)
    assert kind is not None, "click knows these three"
    source = kind(gatepost, {}, "gatepost", "_GATEPOST_COMPLETE").source()
    click.echo(source.rstrip("\n"))
    return EX_OK
