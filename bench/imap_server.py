"""An IMAP server of our own for tests and measurements: it remembers all it heard, and fails where it is told to.

What it does without a script is RFC 3501 as far as a client of ours speaks it, with IDLE, MOVE and UIDPLUS. A script is
a list of rules for one connection: the first rule whose prefix begins the command is used up, and its action is done in
place of the answer. Each connection has a thread; all of them share the folders under one lock.
"""

import base64
import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.imap_folders import Folder, Mail, fetched, found, numbers, words

CAPABILITIES = ("IDLE", "MOVE", "UIDPLUS", "AUTH=XOAUTH2", "AUTH=OAUTHBEARER", "SASL-IR")
_PATIENCE = 60.0

Action = Callable[["Talk", Callable[[], bytes]], None]
"""What is done in place of an answer: it gets the conversation, and a function that gives the answer as it would be."""


@dataclass
class Rule:
    """One fault: the command that meets it, in any case of letters, and what is done then."""

    prefix: str
    action: Action


class GoneError(Exception):
    """The conversation is over."""


def drop(talk: "Talk", answer: Callable[[], bytes]) -> None:
    """Hang up in place of an answer."""
    raise GoneError


def reset(talk: "Talk", answer: Callable[[], bytes]) -> None:
    """Cut the connection with RST."""
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    raise GoneError


def hang(talk: "Talk", answer: Callable[[], bytes]) -> None:
    """Say nothing more, and keep the connection."""
    talk.linger()


def say(octets: bytes) -> Action:
    """Answer so; `%TAG%` stands for the command's tag."""

    def act(talk: "Talk", answer: Callable[[], bytes]) -> None:
        talk.send(octets.replace(b"%TAG%", talk.tag))

    return act


def changed(change: Callable[[bytes], bytes]) -> Action:
    """Do what was asked, and answer otherwise."""

    def act(talk: "Talk", answer: Callable[[], bytes]) -> None:
        talk.send(change(answer()))

    return act


def first(do: Callable[[], object]) -> Action:
    """Let something happen first, such as another client's deed; then answer as usual."""

    def act(talk: "Talk", answer: Callable[[], bytes]) -> None:
        do()
        talk.send(answer())

    return act


def cut(octets: int, then: Action = drop) -> Action:
    """Begin the answer, say no more than so many octets of it, and hang up, or do `then`."""

    def act(talk: "Talk", answer: Callable[[], bytes]) -> None:
        talk.send(answer()[:octets])
        then(talk, answer)

    return act


def done_and(then: Action) -> Action:
    """Do what was asked, and say nothing of it: the answer is lost."""

    def act(talk: "Talk", answer: Callable[[], bytes]) -> None:
        answer()
        then(talk, answer)

    return act


@dataclass
class ImapServer:
    """Listens on a free port of loopback. `scripts` are used by the connections in turn; `heard` is what each said."""

    capabilities: Sequence[str] = CAPABILITIES
    passwords: dict[str, str] = field(default_factory=lambda: {"support": "secret"})
    tokens: set[str] = field(default_factory=set)
    keywords: bool = True
    greeting: bytes = b"* OK ready\r\n"
    scripts: list[list[Rule]] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})
    heard: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._talks: list[Talk] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def add(self, *mails: bytes, folder: str = "INBOX", uid: int = 0, at: datetime | None = None) -> None:
        """Put mails into a folder, under the next UIDs or from `uid` on, and tell who waits there."""
        with self.lock:
            place = self.folders[folder]
            for raw in mails:
                place.next = max(place.next, uid)
                place.mails.append(Mail(uid=place.next, raw=raw, at=at or datetime.now(UTC)))
                place.next += 1
        for talk in list(self._talks):
            talk.wake()

    def remove(self, uid: int, folder: str = "INBOX") -> None:
        """Another client has moved a mail away."""
        with self.lock:
            self.folders[folder].mails = [mail for mail in self.folders[folder].mails if mail.uid != uid]

    def rebuild(self, validity: int, folder: str = "INBOX", *, start: int = 1) -> None:
        """Number a folder anew under another UIDVALIDITY, and forget its flags: as after a restored backup."""
        with self.lock:
            place = self.folders[folder]
            place.validity, place.next = validity, start
            for mail in place.mails:
                mail.uid, mail.flags = place.next, set()
                place.next += 1

    def raws(self, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder; none where it is not there."""
        with self.lock:
            return [mail.raw for mail in self.folders[folder].mails] if folder in self.folders else []

    def commands(self, prefix: str = "") -> list[str]:
        """Everything that was said so far on all connections, without tags."""
        with self.lock:
            return [line for each in self.heard for line in each if line.upper().startswith(prefix)]

    def close(self) -> None:
        """Hang up everywhere, and wait until every thread has ended."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for talk in list(self._talks):
            talk.wake()
            with contextlib.suppress(OSError):
                talk.sock.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._threads):
            thread.join(10)

    def __enter__(self) -> "ImapServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self.lock:
                script = self.scripts.pop(0) if self.scripts else []
                self.heard.append([])
                talk = Talk(self, sock, script, self.heard[-1])
                self._talks.append(talk)
            thread = threading.Thread(target=talk.run, daemon=True)
            self._threads.append(thread)
            thread.start()

    def ended(self, talk: "Talk") -> None:
        """A conversation is over."""
        self._talks.remove(talk)


class Talk:
    """One conversation."""

    def __init__(self, server: ImapServer, sock: socket.socket, script: list[Rule], heard: list[str]) -> None:
        self._server, self.sock, self._script, self._heard = server, sock, list(script), heard
        self._file = sock.makefile("rb")
        self._waker, self._woken = socket.socketpair()
        self._folder: Folder | None = None
        self._told = 0
        self.tag = b"*"

    def run(self) -> None:
        """Talk until one of the two hangs up."""
        try:
            self._meet("GREETING", lambda: self._server.greeting)
            while line := self._file.readline():
                tag, _, said = line.strip().partition(b" ")
                self._hear(tag, said.decode("utf-8", "replace"))
        except (GoneError, OSError):
            pass
        finally:
            for each in (self._file, self.sock, self._waker, self._woken):
                each.close()
            self._server.ended(self)

    def send(self, octets: bytes) -> None:
        """Say octets as they are."""
        self.sock.sendall(octets)

    def wake(self) -> None:
        """There is news for whoever waits in IDLE."""
        with contextlib.suppress(OSError):
            self._waker.send(b"!")

    def linger(self) -> None:
        """Keep the connection, say nothing, until the other side has gone."""
        end = _PATIENCE
        while not self._server.stopping.is_set() and end > 0:
            if select.select([self.sock], [], [], 0.05)[0] and not self.sock.recv(65_536):
                break
            end -= 0.05
        raise GoneError

    def _hear(self, tag: bytes, said: str) -> None:
        self.tag = tag
        with self._server.lock:
            self._heard.append(said)
        self._meet(said, lambda: self._answer(said))

    def _meet(self, said: str, answer: Callable[[], bytes]) -> None:
        for rule in self._script:
            if said.upper().startswith(rule.prefix.upper()):
                self._script.remove(rule)
                rule.action(self, answer)
                return
        self.send(answer())

    def _answer(self, said: str) -> bytes:
        """The answer to a command, which is carried out."""
        verb, *rest = words(said)
        name = verb.upper()
        if name == "UID":
            name, rest = f"UID_{rest[0].upper()}", rest[1:]
        handler = getattr(self, f"_on_{name.lower()}", None)
        if handler is None:
            return b"%b BAD unknown command\r\n" % self.tag
        # Who idles may hold up nobody.
        with self._server.lock if name != "IDLE" else contextlib.nullcontext():
            said_back: bytes = handler(*rest)
        return said_back

    def _ok(self, untagged: Iterable[bytes] = (), more: bytes = b"done") -> bytes:
        return b"".join(b"* %b\r\n" % line for line in untagged) + b"%b OK %b\r\n" % (self.tag, more)

    def _no(self, why: bytes) -> bytes:
        return b"%b NO %b\r\n" % (self.tag, why)

    def _on_capability(self) -> bytes:
        return self._ok([b" ".join((b"CAPABILITY IMAP4rev1", *(each.encode() for each in self._server.capabilities)))])

    def _on_noop(self) -> bytes:
        return self._ok(self._news())

    def _on_logout(self) -> bytes:
        self.send(self._ok([b"BYE"]))
        raise GoneError

    def _on_login(self, user: str, password: str) -> bytes:
        good = self._server.passwords.get(user) == password
        return self._ok() if good else self._no(b"[AUTHENTICATIONFAILED] Authentication failed.")

    def _on_authenticate(self, mechanism: str, initial: str = "") -> bytes:
        if not initial:
            self.send(b"+ \r\n")
            initial = self._file.readline().decode().strip()
        said = base64.b64decode(initial).decode()
        token = said.partition("Bearer ")[2].partition("\1")[0]
        if token in self._server.tokens:
            return self._ok()
        # RFC 7628 3.2.3: the error comes as a challenge, which the client answers with one octet.
        self.send(b"+ " + base64.b64encode(b'{"status":"401","schemes":"bearer"}') + b"\r\n")
        self._file.readline()
        return self._no(b"[AUTHENTICATIONFAILED] Invalid credentials")

    def _on_select(self, name: str) -> bytes:
        self._folder = self._server.folders.get(name)
        if self._folder is None:
            return self._no(b"[NONEXISTENT] no such folder")
        self._told = len(self._folder.mails)
        more = b" \\*" if self._server.keywords else b""
        return self._ok(
            [
                b"FLAGS (\\Seen \\Deleted)",
                b"OK [PERMANENTFLAGS (\\Seen \\Deleted%b)] kept" % more,
                b"%d EXISTS" % self._told,
                *([b"OK [UIDVALIDITY %d] valid" % self._folder.validity] if self._folder.validity >= 0 else []),
                b"OK [UIDNEXT %d] next" % self._folder.next,
            ],
            b"[READ-WRITE] selected",
        )

    _on_examine = _on_select

    def _on_list(self, _: str, name: str) -> bytes:
        return self._ok([b'LIST () "/" "%b"' % name.encode()] if name in self._server.folders else [])

    def _on_create(self, name: str) -> bytes:
        self._server.folders.setdefault(name, Folder())
        return self._ok()

    def _on_uid_search(self, *criteria: str) -> bytes:
        uids = found(self._selected(), criteria)
        return self._ok([b" ".join((b"SEARCH", *(b"%d" % uid for uid in uids)))])

    def _on_uid_fetch(self, which: str, items: str) -> bytes:
        folder = self._selected()
        wanted = numbers(which, folder)
        return self._ok(fetched(seq, mail, items) for seq, mail in enumerate(folder.mails, 1) if mail.uid in wanted)

    def _on_uid_store(self, which: str, how: str, flags: str) -> bytes:
        folder = self._selected()
        given = flags.strip("()").split()
        kept = {flag for flag in given if flag.startswith("\\") or self._server.keywords}
        wanted = numbers(which, folder)
        for mail in folder.mails:
            if mail.uid in wanted:
                mail.flags = mail.flags - kept if how.startswith("-") else mail.flags | kept
        return self._ok()

    def _on_uid_copy(self, which: str, name: str) -> bytes:
        target = self._server.folders.get(name)
        if target is None:
            return self._no(b"[TRYCREATE] no such folder")
        folder = self._selected()
        wanted = numbers(which, folder)
        for mail in [mail for mail in folder.mails if mail.uid in wanted]:
            target.mails.append(Mail(uid=target.next, raw=mail.raw, at=mail.at, flags=set(mail.flags)))
            target.next += 1
        return self._ok()

    def _on_uid_move(self, which: str, name: str) -> bytes:
        copied = self._on_uid_copy(which, name)
        if b" OK " not in copied:
            return copied
        wanted = numbers(which, self._selected())
        return self._ok(self._gone(lambda mail: mail.uid in wanted))

    def _on_uid_expunge(self, which: str) -> bytes:
        wanted = numbers(which, self._selected())
        return self._ok(self._gone(lambda mail: mail.uid in wanted and "\\Deleted" in mail.flags))

    def _on_expunge(self) -> bytes:
        return self._ok(self._gone(lambda mail: "\\Deleted" in mail.flags))

    def _on_idle(self) -> bytes:
        tag = self.tag
        self.send(b"+ idling\r\n")
        while True:
            with self._server.lock:
                news = self._news()
            if news:
                self.send(b"".join(b"* %b\r\n" % line for line in news))
            # A step of a script may wait for the instant in which the client idles.
            self._meet_idling()
            ready = select.select([self.sock, self._woken], [], [])[0]
            if self._woken in ready:
                self._woken.recv(64)
            if self._server.stopping.is_set():
                raise GoneError
            if self.sock in ready:
                if not self._file.readline():
                    raise GoneError
                return b"%b OK idle done\r\n" % tag

    def _meet_idling(self) -> None:
        rule = next((rule for rule in self._script if rule.prefix == "IDLING"), None)
        if rule is not None:
            self._script.remove(rule)
            rule.action(self, bytes)

    def _news(self) -> list[bytes]:
        """What is to be told of the selected folder: it has grown."""
        now = len(self._folder.mails) if self._folder is not None else 0
        grown, self._told = now > self._told, now
        return [b"%d EXISTS" % now] if grown else []

    def _selected(self) -> Folder:
        if self._folder is None:
            raise GoneError
        return self._folder

    def _gone(self, which: Callable[[Mail], bool]) -> list[bytes]:
        """Take mails out of the selected folder; one line for each, with its number at that moment."""
        folder = self._selected()
        going = [number for number, mail in enumerate(folder.mails, 1) if which(mail)]
        lines = [b"%d EXPUNGE" % (number - before) for before, number in enumerate(going)]
        gone = set(going)
        folder.mails = [mail for number, mail in enumerate(folder.mails, 1) if number not in gone]
        self._told = len(folder.mails)
        return lines
