"""What monitoring is told: /health flips with each fault, /metrics has figures without any person's data (M16, O4)."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from gatepost.clock import FixedClock
from gatepost.core import HOUR, MINUTE
from gatepost.core.health import Kind
from gatepost.core.outgoing import Later, Sent
from gatepost.health.metrics import Metrics
from gatepost.health.page import health_pages
from gatepost.health.standing import Standing, tell
from gatepost.health.watch import Watch
from gatepost.store import mailboxes
from gatepost.store.arrivals import Outcome

PACKAGING = Path(__file__).parents[2] / "packaging"
GATE = {
    "accepted": 12, "refused": 1, "commits": 9, "cleared": 11, "connections": 3, "connections_refused": 0,
    "octets_in_flight": 4096, "free_octets": 10**12,
}  # fmt: skip


class Spool:
    """A spool whose answer a test sets."""

    state = (0, None)

    def waiting(self):
        return self.state


class Probe:
    """The pages over a market with a watch; every fault of M16 can be put in."""

    def __init__(self, market, data, monkeypatch):
        self.market, self.spool, self.seconds, self.free = market, Spool(), 100.0, 10**12
        (data / "run").mkdir()
        self.data, self.clock = data, FixedClock(market.now)
        self.watch = Watch(
            data=data, db=market.db, house=market.house, spool=self.spool, clock=self.clock, least_octets=10**9,
            monotonic=lambda: self.seconds, free=lambda _: self.free,
        )  # fmt: skip
        self.metrics = Metrics(data=data, db=market.db, watch=self.watch)
        self.web = TestClient(health_pages(self.watch, self.metrics, lambda: self.seconds))

        async def gate(_):
            return dict(GATE)

        monkeypatch.setattr("gatepost.health.watch.ask_status", gate)

    async def look(self, passed=15_000):
        self.clock.at += passed
        self.seconds += passed / 1000
        await self.watch.look()

    def fetch(self):
        """A mailbox is looked through."""
        self.market.db.write_now(lambda tx: mailboxes.begin(tx, "support", 1))
        self.market.db.write_now(lambda tx: mailboxes.well(tx, "support", self.clock.at, waiting=7))
        got = self.clock.at - HOUR
        self.market.db.write_now(
            lambda tx: mailboxes.signed_in(tx, "support", got, token=got, token_ends=self.clock.at)
        )

    def health(self):
        answer = self.web.get("/health")
        return answer.status_code, answer.json()

    def figures(self):
        families = text_string_to_metric_families(self.web.get("/metrics").text)
        return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


@pytest.fixture
def probe(market, tmp_path, monkeypatch):
    return Probe(market, tmp_path, monkeypatch)


async def test_before_the_first_look_nobody_says_that_all_is_well(probe):
    assert probe.health()[0] == 503
    await probe.look()
    assert probe.health() == (200, {"verdict": "well", "troubles": []})


@pytest.mark.catalogue("M16")
@pytest.mark.parametrize("fault", ["queue", "disk", "database", "mailbox", "clock"])
async def test_each_fault_flips_health_to_no_and_its_end_back_to_yes(probe, fault, monkeypatch):
    await probe.look()
    assert probe.health()[0] == 200
    match fault:
        case "queue":
            probe.spool.state = (1, probe.clock.at - 16 * MINUTE)
        case "disk":
            probe.free = 10
        case "database":
            probe.market.db.write_now(lambda tx: tx.run("ALTER TABLE attempt RENAME TO attempt_gone"))
        case "mailbox":
            probe.market.db.write_now(lambda tx: mailboxes.failing(tx, "support", "no", probe.clock.at - HOUR))
        case "clock":
            probe.clock.at += HOUR
    await probe.look()
    status, said = probe.health()
    assert (status, said["verdict"], said["troubles"][0]["kind"]) == (503, "unhealthy", fault)
    assert said["troubles"][0]["advice"]
    assert probe.figures()["gatepost_troubles", ("kind", fault)] == 1
    assert probe.figures()["gatepost_healthy",] == 0
    match fault:
        case "queue":
            probe.spool.state = (0, None)
        case "disk":
            probe.free = 10**12
        case "database":
            probe.market.db.write_now(lambda tx: tx.run("ALTER TABLE attempt_gone RENAME TO attempt"))
        case "mailbox":
            probe.market.db.write_now(lambda tx: mailboxes.well(tx, "support", probe.clock.at))
    if fault == "clock":
        await probe.look(16 * MINUTE)
        # Nobody delivers here, and the letter to staff would be the next trouble.
        probe.market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent', next = NULL"))
    await probe.look()
    assert probe.health()[0] == 200


async def test_a_watch_that_no_longer_looks_is_itself_unhealthy(probe):
    await probe.look()
    probe.seconds += 61
    assert probe.health() == (503, {"verdict": "unhealthy", "why": "the watch does not look"})


async def test_figures_are_counted_and_read(probe, compose_mail):
    probe.market.arrive(compose_mail("Jane <jane@customer.example>", "Shipping Labels", "Blank."))
    probe.metrics.handled(Outcome.OPENED, 1_500)
    probe.metrics.tried(None, Sent(code=250, said="ok"))
    probe.metrics.tried(None, Later(said="later"))
    tell(probe.data, {"gate": Standing(pid=1, deaths=2, exit=-9, died=1)})
    probe.fetch()
    await probe.look()
    said = probe.figures()
    for name, labels, value in (
        ("gatepost_arrivals_handled_total", {"outcome": "opened"}, 1),
        ("gatepost_arrivals_handled_total", {"outcome": "quarantined"}, 0),
        ("gatepost_arrival_handled_seconds_sum", {}, 1.5),
        ("gatepost_delivery_tries_total", {"end": "sent"}, 1),
        ("gatepost_delivery_tries_total", {"end": "later"}, 1),
        ("gatepost_gate_up", {}, 1),
        ("gatepost_gate_accepted_total", {}, 12),
        ("gatepost_gate_connections", {}, 3),
        ("gatepost_tickets", {"state": "open"}, 1),
        ("gatepost_deliveries", {"state": "queued"}, 2),
        ("gatepost_disk_free_bytes", {}, 10**12),
        ("gatepost_mailbox_up", {"mailbox": "support"}, 1),
        ("gatepost_mailbox_looked_seconds", {"mailbox": "support"}, 15),
        ("gatepost_mailbox_waiting", {"mailbox": "support"}, 7),
        ("gatepost_mailbox_token_seconds", {"mailbox": "support"}, 3615),
        ("gatepost_mailbox_set_aside", {"mailbox": "support"}, 0),
        ("gatepost_part_deaths_total", {"part": "gate"}, 2),
        ("gatepost_deadlines_open", {}, len(probe.market.rows("SELECT 1 FROM deadline WHERE state = 'open'"))),
        ("gatepost_healthy", {}, 1),
    ):
        assert said[name, *sorted(labels.items())] == value, name
    assert said["gatepost_file_bytes", ("file", "desk.sqlite3")] >= 4096


async def test_no_person_and_no_word_of_a_mail_is_in_the_figures(probe, compose_mail):
    probe.market.arrive(compose_mail("Jane <jane@customer.example>", "Shipping Labels canary", "A secret canary."))
    await probe.look()
    text = probe.web.get("/metrics").text + probe.web.get("/health").text
    assert len(text) > 2_000
    assert not re.search(r"@|canary|jane|acme", text, re.IGNORECASE)


def test_only_what_is_asked_for_is_answered(probe):
    assert probe.web.get("/").status_code == 200
    assert probe.web.post("/health").status_code == 405
    assert probe.web.get("/tickets").status_code == 404


async def test_dashboard_and_alert_rules_ask_only_for_figures_that_exist(probe, compose_mail):
    probe.fetch()
    tell(probe.data, {"gate": Standing(pid=1, deaths=0, exit=0, died=None)})
    await probe.look()
    names = {name for name, *_ in probe.figures()}
    dashboard = json.loads((PACKAGING / "grafana" / "gatepost.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    rules = (PACKAGING / "prometheus" / "gatepost.rules.yml").read_text()
    asked += re.findall(r"(?m)^\s+expr: (.*)$", rules)
    wanted = {name for expression in asked for name in re.findall(r"\b(?:gatepost|process)_\w+", expression)}
    assert len(asked) >= 20
    assert wanted - names == set()
    assert {kind.word for kind in Kind} >= set(re.findall(r'kind="([\w-]+)"', " ".join(asked)))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


async def test_the_page_on_monitoring_names_every_figure_and_every_kind(probe):
    probe.fetch()
    await probe.look()
    page = (PACKAGING.parent / "docs" / "monitoring.md").read_text()
    told = set(re.findall(r"`(gatepost_\w+)`", page))
    families = text_string_to_metric_families(probe.web.get("/metrics").text)
    ours = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert {name for name in ours if name.startswith("gatepost_") and not name.endswith("_created")} == told
    kinds = dict(re.findall(r"(?m)^\| `([\w-]+)` \| .* \| (yes|no) \|$", page))
    assert kinds == {kind.word: "no" if kind.unhealthy else "yes" for kind in Kind}
