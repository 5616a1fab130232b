"""One signed-in connection to an IMAP server, in one thread: what waits there, its bytes, and where it is put."""

import imaplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from imapclient.exceptions import LoginError

from ..core import Millis
from ..errors import PermanentError
from .imap_wire import BusyServerError, DeadConnectionError, Wire, is_passing

if TYPE_CHECKING:
    from ..config import ImapSection

_SPINS = 3
_LAST_UID = 2**32 - 1
MARK = b"$Gatepost"


@dataclass(frozen=True, slots=True)
class Head:
    """What is asked of a mail first: its octets, as the server says, and when it came there, None where unknown."""

    octets: int
    came: Millis | None


class Grant(Protocol):
    """What gives an access token; what the server has refused is dropped, and asked for once more."""

    def current(self) -> str: ...

    def drop(self) -> None: ...


class Session:
    """A connection with its folder selected. Every method raises what imapclient raises, or an error of ours.

    `hold` is given its wire before it is connected, so that another thread can cut it.

    `keeps`: mails stay in the folder and are marked, by wish or since the server can neither move nor expunge one.
    `next_uid` is the UID that the next mail would have had when the folder was opened, 0 where the server does not say.
    """

    def __init__(
        self,
        section: "ImapSection",
        tokens: Grant,
        monotonic: Callable[[], float],
        *,
        folder: str = "",
        readonly: bool = False,
        hold: Callable[[Wire], object] | None = None,
    ) -> None:
        self._section, self._monotonic = section, monotonic
        self.folder = folder or section.folder
        if section.password is None:
            tokens.current()  # Before we connect: no server waits for us while we wait for another.
        self._wire = Wire(section, monotonic, hold)
        self._client: Any = self._wire.client
        self._there: set[str] = set()
        try:
            self._sign_in(tokens)
            self._select(readonly)
        except BaseException:
            self.close()
            raise
        able = self._client.has_capability("MOVE") or self._client.has_capability("UIDPLUS")
        self.keeps = not section.processed or not able
        self._idles = self._client.has_capability("IDLE")

    def waiting(self, after: int) -> list[int]:
        """The UIDs of the mails that are to be taken, ascending: all where taken ones are moved, else unmarked ones."""
        self._wire.begin()
        self._wire.forget()
        criteria: list[str | date] = ["UNDELETED"]
        if day := self._section.since_day():
            criteria += ["SINCE", day]
        if not self.keeps:
            return self._found(criteria)
        if after >= _LAST_UID:
            return []
        criteria += ["UNKEYWORD", MARK.decode()] if self._marks else []
        # RFC 3501 6.4.8: N:* always names the last mail, also where its UID is below N.
        return [uid for uid in self._found([*criteria, "UID", f"{after + 1}:*"]) if uid > after]

    def half_moved(self) -> list[int]:
        """Mails that are marked for deletion, where moving takes three commands and may have ended before the last."""
        if self.keeps or self._client.has_capability("MOVE"):
            return []
        self._wire.begin()
        return self._found(["DELETED"])

    def expunge(self, uids: Sequence[int]) -> None:
        """Take mails away for good, of which a copy lies elsewhere; those alone (RFC 4315 2.1)."""
        self._wire.begin()
        self._client.uid_expunge(list(uids))

    def older(self, day: date) -> int:
        """How many mails of the folder came before that day."""
        self._wire.begin()
        return len(self._found(["UNDELETED", "BEFORE", day]))

    def everything(self) -> list[int]:
        """The UIDs of all mails of the folder, ascending."""
        self._wire.begin()
        return self._found(["UNDELETED"])

    def heads(self, uids: Sequence[int]) -> dict[int, Head]:
        """The size and the date of those mails that are still there."""
        self._wire.begin()
        said = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return {uid: Head(int(each[b"RFC822.SIZE"]), _instant(each)) for uid, each in said.items() if _sized(each)}

    def mails(self, uids: Sequence[int], *, octets: int, most: int) -> dict[int, bytes]:
        """The bytes of those mails that are still there: `octets` in all by what was said, `most` if not."""
        self._wire.begin(most, octets=octets)
        said = self._fetch(uids, ["BODY.PEEK[]"])
        return {uid: each[b"BODY[]"] for uid, each in said.items() if isinstance(each.get(b"BODY[]"), bytes)}

    def put_away(self, uids: Sequence[int], *, failed: bool = False) -> None:
        """Move mails to their folder, or mark them. Only the very mails that were copied are expunged (RFC 4315)."""
        if not uids:
            return
        self._wire.begin()
        folder = self._section.failed if failed else "" if self.keeps else self._section.processed
        client, some = self._client, list(uids)
        can_move, can_expunge = client.has_capability("MOVE"), client.has_capability("UIDPLUS")
        if not folder or not (can_move or can_expunge):
            client.add_flags(some, [MARK, b"\\Seen"] if self._marks else [b"\\Seen"], silent=True)
            return
        self._ensure(folder)
        if can_move:
            client.move(some, folder)
        else:
            client.copy(some, folder)
            client.add_flags(some, [b"\\Deleted"], silent=True)
            client.uid_expunge(some)

    def wait(self, stopping: Callable[[float], bool]) -> None:
        """Return when there may be mail: the server says so, or the time is up. Raises DeadConnectionError."""
        if "EXISTS" in self._client._imap.untagged_responses:
            return
        if not self._idles or not self._begin_to_idle():
            self._wire.begin(seconds=self._section.poll_seconds)
            stopping(self._section.poll_seconds)
            self._client.noop()
            return
        if "EXISTS" not in self._client._imap.untagged_responses and not self._read_along():
            self._idle(stopping)
        self._client.idle_done()

    def _idle(self, stopping: Callable[[float], bool]) -> None:
        """Wait until the server says something, or the time is up."""
        began, spins = self._monotonic(), 0
        end = began + self._section.idle_seconds
        while began < end and not stopping(0):
            wanted = min(1.0, end - began)
            if self._client.idle_check(timeout=wanted):
                return
            # imapclient swallows the end of the stream and answers at once, for ever.
            now = self._monotonic()
            spins = spins + 1 if now - began < wanted / 2 else 0
            if spins >= _SPINS:
                raise DeadConnectionError("the connection ended while waiting for mail")
            began = now

    def _read_along(self) -> bool:
        """Whether more than IDLE's answer has come with it: imapclient waits at the socket, where that is no longer."""
        client = self._client
        poll, client._poll_socket = client._poll_socket, lambda *_: True
        try:
            return bool(client.idle_check(timeout=0))
        finally:
            client._poll_socket = poll

    def _begin_to_idle(self) -> bool:
        """Say IDLE; whether the server does it. Some announce mail before they say so, which imapclient takes ill."""
        self._wire.begin(seconds=self._section.idle_seconds)
        imap = self._client._imap
        tag = imap._command("IDLE")
        while imap._get_response() is not None:
            if imap.tagged_commands[tag]:
                imap.tagged_commands.pop(tag)
                self._idles = False
                return False
        self._client._idle_tag = tag
        return True

    def at_rest(self) -> None:
        """Nothing is asked of the server for a while, and so nothing of it is late."""
        self._wire.at_rest()

    def close(self) -> None:
        """Hang up; a server that is gone is not asked."""
        self._wire.close()

    def _found(self, criteria: Sequence[str | date]) -> list[int]:
        return sorted({uid for uid in self._client.search(list(criteria)) if 0 < uid <= _LAST_UID})

    def _fetch(self, uids: Sequence[int], items: list[str]) -> Mapping[int, Any]:
        """What the server says of these mails; other UIDs, told unasked, are left out by imapclient."""
        try:
            said: Mapping[int, Any] = self._client.fetch(list(uids), items)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if is_passing(error):
                raise BusyServerError(f"the server cannot give mails now: {error}") from error
            raise
        return said

    def _ensure(self, folder: str) -> None:
        if folder in self._there:
            return
        if not self._client.folder_exists(folder):
            self._client.create_folder(folder)
        self._there.add(folder)

    def _select(self, readonly: bool) -> None:
        self._wire.begin()
        try:
            said = self._client.select_folder(self.folder, readonly=readonly)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if is_passing(error):
                raise BusyServerError(f"the server cannot open {self.folder} now: {error}") from error
            message = f"the folder {self.folder} cannot be opened: {' '.join(str(error).split())[:200]}"
            raise PermanentError(message, "Name one that is there.") from error
        self.validity = int(said.get(b"UIDVALIDITY", 0))
        self.next_uid = int(said.get(b"UIDNEXT", 0))
        kept = said.get(b"PERMANENTFLAGS", ())
        # RFC 3501 7.1: \* says that new keywords can be made; without a word about flags all of them are kept.
        self._marks = not kept or any(flag.strip(b"()") in (b"\\*", MARK) for flag in kept)

    def _sign_in(self, tokens: Grant) -> None:
        section = self._section
        self._wire.begin()
        if section.password is not None:
            self._client.login(section.username, section.password.read().decode("utf-8"))
            return
        try:
            self._show(tokens.current())
        except LoginError:
            tokens.drop()
            self._show(tokens.current())

    def _show(self, token: str) -> None:
        if self._section.mechanism == "oauthbearer":
            self._client.oauthbearer_login(self._section.username, token)
        else:
            self._client.oauth2_login(self._section.username, token)


def _sized(said: Mapping[bytes, Any]) -> bool:
    return isinstance(said.get(b"RFC822.SIZE"), int)


def _instant(said: Mapping[bytes, Any]) -> Millis | None:
    came = said.get(b"INTERNALDATE")
    if not isinstance(came, datetime):
        return None
    at = came if came.tzinfo is not None else came.replace(tzinfo=UTC)
    return int(at.timestamp() * 1000) if 1970 < at.year < 2200 else None
