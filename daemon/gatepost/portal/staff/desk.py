"""What staff pages ask of the daemon beside its database: to read a mail under limits, to release, to send again."""

from dataclasses import dataclass

from ...postroom import Postroom
from ...release import Reader, Releases


@dataclass(frozen=True, slots=True)
class StaffDesk:
    """The parts of the desk that have a page of theirs."""

    releases: Releases
    postroom: Postroom
    reader: Reader
