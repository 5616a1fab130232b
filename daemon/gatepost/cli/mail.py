"""`gatepost mail …`: look at one mail as the daemon would, without config, database or network."""

import click


@click.group()
def mail() -> None:
    """Read a mail as the daemon would."""
