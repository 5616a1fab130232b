"""A year of the clock: many vendors' calendars, tickets, answers, downtimes; every deadline against a slow walker.

The short form runs with every test run, the long one (50 vendors, 20,000 tickets) behind `-m chaos`.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gatepost.calendars import Calendars
from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.effect import Promise, Send
from gatepost.core.event import CameDue, DeadlineKind, Filed, Wrote
from gatepost.core.nature import Author, Kind, Nature
from gatepost.core.party import Hours, Participant, Role
from gatepost.core.ticket import Fallback, Ticket, advance
from gatepost.core.verdict import Route, Verdict
from gatepost.promises import Promises, terms

YEAR_START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
HUMAN = Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="a person wrote it")
STAYS, VENDOR = Verdict(route=Route.TICKET), Verdict(route=Route.VENDOR)
PROMISES = Promises(overdue_business_days=2, rating_days=7)
ZONES = ("Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "UTC")
COUNTRIES = ("PL", "US", "AU", "IN", "CL", "")
CLOCK_KINDS = {DeadlineKind.NUDGE, DeadlineKind.OVERDUE, DeadlineKind.HELP, DeadlineKind.REROUTE}
STEP = 15 * MINUTE


class Walker:
    """Knows open time by looking at every quarter of an hour of the year, and at nothing else."""

    def __init__(self, hours, holidays):
        self._zone, self._hours, self._holidays = ZoneInfo(hours.zone), hours, holidays
        self._known: dict[int, bool] = {}

    def is_open(self, at):
        if at not in self._known:
            shown = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone)
            worked = shown.weekday() in self._hours.weekdays and shown.date() not in self._holidays
            self._known[at] = worked and self._hours.opens <= shown.hour * 60 + shown.minute < self._hours.closes
        return self._known[at]

    def after(self, start, quarters):
        """The first open quarter at which so many open quarters have passed."""
        at = start
        while quarters or not self.is_open(at):
            quarters -= self.is_open(at)
            at += STEP
        return at


class Year:
    """Tickets with their open deadlines; the daemon looks at them at random moments, and is down between."""

    def __init__(self, chance, vendors):
        self.chance = chance
        self.calendars, self.walkers = [], []
        for number in range(vendors):
            place = number % len(ZONES)
            opens = chance.choice((8, 9, 10)) * 60
            hours = Hours(zone=ZONES[place], opens=opens, closes=opens + 8 * 60, country=COUNTRIES[place])
            calendar = Calendars().get(hours, YEAR_START)
            self.calendars.append(calendar)
            self.walkers.append(Walker(hours, calendar.holidays))
        self.brand = Calendars().get(Hours(), YEAR_START)
        self.sent: Counter[tuple[int, str]] = Counter()
        self.checked = 0

    def live(self, number, filed):
        """One ticket from its first mail until nothing is owed any more."""
        vendor = number % len(self.calendars)
        ticket = Ticket(number=number, brand="b", subject="s", filed=filed)
        agreed = self.terms(vendor)
        ticket, effects = advance(ticket, Filed(message=1, nature=HUMAN), VENDOR, agreed, filed)
        open_ = {e.kind: e for e in effects if isinstance(e, Promise)}
        self.check(vendor, open_, filed)
        answer = filed + round(self.chance.expovariate(1 / (2 * DAY))) if self.chance.random() < 0.9 else None
        now = filed
        while open_:
            now = max(now, min(p.due for p in open_.values())) + self.downtime()
            if answer is not None and answer <= now:
                now, answer = answer, None
                ticket, effects = advance(ticket, Wrote(message=2, author=2, nature=HUMAN), STAYS, agreed, now)
                open_ = {kind: p for kind, p in open_.items() if kind not in CLOCK_KINDS}
                continue
            agreed = (
                self.terms(vendor)
                if ticket.route is Route.VENDOR
                else agreed.fallback.terms
                if agreed.fallback
                else agreed
            )
            for kind, promise in sorted(open_.items(), key=lambda item: item[1].due):
                if promise.due <= now and open_.get(kind) is promise:
                    ticket = self.come(ticket, kind, promise, vendor, agreed, open_, now)
            if ticket.waiting_since is not None and "overdue" in ticket.flags and set(open_) <= {DeadlineKind.RATING}:
                break  # Nobody answers for ever: the rating is put off day by day.

    def come(self, ticket, kind, promise, vendor, agreed, open_, now):
        del open_[kind]
        event = CameDue(kind=kind, since=promise.since, due=promise.due)
        ticket, effects = advance(ticket, event, STAYS, agreed, now)
        for effect in effects:
            if isinstance(effect, Promise):
                open_[effect.kind] = effect
            if isinstance(effect, Send):
                self.sent[ticket.number, effect.key] += 1
                if kind in CLOCK_KINDS and ticket.route is Route.VENDOR:
                    assert self.walkers[vendor].is_open(now // STEP * STEP), (ticket.number, kind, now)
        return ticket

    def check(self, vendor, open_, filed):
        walker = self.walkers[vendor]
        start = walker.after(filed - filed % STEP, 0)
        # The walker counts whole quarters: tickets are filed on them.
        assert filed % STEP == 0
        assert open_[DeadlineKind.OVERDUE].due == walker.after(start, 64)
        assert open_[DeadlineKind.NUDGE].due == walker.after(start, 32)
        self.checked += 1

    def terms(self, vendor):
        people = (
            Participant(ticket=0, number=1, role=Role.REQUESTER, address="c@x.example"),
            Participant(ticket=0, number=2, role=Role.VENDOR, address="v@x.example"),
        )
        team = Participant(ticket=0, number=0, role=Role.STAFF, address="triage@x.example", name="Triage")
        own = terms(PROMISES, calendar=self.brand, zone="UTC", participants=people, staff="s@x.example")
        theirs = terms(
            PROMISES, calendar=self.calendars[vendor], zone="UTC", participants=people, staff="s@x.example", team=team
        )
        return replace(theirs, fallback=Fallback(participant=team, route=Route.TRIAGE, team="triage", terms=own))

    def downtime(self):
        """Mostly none; sometimes hours, rarely weeks."""
        luck = self.chance.random()
        return 0 if luck < 0.8 else self.chance.randrange(12) * HOUR if luck < 0.97 else self.chance.randrange(21) * DAY


def run_a_year(vendors, count):
    chance = random.Random(6)
    year = Year(chance, vendors)
    for number in range(1, count + 1):
        year.live(number, YEAR_START + chance.randrange(365 * DAY // STEP) * STEP)
    assert year.checked == count
    assert max(year.sent.values()) == 1
    assert {key.partition("-")[0] for _, key in year.sent} == {"nudge", "overdue", "rating"}


def test_a_year_in_short():
    run_a_year(vendors=12, count=300)


@pytest.mark.chaos
def test_a_year_of_fifty_vendors_and_twenty_thousand_tickets():
    run_a_year(vendors=50, count=20_000)
