"""The past of an IMAP folder, as an archive to be imported: it is read and never changed, not even marked as seen."""

import imaplib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from imapclient.exceptions import LoginError

from ..clock import Clock
from ..errors import PermanentError, TemporaryError
from .archive import Item
from .imap_session import Session
from .imap_taking import groups
from .imap_wire import why

if TYPE_CHECKING:
    from ..config import ImapSection
    from .oauth import Tokens

T = TypeVar("T")
_HEADS = 500
_TRIES = 3
_FAULTS = (OSError, imaplib.IMAP4.error, TemporaryError)


class ImapFolder:
    """One folder of a mailbox of the config. A connection that ends is opened again; raises TemporaryError in the end.

    `stable`: a mail can be known again by its number, so that an import can go on where it was interrupted.
    """

    def __init__(self, name: str, section: "ImapSection", tokens: "Tokens", *, folder: str, octets: int) -> None:
        self.label = f"imap:{name}/{folder}"
        self._section, self._tokens, self._folder, self._octets = section, tokens, folder, octets
        self._session: Session | None = None
        self._validity = -1

    @property
    def source(self) -> str:
        """The name under which the store remembers what was taken."""
        return f"past:{self.label}:{self._validity}"

    @property
    def stable(self) -> bool:
        """Whether the numbers of the mails mean the same tomorrow."""
        return self._validity > 0

    def items(self) -> Iterator[Item]:
        """Every mail, in the order in which it came into the folder."""
        uids = self._asked(lambda session: session.everything())
        for start in range(0, len(uids), _HEADS):
            some = uids[start : start + _HEADS]
            heads = self._asked(lambda session, some=some: session.heads(some))  # type: ignore[misc]
            for uid, head in sorted(heads.items()):
                yield Item(head.came or 0, str(uid), 0, head.octets)

    def several(self, items: Sequence[Item]) -> Iterator[tuple[Item, bytes | None]]:
        """The mails with their bytes; None where one has gone meanwhile, or cannot be given."""
        by_uid = {int(item.path): item for item in items}
        for group in groups({uid: item.size for uid, item in by_uid.items()}, set()):
            raws = self._mails(group, sum(by_uid[uid].size for uid in group))
            yield from ((by_uid[uid], raws.get(uid)) for uid in group)

    def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _mails(self, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        """Some mails; where they cannot be given together, each alone, and without the one that cannot be."""
        try:
            return self._asked(lambda session: session.mails(uids, octets=octets, most=2 * octets + self._octets))
        except TemporaryError:
            if len(uids) == 1:
                self._asked(lambda session: session.everything())  # The server lives: it is the mail.
                return {}
            return {uid: raw for uid in uids for uid, raw in self._mails([uid], octets).items()}

    def _asked(self, ask: Callable[[Session], T]) -> T:
        """The answer of the server, on a connection that is opened as often as needed."""
        fault: Exception = TemporaryError("it was not asked")
        for _ in range(_TRIES):
            try:
                session = self._open()
                answer = ask(session)
                session.at_rest()
                return answer
            except LoginError as error:
                raise PermanentError(f"{self.label}: {why(error)}") from error
            except _FAULTS as error:
                fault = error
                self.close()
        raise TemporaryError(f"{self.label}: {why(fault)}", "Go on later with --resume.")

    def _open(self) -> Session:
        if self._session is None:
            session = Session(self._section, self._tokens, Clock.monotonic, folder=self._folder, readonly=True)
            if self._validity not in (-1, session.validity):
                session.close()
                raise PermanentError(f"{self.label} was numbered anew meanwhile", "Begin again.")
            self._session, self._validity = session, session.validity
        return self._session
