"""Tells the trip of a mail in a few lines, as it is written in the desk's database."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ..log import printable
from ..store import arrivals, outbox_view
from ..store.connection import open_reader
from ..store.database import Row, SqliteTx, Tx


class Trips:
    """Follows the desk's database at `path`, read-only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0

    def news(self) -> list[str]:
        """The trips that were finished since the last call, each as one text."""
        if not self._path.exists():
            return []
        with closing(open_reader(self._path)) as connection:
            tx = SqliteTx(connection)
            rows = arrivals.handled_after(tx, self._last)
            told = ["\n".join(_lines(tx, row)) for row in rows]
            self._last = rows[-1]["id"] if rows else self._last
            return told


def _lines(tx: Tx, row: Row) -> Iterator[str]:
    said: dict[str, Any] = arrivals.decision(tx, row["id"])
    verdict = said.get("verdict") or {}
    where = f"{verdict.get('route', '')} {verdict.get('team', '')}".strip()
    yield f"✉  {row['mail_from'] or '<>'} → {', '.join(json.loads(row['recipients']))}   ({row['size']} octets)"
    yield f"   read     {(said.get('nature') or {}).get('reason', '')}"
    identity = said.get("identity") or {}
    why = "; ".join(identity.get("why", ()))
    yield f"   who      {identity.get('party', '?')}, {identity.get('trust', '?')}: {why}"
    yield f"   about    {said.get('product', '')}; subscription {said.get('standing', '')}"
    if verdict:
        yield f"   rule     {verdict['by'] or 'built in'} → {where}"
    ticket = f" ticket {row['ticket']}" if row["ticket"] else ""
    yield f"   outcome  {row['outcome']}{ticket}{': ' + row['cause'] if row['cause'] else ''}"
    for posted in outbox_view.of_message(tx, row["message"] or 0):
        for delivery in posted.deliveries:
            yield f"   out      {posted.template} → {delivery.recipient}: {printable(posted.subject)}"
