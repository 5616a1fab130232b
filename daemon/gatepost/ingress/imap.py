"""The IMAP door: one thread for each mailbox, which fetches what is there, has it committed, and only then moves it.

    offered     the mail lies in its folder; a kill at any instant leaves it there
    taken       COMMIT returned in the desk's database, with (mailbox, UIDVALIDITY, UID) and the raw bytes
    put away    moved to the folder of processed mails, or marked; where a kill came between, the next look does it

A mailbox that fails waits 1 to 300 seconds between tries. It holds up no other: each has its own thread, and no more
than `backlog` of its mails wait for the desk.
"""

import imaplib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import Clock
from ..core.addresses import Addresses
from ..crashpoint import crashpoint
from ..errors import GatepostError, PermanentError, TemporaryError
from ..store import intake, mailboxes
from ..store.database import Database
from ..store.mailboxes import MailboxState
from .imap_session import Session
from .imap_taking import Taking
from .imap_wire import Wire, why
from .oauth import Tokens
from .oauth_kept import KeptToken

if TYPE_CHECKING:
    from ..config import ImapSection

_log = logging.getLogger("gatepost.imap")
_LONGEST_PAUSE = 300.0
_CALM_SECONDS = 60.0
_FRUITLESS_PAUSE = 1.0
_BACKLOG = 200
_OLD_DAYS = 7
_OLD_MAILS = 20
_FAULTS = (OSError, imaplib.IMAP4.error, GatepostError, ValueError, LookupError, AssertionError)


class Mailbox:
    """One mailbox and its thread. `wake` is called there after each commit, `rest` waits or is told to stop."""

    def __init__(
        self,
        name: str,
        section: "ImapSection",
        *,
        db: Database,
        addresses: Addresses,
        otherwise: str,
        octets: int,
        clock: Clock,
        wake: Callable[[], None],
        tokens: Tokens,
        backlog: int = _BACKLOG,
        rest: Callable[[float], bool] | None = None,
    ) -> None:
        self._name, self._section, self._db, self._clock, self._wake = name, section, db, clock, wake
        self._tokens, self._backlog = tokens, max(backlog, section.batch)
        self._stop, self._stir = threading.Event(), threading.Event()
        self._rest = rest or self._sleep
        self._good = False
        self._seen = threading.Event()
        self._wire: Wire | None = None
        self._taking = Taking(
            name,
            section,
            db=db,
            addresses=addresses,
            otherwise=otherwise,
            octets=octets,
            clock=clock,
            wake=wake,
            stopping=self._stop.is_set,
        )
        self._thread = threading.Thread(target=self._keep, name=f"imap-{name}", daemon=True)

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    @property
    def is_seen(self) -> bool:
        """Whether all that waited in the folder at the start has been taken, or the server cannot be reached."""
        return self._seen.is_set()

    def close(self, seconds: float = 3.0) -> None:
        """Stop after the mails that are being fetched; who hangs in the network is cut off from it."""
        self._stop.set()
        self._stir.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        wire = self._wire
        if self._thread.is_alive() and wire is not None:
            wire.cut()
            self._thread.join(seconds)

    def watch(self) -> None:
        """From any thread, every few seconds: end a connection whose server takes too long over one command.

        A mailbox that waits for its next try does not wait on where somebody has let us in anew.
        """
        wire = self._wire
        if self._tokens.is_news():
            self._stir.set()
        if wire is not None and wire.cut_if_overdue():
            _log.warning("imap.cut name=%s: the server took too long over one command", self._name)

    def _keep(self) -> None:
        pause = 0.0
        while not self._stop.is_set():
            self._good, began = False, Clock.monotonic()
            try:
                self._visit()
            except _FAULTS as error:
                self._fail(why(error))
            except Exception as error:
                _log.exception("imap.fault name=%s", self._name)
                self._fail(f"a fault of ours, see the log: {type(error).__name__}")
            calm = self._good and Clock.monotonic() - began >= _CALM_SECONDS
            pause = 1.0 if calm or not pause else min(2 * pause, _LONGEST_PAUSE)
            self._rest(pause)

    def _sleep(self, seconds: float) -> bool:
        """Rest, at most so long; whether it is time to stop."""
        self._stir.wait(seconds)
        if not self._stop.is_set():
            self._stir.clear()
        return self._stop.is_set()

    def _visit(self) -> None:
        """Sign in, and fetch again and again until the connection ends."""
        session: Session | None = None
        try:
            session = Session(self._section, self._tokens, Clock.monotonic, hold=self._hold)
            self._signed_in()
            at_once = False
            while not self._stop.is_set():
                found = self._look_until_quiet(session)
                if at_once and not found:
                    self._rest(_FRUITLESS_PAUSE)
                began = Clock.monotonic()
                session.wait(self._rest)
                at_once = Clock.monotonic() - began < _FRUITLESS_PAUSE
        finally:
            self._wire = None
            if session is not None:
                session.close()

    def _hold(self, wire: Wire) -> None:
        self._wire = wire

    def _signed_in(self) -> None:
        now, token = self._clock.now(), self._tokens.shown
        given, ends = (token.given, token.ends_at) if token is not None else (None, None)
        self._db.write_now(lambda tx: mailboxes.signed_in(tx, self._name, now, token=given, token_ends=ends))

    def _look_until_quiet(self, session: Session) -> bool:
        """Look until a look finds what the one before it found: no more can be done for now. Whether there was mail."""
        last = first = self.look(session)
        while last and not self._stop.is_set():
            uids = self.look(session)
            if uids == last:
                break
            last = uids
        self._seen.set()
        return bool(first)

    def look(self, session: Session) -> list[int]:
        """Take everything that waits in the folder, batch by batch; the UIDs that were found waiting."""
        validity = session.validity
        # What the next mail would have got is told once, when the folder is opened.
        following, session.next_uid = session.next_uid, 0
        state = self._db.write_now(lambda tx: mailboxes.begin(tx, self._name, validity, following))
        self._ask_about_the_past(session, state)
        self._taking.finish(session)
        uids = session.waiting(state.uid if validity else 0)
        trouble: TemporaryError | None = None
        undone: set[int] = set()
        for start in range(0, len(uids), self._section.batch):
            if not self._has_room(session):
                return uids
            batch = uids[start : start + self._section.batch]
            done = self._taking.take(session, batch)
            crashpoint("imap.taken")
            undone.update(set(batch) - done)
            trouble = self._put_away(session, sorted(done)) or trouble
            crashpoint("imap.put_away")
            # A mail that could not be taken holds the cursor; what lies behind it is known by its row.
            upto = min(undone) - 1 if undone else batch[-1]
            self._well(len(undone) + len(uids) - start - len(batch), upto if validity else 0)
        self._well(len(undone), 0)
        if trouble is not None:
            raise trouble
        return uids

    def _ask_about_the_past(self, session: Session, state: MailboxState) -> None:
        """Refuse to answer years of mail because somebody has named their old mailbox: they say what is meant."""
        if state.fetched is not None or self._section.since:
            return
        today = datetime.fromtimestamp(self._clock.now() / 1000, UTC).date()
        old = session.older(today - timedelta(days=_OLD_DAYS))
        if old > _OLD_MAILS:
            raise PermanentError(
                f"{old} mails in {self._section.folder} are older than {_OLD_DAYS} days, and each would be answered",
                f'Write since = "{today}" into [imap.{self._name}] and bring the past in by '
                f'"gatepost import-mail imap:{self._name}", or write since = "ever".',
            )

    def _has_room(self, session: Session) -> bool:
        """Wait until the desk has worked off most of what this mailbox has brought; False when it is time to stop."""
        peer = self._taking.peer
        session.at_rest()
        while not self._stop.is_set():
            if self._db.read_now(lambda tx: intake.waiting_from(tx, peer)) + self._section.batch <= self._backlog:
                return True
            self._wake()
            self._rest(0.2)
        return False

    def _well(self, waiting: int, upto: int) -> None:
        self._good, now = True, self._clock.now()
        if self._db.write_now(lambda tx: mailboxes.well(tx, self._name, now, waiting=waiting, upto=upto)):
            _log.warning("imap.recovered name=%s", self._name)

    def _put_away(self, session: Session, uids: Sequence[int]) -> TemporaryError | None:
        """Move what was taken; where the server refuses, that is told after the other mails have been taken."""
        try:
            session.put_away(uids)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            where = self._section.processed or "their folder"
            hint = "Is it full, or may it not be made there? Some servers want INBOX.Processed."
            return TemporaryError(f"mails are taken, but cannot be moved to {where}: {why(error)}", hint)
        return None

    def _fail(self, said: str) -> None:
        self._seen.set()
        now = self._clock.now()
        if self._db.write_now(lambda tx: mailboxes.failing(tx, self._name, said, now)):
            _log.error("imap.failing name=%s: %s", self._name, said)


def open_mailboxes(
    sections: Mapping[str, "ImapSection"],
    *,
    db: Database,
    data: Path,
    addresses: Addresses,
    otherwise: str,
    octets: int,
    clock: Clock,
    wake: Callable[[], None],
) -> list[Mailbox]:
    """A mailbox for each section, not started yet; refresh tokens that come later are kept in `data`."""
    return [
        Mailbox(
            name,
            each,
            db=db,
            addresses=addresses,
            otherwise=otherwise,
            octets=octets,
            clock=clock,
            wake=wake,
            tokens=tokens_of(name, each, data, clock),
        )
        for name, each in sections.items()
    ]


def tokens_of(name: str, section: "ImapSection", data: Path, clock: Clock) -> Tokens:
    """The access tokens of a mailbox."""
    return Tokens(section, clock=clock, kept=kept_token(name, data))


def kept_token(name: str, data: Path) -> KeptToken:
    """Where the newest refresh token of a mailbox lies."""
    return KeptToken(data / "oauth" / f"{name}.json")
