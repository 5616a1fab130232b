"""`gatepost imap …`: lets a person give Gatepost the key to a mailbox, once, by OAuth2."""

import os
import select
import time
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

import click
from imapclient.exceptions import LoginError

from ..clock import Clock
from ..config import Config, find, load
from ..errors import PermanentError
from ..ingress.imap import kept_token
from ..ingress.imap_session import Session
from ..ingress.imap_wire import why
from ..ingress.oauth import written
from ..ingress.oauth_grant import Granted, by_code, by_device, device_code, question
from ..ingress.oauth_loopback import Loopback
from ..lock import become_owner, holder, prepare_data_folder
from ..log import printable
from . import EX_OK
from .options import config_option

if TYPE_CHECKING:
    from ..config import ImapSection

_PATIENCE = 15 * 60.0
_ODD = "That is not the address of the page at which it ends; paste the whole of it, from http:// on. Waiting …"


@click.group()
def imap() -> None:
    """Let Gatepost into mailboxes that want OAuth2."""


@imap.command()
@config_option
@click.option("--browser", "how", flag_value="browser", help="Ask with a browser, also where a code would do.")
@click.option("--device", "how", flag_value="device", help="Ask with a code, to be used on any device.")
@click.argument("name")
def authorise(config_path: str | None, how: str | None, name: str) -> int:
    """Ask a person, once, to let Gatepost into the mailbox [imap.NAME]; what they give is kept in the data folder.

    Where the provider can, they write a code into a page of the provider, on any device. Else they open a page in a
    browser; where that runs on another machine, they paste the address at which it ends. Then the sign-in is tried.
    """
    config = load(find(config_path), secrets=False)
    section = _section(config, name)
    given = written(section)
    granted = _by_device(section) if _by_code(section, how) else _by_browser(section)
    signed_in = _tried(name, section, granted)
    become_owner(config.data)
    prepare_data_folder(config.data)
    kept = kept_token(name, config.data)
    with kept.alone():
        kept.write(given, granted.refresh)
    click.echo(f"{signed_in} What lets us in is kept in {kept.path}.")
    if holder(config.data):
        click.echo("The running daemon uses it from its next try on, within five minutes.")
    return EX_OK


def _section(config: Config, name: str) -> "ImapSection":
    section = config.imap.get(name)
    if section is None:
        near = get_close_matches(name, config.imap, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(config.imap) or 'none'}"
        raise click.BadParameter(f"the config has no mailbox [imap.{name}]; {hint}", param_hint="NAME")
    if section.password is not None:
        raise PermanentError(f"imap.{name} signs in by password", "Take it out, and write client_id and a preset.")
    if not section.by_person:
        raise PermanentError(
            f"imap.{name} signs in as the client itself, by client_secret; no person is asked",
            "If one is to be asked, take client_secret out: the client is a public one.",
        )
    return section


def _by_code(section: "ImapSection", how: str | None) -> bool:
    """Whether a code is used, on any device; else a browser."""
    device, browser = section.device_endpoint(), section.authorise_endpoint()
    if how == "device" and not device:
        raise PermanentError("the provider gives no codes for mail", "Leave --device out, or name device_url.")
    if not browser and (how == "browser" or not device):
        raise PermanentError("nobody knows where a person would let us in", "Name authorise_url in the config.")
    return how != "browser" and bool(device)


def _by_device(section: "ImapSection") -> Granted:
    asked = device_code(section)
    click.echo(f"On any device, open  {printable(asked.page)}")
    click.echo(f"and write there       {printable(asked.code)}")
    click.echo(f"Sign in as {section.username}. The code is good for {int(asked.seconds / 60)} minutes; waiting …")
    return by_device(section, asked, Clock.monotonic, time.sleep)


def _by_browser(section: "ImapSection") -> Granted:
    # Microsoft lets a client of this kind use any port, but of the name localhost alone.
    listening = Loopback("localhost") if section.preset == "microsoft" else Loopback()
    try:
        asked = question(section, listening.redirect)
        listening.expect(asked)
        click.echo(f"Open this page in a browser, and sign in as {section.username}:\n\n{asked.page}\n")
        click.echo("Where the browser runs on another machine, it ends at a page that it cannot open: paste")
        click.echo(f"the address of that page here, from {listening.redirect} on, and press Enter. Waiting …")
        code = listening.code(_Pasted(), partial(click.echo, _ODD), _PATIENCE, Clock.monotonic)
    finally:
        listening.close()
    return by_code(section, asked, code)


class _Pasted:
    """The next line of standard input, None while there is none."""

    def __init__(self) -> None:
        self._open, self._left = True, b""

    def __call__(self) -> str | None:
        if self._open and select.select([_stdin()], [], [], 0)[0]:
            octets = os.read(_stdin(), 65_536)
            self._open = bool(octets)
            self._left += octets
        line, end, rest = self._left.partition(b"\n")
        if not end:
            return None
        self._left = rest
        return line.decode("ascii", "replace").strip() or None


def _stdin() -> int:
    return 0


class _JustGiven:
    """The access token that came with the grant, in the place of `Tokens`."""

    def __init__(self, access: str) -> None:
        self._access = access

    def current(self) -> str:
        return self._access

    def drop(self) -> None:
        """There is no other one."""


def _tried(name: str, section: "ImapSection", granted: Granted) -> str:
    """Sign in with what was given. Raises PermanentError where the server does not let us in: nothing is kept then."""
    try:
        Session(section, _JustGiven(granted.access), Clock.monotonic).close()
    except LoginError as error:
        raise PermanentError(
            f"the grant is good, but {section.endpoint()} does not let us into {section.username}: {why(error)}",
            f"Sign in as {section.username} itself, or as somebody who may open it; IMAP must be allowed for it.",
        ) from error
    except Exception as error:
        # Sockets, TLS, a folder that is not there: no fault of the grant, which is kept.
        return f"imap.{name}: the grant is good, but the sign-in could not be tried: {why(error)}.\n"
    return f"imap.{name}: signed in as {section.username}."
