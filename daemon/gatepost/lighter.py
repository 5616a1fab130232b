"""A mail that a server found too large goes out once more with its files as links (F19), and the size is remembered."""

import re

from .core import Millis
from .drafting.draft import write_again
from .house import House
from .store import mail_limits, outbox, outbox_view, trace
from .store.database import Tx

_KEY = "-lighter"
# RFC 3463 3.3 and 3.4: 5.2.3 is the recipient's own limit, 5.3.4 the system's.
_TOO_LARGE = re.compile(r"\b5\.(?:2\.3|3\.4)\b")
_ANY_STATUS = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")
_LARGE = 1_000_000


def is_too_large(said: str, octets: int) -> bool:
    """Whether a refusal, given with its code in front, is about the size of a mail of so many octets.

    A 552 without an enhanced code may also mean a full mailbox (RFC 5321 4.2.3); it is believed of a large mail.
    """
    if _TOO_LARGE.search(said):
        return True
    return said.startswith("552") and not _ANY_STATUS.search(said) and octets >= _LARGE


def send_lighter(tx: Tx, house: House, outbox_id: int, said: str, now: Millis) -> bool:
    """Send a refused mail again with fewer files, if it was refused for its size; False where that is not so.

    What is refused twice stays refused.
    """
    mail = outbox_view.show(tx, outbox_id)
    octets = len(outbox.content(tx, outbox_id))
    if mail is None or mail.key.endswith(_KEY) or not is_too_large(said, octets):
        return False
    if octets >= _LARGE:
        # Nobody's limit is that low; and whoever gets a mail of ours could say so of a whole domain, in a report.
        mail_limits.learn(tx, mail.address.rpartition("@")[2], octets - 1, now)
    again = write_again(tx, house, mail, now, key=mail.key + _KEY)
    if again is None or again.error or len(again.raw) >= octets:
        return False
    outbox.put(tx, again, now)
    told = f"{mail.template} to {mail.address} was too large ({octets} octets): {said}; its files go as links"
    trace.note(tx, kind="lighter", said=told, now=now, ticket=mail.ticket)
    return True
