"""What mailboxes cost that wait for mail: CPU of the daemon with ten of them, above that without any."""

import time
from collections.abc import Iterator
from pathlib import Path

from .figures import Row, Sample
from .imap_server import ImapServer
from .processes import Server, busy, gatepost, scratch

_MAILBOXES = 10
_SECTION = """
[imap.box{number}]
server = "127.0.0.1:{port}"
tls = "none"
username = "support"
password = {{ file = "{password}" }}
"""


def idle(reps: int, quick: bool) -> Iterator[Row]:
    """Ten mailboxes in IDLE."""
    row = Row("ten idle mailboxes", "% CPU")
    seconds = 5.0 if quick else 60.0
    with scratch() as folder, ImapServer() as imap:
        password = Path(folder) / "password"
        password.write_text("secret\n", encoding="ascii")
        password.chmod(0o600)
        boxes = "".join(
            _SECTION.format(number=number, port=imap.port, password=password) for number in range(_MAILBOXES)
        )
        for name in ("with", "without"):
            (Path(folder) / name).mkdir()
        with (
            gatepost(Path(folder) / "with", 9, more=boxes) as house,
            gatepost(Path(folder) / "without", 9) as bare,
        ):
            while len(imap.commands("IDLE")) < _MAILBOXES:
                time.sleep(0.05)
            for _ in range(min(reps, 2)):
                row.ours.append(_resting(house, bare, seconds))
    yield row


def _resting(house: Server, bare: Server, seconds: float) -> Sample:
    began, everybody = (house.cpu(), bare.cpu()), busy()
    time.sleep(seconds)
    spent = house.cpu() - began[0]
    others = max(0.0, busy() - everybody - spent) / seconds
    return Sample(100 * (spent - (bare.cpu() - began[1])) / seconds, others=others)
