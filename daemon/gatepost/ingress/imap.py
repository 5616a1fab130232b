"""The IMAP door: one thread for each mailbox, which fetches what is there, has it committed, and only then moves it.

    offered     the mail lies in its folder; a kill at any instant leaves it there
    taken       COMMIT returned in the desk's database, with (mailbox, UIDVALIDITY, UID) and the raw bytes
    put away    moved to the folder of processed mails, or marked; where a kill came between, the next look does it

A mailbox that fails waits 1 to 300 seconds between tries and holds up no other.
"""

import imaplib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..clock import Clock
from ..core.addresses import Addresses
from ..core.letter import Door
from ..crashpoint import crashpoint
from ..errors import GatepostError
from ..store import intake, mailboxes
from ..store.database import Database, Tx
from ..store.intake import Found
from .found_mail import read_found
from .imap_session import Session, why
from .oauth import Tokens

if TYPE_CHECKING:
    from ..config import ImapSection

log = logging.getLogger("gatepost.imap")
_TRIES = 3
_LONGEST_PAUSE = 300.0
_FAULTS = (OSError, imaplib.IMAP4.error, GatepostError, ValueError, LookupError, AssertionError)


class Mailbox:
    """One mailbox and its thread. `wake` is called in this thread after each commit."""

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
    ) -> None:
        self._name, self._section, self._db, self._clock, self._wake = name, section, db, clock, wake
        self._addresses, self._otherwise, self._octets = addresses, section.recipient or otherwise, octets
        self._tokens = Tokens(section, Clock.monotonic)
        self._good = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"imap-{name}", daemon=True)

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def close(self, seconds: float = 3.0) -> None:
        """Stop after the mail that is being fetched; a thread that hangs in the network ends with the process."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _keep(self) -> None:
        pause = 1.0
        while not self._stop.is_set():
            self._good = False
            try:
                self._visit()
            except _FAULTS as error:
                self._fail(error)
                pause = 1.0 if self._good else pause
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _visit(self) -> None:
        """Sign in, and fetch again and again until the connection ends."""
        session = Session(self._section, self._tokens, self._octets)
        try:
            while not self._stop.is_set():
                # What comes during the commands of a look is announced there: wait only behind one that found nothing.
                while self.look(session) and not self._stop.is_set():
                    pass
                session.wait(self._stop.wait, Clock.monotonic)
        finally:
            session.close()

    def look(self, session: Session) -> int:
        """Take everything that waits in the folder, batch by batch; how many mails were put away."""
        after = self._db.write_now(lambda tx: mailboxes.begin(tx, self._name, session.validity))
        uids = session.waiting(after)
        away = 0
        for start in range(0, len(uids), self._section.batch):
            if self._stop.is_set():
                break
            away += self._take(session, uids[start : start + self._section.batch])
        self._good, now = True, self._clock.now()
        if self._db.write_now(lambda tx: mailboxes.well(tx, self._name, now)):
            log.warning("imap.recovered name=%s", self._name)
        return away

    def _take(self, session: Session, uids: Sequence[int]) -> int:
        """Fetch, commit, put away; in this order, and each mail once. How many were put away."""
        source = f"imap:{self._name}:{session.validity}"
        known = self._db.read_now(lambda tx: intake.known(tx, source, [str(uid) for uid in uids]))
        done = [uid for uid in uids if str(uid) in known]
        spoiled: list[int] = []
        sizes = session.sizes([uid for uid in uids if str(uid) not in known]) if len(done) < len(uids) else {}
        for uid in sorted(sizes):
            if sizes[uid] > self._octets:
                log.error("imap.too_large name=%s uid=%d octets=%d", self._name, uid, sizes[uid])
                spoiled.append(uid)
            elif self._take_one(session, source, uid):
                done.append(uid)
            elif self._is_poison(session, uid):
                spoiled.append(uid)
        crashpoint("imap.taken")
        session.put_away(sorted(done))
        session.put_away(spoiled, failed=True)
        crashpoint("imap.put_away")
        highest = max((*done, *spoiled), default=0)
        self._db.write_now(lambda tx: mailboxes.reached(tx, self._name, highest))
        return len(done) + len(spoiled)

    def _take_one(self, session: Session, source: str, uid: int) -> bool:
        """Fetch one mail and have it committed; False where that failed this time and may be tried again."""
        try:
            fetched = session.mail(uid)
        except imaplib.IMAP4.abort:
            self._stumble(session, uid)
            raise
        except (imaplib.IMAP4.error, ValueError, LookupError) as error:
            log.warning("imap.stumbled name=%s uid=%d: %s", self._name, uid, why(error))
            self._stumble(session, uid)
            return False
        if fetched is None:
            return False
        raw, came = fetched
        found = read_found(
            raw,
            self._addresses,
            door=Door.IMAP,
            source=f"{self._name}/{self._section.folder}",
            otherwise=self._otherwise,
        )
        received = came if came is not None else found.received or self._clock.now()
        self._commit(Found(source=source, position=str(uid), received=received, envelope=found.envelope, raw=raw))
        return True

    def _commit(self, found: Found) -> None:
        def write(tx: Tx) -> int:
            return intake.take(tx, found)

        number = self._db.write_now(write)
        self._wake()
        log.info("imap.taken name=%s uid=%s arrival=%d octets=%d", self._name, found.position, number, len(found.raw))

    def _stumble(self, session: Session, uid: int) -> None:
        self._db.write_now(lambda tx: mailboxes.stumbled(tx, self._name, session.validity, uid))

    def _is_poison(self, session: Session, uid: int) -> bool:
        """Whether a mail could not be fetched three times: it goes to the folder of failed mails (N11)."""
        tries = self._db.read_now(lambda tx: mailboxes.tries(tx, self._name, session.validity, uid))
        return tries >= _TRIES

    def _fail(self, error: BaseException) -> None:
        said, now = why(error), self._clock.now()
        if self._db.write_now(lambda tx: mailboxes.failing(tx, self._name, said, now)):
            log.error("imap.failing name=%s: %s", self._name, said)


def open_mailboxes(
    sections: Mapping[str, "ImapSection"],
    *,
    db: Database,
    addresses: Addresses,
    otherwise: str,
    octets: int,
    clock: Clock,
    wake: Callable[[], None],
) -> list[Mailbox]:
    """A mailbox for each section, not started yet."""
    return [
        Mailbox(name, each, db=db, addresses=addresses, otherwise=otherwise, octets=octets, clock=clock, wake=wake)
        for name, each in sections.items()
    ]
