"""Takes a batch of mails out of a mailbox: sizes first, small ones together, each committed before it is done with.

A mail that is too large, or cannot be fetched three times, is hopeless: it is set aside on the server, where people see
it. While a server gives none of several mails, none of them is to blame.
"""

import imaplib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..clock import Clock
from ..core import Millis
from ..core.addresses import Addresses
from ..core.letter import Door
from ..errors import TemporaryError
from ..store import intake, mailboxes
from ..store.database import Database
from ..store.intake import Found
from .found_mail import read_found
from .imap_session import Head, Session
from .imap_wire import why

if TYPE_CHECKING:
    from ..config import ImapSection

_log = logging.getLogger("gatepost.imap")
_TRIES = 3
_GROUP_OCTETS = 4 * 1024 * 1024


class Taking:
    """Takes the mails of one mailbox. `wake` is called after each commit, `stopping` says that an end is wanted."""

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
        stopping: Callable[[], bool],
    ) -> None:
        self.peer = f"{name}/{section.folder}"
        self._name, self._db, self._clock, self._wake, self._stopping = name, db, clock, wake, stopping
        self._addresses, self._otherwise, self._octets = addresses, section.recipient or otherwise, octets
        self._alone: set[int] = set()

    def take(self, session: Session, uids: Sequence[int]) -> set[int]:
        """Fetch and commit each mail once; those that are done with here, the hopeless ones among them."""
        source = f"imap:{self._name}:{session.validity}"
        known: set[str] = set()
        if session.validity:  # Without one, a UID may name another mail tomorrow: only the bytes tell.
            known = self._db.read_now(lambda tx: intake.known(tx, source, [str(uid) for uid in uids]))
        done = self._still_the_same(session, source, [uid for uid in uids if str(uid) in known])
        fresh = [uid for uid in uids if uid not in done]
        if not fresh:
            return done
        tries = self._db.read_now(lambda tx: mailboxes.tries(tx, self._name, session.validity, fresh))
        heads = session.heads(fresh)
        hopeless = {uid: cause for uid in fresh if (cause := self._hopeless(heads.get(uid), tries.get(uid, 0)))}
        wanted = {uid: head for uid, head in heads.items() if uid not in hopeless}
        done |= self._fetch(session, source, wanted, {*self._alone, *tries})
        self._blame(session, [uid for uid in fresh if uid not in heads and uid not in hopeless])
        return done | self._set_aside(session, hopeless)

    def _still_the_same(self, session: Session, source: str, uids: Sequence[int]) -> set[int]:
        """Those of the mails that were taken before which are what they were, by size and date.

        A server that was restored from a backup may give a UID once more to another mail, under the same UIDVALIDITY
        against RFC 3501 2.3.1.1. What looks otherwise is fetched again, and then its bytes tell.
        """
        if not uids:
            return set()
        taken = self._db.read_now(lambda tx: intake.sizes(tx, source, [str(uid) for uid in uids]))
        heads, now = session.heads(uids), self._clock.now()
        return {uid for uid in uids if uid not in heads or _agrees(heads[uid], taken.get(str(uid)), now)}

    def finish(self, session: Session) -> None:
        """End the moves that were cut off before their last command."""
        half = session.half_moved() if session.validity else []
        if half:
            source = f"imap:{self._name}:{session.validity}"
            known = self._db.read_now(lambda tx: intake.known(tx, source, [str(uid) for uid in half]))
            if known:
                session.expunge(sorted(map(int, known)))

    def _fetch(self, session: Session, source: str, heads: Mapping[int, Head], alone: set[int]) -> set[int]:
        """The mails that could be fetched; the others are to blame for it, unless not one of several could be."""
        done: set[int] = set()
        failed: set[int] = set()
        for group in groups({uid: head.octets for uid, head in heads.items()}, alone):
            taken, stumbled = self._fetch_group(session, source, group, heads)
            done, failed = done | taken, failed | stumbled
        if len(failed) > 1 and not done:
            raise TemporaryError("the server gives none of the mails", "They are asked for again.")
        self._blame(session, [uid for uid in heads if uid not in done])
        return done

    def _fetch_group(
        self, session: Session, source: str, uids: Sequence[int], heads: Mapping[int, Head]
    ) -> tuple[set[int], set[int]]:
        """Fetch some mails with one command and commit them together: those that are here now, and the failed."""
        octets = sum(heads[uid].octets for uid in uids)
        try:
            raws = session.mails(uids, octets=octets, most=2 * octets + self._octets)
        except (imaplib.IMAP4.abort, OSError):
            # The connection is gone. One mail alone has done it; of several, each is asked for alone next time.
            if not self._stopping():
                self._alone.update(uids)
                self._blame(session, uids if len(uids) == 1 else ())
            raise
        except (imaplib.IMAP4.error, ValueError, LookupError, AssertionError) as error:
            _log.warning("imap.stumbled name=%s uids=%s: %s", self._name, _listed(uids), why(error))
            if len(uids) == 1:
                return set(), set(uids)
            parts = [self._fetch_group(session, source, [uid], heads) for uid in uids]
            return set().union(*(taken for taken, _ in parts)), set().union(*(failed for _, failed in parts))
        self._commit([self._found(source, uid, raws[uid], heads[uid]) for uid in sorted(raws) if uid in heads])
        self._alone.difference_update(uids)
        return {uid for uid in raws if uid in heads}, set()

    def _commit(self, found: Sequence[Found]) -> None:
        if not found:
            return
        kin = f"imap:{self._name}:"
        numbers = self._db.write_now(lambda tx: [intake.take(tx, each, kin) for each in found])
        self._wake()
        for each, number in zip(found, numbers, strict=True):
            octets = len(each.raw)
            _log.info("imap.taken name=%s uid=%s arrival=%d octets=%d", self._name, each.position, number, octets)

    def _found(self, source: str, uid: int, raw: bytes, head: Head) -> Found:
        found = read_found(
            raw, self._addresses, door=Door.IMAP, source=self.peer, otherwise=self._otherwise
        )  # fmt: skip
        now = self._clock.now()
        came = head.came if head.came is not None else found.received or now
        return Found(source=source, position=str(uid), received=min(came, now), envelope=found.envelope, raw=raw)

    def _hopeless(self, head: Head | None, tries: int) -> str:
        """Why a mail cannot be taken, '' where it can (N11)."""
        if head is not None and head.octets > self._octets:
            return f"it has {head.octets} octets, more than smtp.message_octets"
        return f"it could not be fetched {tries} times" if tries >= _TRIES else ""

    def _set_aside(self, session: Session, causes: Mapping[int, str]) -> set[int]:
        """Move mails that cannot be taken where people see them, and keep that it was so."""
        if not causes:
            return set()
        now, uids = self._clock.now(), sorted(causes)
        session.put_away(uids, failed=True)
        for uid in uids:
            _log.error("imap.set_aside name=%s uid=%d: %s", self._name, uid, causes[uid])
        said = f"UID {uids[-1]}: {causes[uids[-1]]}"
        self._db.write_now(lambda tx: mailboxes.set_aside(tx, self._name, len(uids), said, now))
        return set(uids)

    def _blame(self, session: Session, uids: Sequence[int]) -> None:
        """Fetching these has failed once more. Where they have only gone meanwhile, nobody asks for the count (N04)."""
        if uids:
            self._db.write_now(lambda tx: mailboxes.stumbled(tx, self._name, session.validity, uids))


def _agrees(head: Head, taken: tuple[int, Millis] | None, now: Millis) -> bool:
    """Whether a mail is what was taken; a date that is absent, or lies in the future, was not what we went by."""
    if taken is None:
        return True
    octets, received = taken
    return head.octets == octets and (head.came is None or head.came == received or head.came > now)


def groups(sizes: Mapping[int, int], alone: set[int]) -> Iterator[list[int]]:
    """Mails that are fetched together, by their octets: small ones; what has failed once goes alone, and last."""
    group: list[int] = []
    octets = 0
    for uid in sorted(uid for uid in sizes if uid not in alone):
        if group and octets + sizes[uid] > _GROUP_OCTETS:
            yield group
            group, octets = [], 0
        group.append(uid)
        octets += sizes[uid]
    if group:
        yield group
    yield from ([uid] for uid in sorted(sizes) if uid in alone)


def _listed(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids[:10])) + ("…" if len(uids) > 10 else "")
