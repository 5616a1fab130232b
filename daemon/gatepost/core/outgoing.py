"""A mail of ours on its way out, and the four ends that one try at one recipient can have.

`Outgoing` is what is put into the outbox, `Due` one recipient of it whose turn has come, `Result` how the try ended.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from . import Millis
from .effect import Auto


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One composed mail. `mail_from` is '' for the null sender (RFC 3834 3.3); `raw` has CRLF line ends.

    (`ticket`, `participant`, the first recipient, `key`) make it unique. With `error` the mail could not be composed:
    it is kept with its cause, sent to nobody, and can be mended.
    """

    ticket: int = 0
    participant: int = 0
    message: int = 0
    template: str = ""
    key: str
    recipients: tuple[str, ...]
    message_id: str
    mail_from: str = ""
    subject: str = ""
    raw: bytes = field(default=b"", repr=False)
    auto: Auto = Auto.NO
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One recipient of one mail, claimed until `lease_until`: nobody else tries it before that instant.

    `attempts` counts this one; `since` is when the patience with it began; `code` and `said` are the last answer. `raw`
    is empty where the mail is large (`octets`), to be read when its connection is ready.
    """

    id: int
    outbox: int
    ticket: int
    participant: int
    recipient: str
    destination: str
    mail_from: str
    message_id: str
    attempts: int
    since: Millis
    lease_until: Millis
    octets: int
    code: int = 0
    said: str = ""
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The server took the mail for this recipient, in these words."""

    code: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A fault that may pass. `code` is 0 where it was not the server who said so: a time-out, a lost connection.

    `unreachable`: the host could not be talked to at all, so that nothing was said about this mail. `until` is when to
    try again; whoever made the try leaves it 0, whoever plans fills it in.
    """

    code: int = 0
    said: str
    unreachable: bool = False
    until: Millis = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The server (or, with `code` 0, we ourselves) will never take this mail for this recipient."""

    code: int = 0
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """Tried for as long as was promised; the last words are kept. It can be queued again by hand."""

    code: int = 0
    said: str


Answer: TypeAlias = Sent | Later | Refused
Result: TypeAlias = Sent | Later | Refused | Expired
