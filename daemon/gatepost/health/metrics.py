"""The figures for Prometheus: counted as things happen, or read when they are asked for. No address, no subject.

Labels are words out of closed lists, names of the config's mailboxes and names of our own files, so that their number
stays small. docs/monitoring.md tells each.
"""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .. import __version__
from ..core import SECOND, Millis
from ..core.health import Kind
from ..core.outgoing import Due, Expired, Later, Refused, Result, Sent
from ..store import figures
from ..store.arrivals import Outcome
from ..store.database import Database
from ..store.figures import Figures
from . import standing
from .watch import Watch

_HANDLED_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900)
_ENDS: dict[type, str] = {Sent: "sent", Later: "later", Refused: "refused", Expired: "expired"}


class Metrics:
    """One per desk. `handled` and `tried` are called as things happen; `text` is what Prometheus reads."""

    def __init__(self, *, data: Path, db: Database, watch: Watch) -> None:
        self._db = db
        self._registry = CollectorRegistry()
        self._handled = Counter(
            "gatepost_arrivals_handled", "Arrivals that have an outcome.", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "gatepost_arrival_handled_seconds", "From the 250 to the outcome of an arrival.",
            buckets=_HANDLED_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._tries = Counter(
            "gatepost_delivery_tries", "Ends of tries at delivery, by recipient.", ["end"], registry=self._registry
        )
        self._view = _View(data, watch)
        self._registry.register(self._view)
        ProcessCollector(registry=self._registry)
        for outcome in Outcome:
            self._handled.labels(outcome.value)
        for end in _ENDS.values():
            self._tries.labels(end)

    def handled(self, outcome: Outcome, took: Millis) -> None:
        """An arrival got its outcome, so long after it was accepted."""
        self._handled.labels(outcome.value).inc()
        self._seconds.observe(max(0, took) / SECOND)

    def tried(self, _: Due, result: Result) -> None:
        """A try at delivery ended."""
        self._tries.labels(_ENDS[type(result)]).inc()

    async def text(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        self._view.figures = await self._db.read(figures.read)
        return generate_latest(self._registry)


class _View(Collector):
    """What is not counted but looked at: the last look of the watch, the gate's counters, the database's figures."""

    def __init__(self, data: Path, watch: Watch) -> None:
        self._data, self._watch = data, watch
        self.figures: Figures | None = None

    def describe(self) -> list[Metric]:
        """Nothing in advance: the names are known when they are asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield _gauge("gatepost_build_info", "The version that runs.", "version", {__version__: 1})
        yield GaugeMetricFamily("gatepost_healthy", "1 while /health says yes.", float(self._watch.healthy))
        yield from self._troubles()
        yield from self._gate()
        yield from self._seen()
        yield from self._parts()
        if self.figures is not None:
            yield from _of_database(self.figures)
        yield _gauge("gatepost_file_bytes", "Size of our database files.", "file", self._files())

    def _troubles(self) -> Iterator[Metric]:
        found = [trouble.kind for trouble in self._watch.found]
        counts = {kind.word: found.count(kind) for kind in Kind}
        yield _gauge("gatepost_troubles", "Troubles of each kind that the watch sees.", "kind", counts)

    def _gate(self) -> Iterator[Metric]:
        said = self._watch.gate
        yield GaugeMetricFamily("gatepost_gate_up", "1 while the gate answers.", float(bool(said)))
        for name, help_ in _GATE_COUNTERS.items():
            if name in said:
                yield CounterMetricFamily(f"gatepost_gate_{name}", help_, said[name])
        if "connections" in said:
            yield GaugeMetricFamily("gatepost_gate_connections", "Connections now.", said["connections"])
            yield GaugeMetricFamily("gatepost_gate_in_flight_bytes", "Mail on its way in.", said["octets_in_flight"])

    def _seen(self) -> Iterator[Metric]:
        seen = self._watch.seen
        if seen is None:
            return
        yield GaugeMetricFamily("gatepost_disk_free_bytes", "Free on the data folder's disk.", seen.free_octets)
        yield GaugeMetricFamily("gatepost_disk_needed_bytes", "What must stay free of it.", seen.least_octets)
        yield GaugeMetricFamily("gatepost_arrivals_waiting", "Accepted mails without an outcome.", seen.waiting)
        oldest = _age(seen.now, seen.oldest_arrival)
        yield GaugeMetricFamily("gatepost_arrivals_oldest_seconds", "Age of the oldest of these.", oldest)
        late = _age(seen.now, seen.oldest_due)
        yield GaugeMetricFamily("gatepost_delivery_late_seconds", "Since when the oldest delivery is due.", late)
        up = {box.name: float(box.failing is None) for box in seen.mailboxes}
        yield _gauge("gatepost_mailbox_up", "1 while a mailbox can be fetched.", "mailbox", up)
        ages = {box.name: _age(seen.now, box.fetched) for box in seen.mailboxes}
        yield _gauge("gatepost_mailbox_looked_seconds", "Since its last good look.", "mailbox", ages)
        left = {box.name: float(box.waiting) for box in seen.mailboxes}
        yield _gauge("gatepost_mailbox_waiting", "Mails that lie there to be taken.", "mailbox", left)
        aside = {box.name: float(box.aside) for box in seen.mailboxes}
        yield _gauge("gatepost_mailbox_set_aside", "Mails that could not be taken, so far.", "mailbox", aside)
        tokens = {box.name: _age(seen.now, box.token) for box in seen.mailboxes if box.token is not None}
        yield _gauge("gatepost_mailbox_token_seconds", "Age of its OAuth2 token.", "mailbox", tokens)

    def _parts(self) -> Iterator[Metric]:
        family = CounterMetricFamily("gatepost_part_deaths", "How often a part died.", labels=["part"])
        for name, part in standing.read(self._data).items():
            family.add_metric([name], part.deaths)
        yield family

    def _files(self) -> dict[str, float]:
        return {path.name: path.stat().st_size for path in sorted(self._data.glob("*.sqlite3*")) if path.exists()}


_GATE_COUNTERS = {
    "accepted": "Mails that got a 250.",
    "refused": "Mails that could not be stored and got a 4xx.",
    "commits": "Commits of the spool.",
    "cleared": "Mails that the desk has taken over.",
    "connections_refused": "Connections beyond a limit.",
}


def _of_database(found: Figures) -> Iterator[Metric]:
    yield _gauge("gatepost_tickets", "Tickets by state.", "state", found.tickets)
    yield _gauge("gatepost_deliveries", "Deliveries that are not sent, by state.", "state", found.deliveries)
    yield GaugeMetricFamily("gatepost_quarantine_held", "Mails held for a human.", found.quarantine)
    yield GaugeMetricFamily("gatepost_deadlines_open", "Promises that are open.", found.deadlines)
    yield GaugeMetricFamily("gatepost_alarms_standing", "Alarms that were raised and not cleared.", found.alarms)


def _gauge(name: str, help_: str, label: str, values: dict[str, float] | dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _age(now: Millis, at: Millis | None) -> float:
    return 0.0 if at is None else max(0.0, (now - at) / SECOND)
