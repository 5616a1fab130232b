"""DNS as a table, for tests and for `gatepost mail auth --resolver FILE`: it answers from what it holds, asks nobody.

The file is JSON: {"example.org": {"TXT": ["v=spf1 -all"], "MX": ["mx.example.org"]}, "slow.example": "timeout"}.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from ..errors import PermanentError
from .resolver import Kind, NoAnswer, canonical

Zone = Mapping[str, Mapping[str, list[str]] | str]


class NotATable(PermanentError):
    """The file is no table of DNS records."""

    exit_code = 65


class Table:
    """A resolver that knows only its zone; `asked` remembers the questions. A name whose value is a text fails so."""

    def __init__(self, zone: Zone) -> None:
        self._zone = {canonical(name): records for name, records in zone.items()}
        self.asked: list[tuple[str, Kind]] = []

    async def ask(self, name: str, kind: Kind) -> tuple[str, ...]:
        """As in `Resolver`; NoAnswer for a name whose value is a text such as "timeout"."""
        self.asked.append((name, kind))
        records = self._zone.get(name, {})
        if isinstance(records, str):
            raise NoAnswer(f"{records}: {kind} {name}")
        return tuple(records.get(kind.value, ()))


def load(path: Path) -> Table:
    """The table in a JSON file. Raises NotATable where it is none."""
    try:
        zone = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotATable(f"{path} cannot be read as a DNS table: {error}", _FORM) from error
    if not isinstance(zone, dict) or not all(_is_entry(records) for records in zone.values()):
        raise NotATable(f"{path} is not a DNS table", _FORM)
    return Table(zone)


_FORM = 'Write it like {"example.org": {"TXT": ["v=spf1 -all"]}, "slow.example": "timeout"}.'


def _is_entry(records: object) -> bool:
    if isinstance(records, str):
        return True
    return isinstance(records, dict) and all(
        kind in Kind.__members__ and isinstance(values, list) and all(isinstance(value, str) for value in values)
        for kind, values in records.items()
    )
