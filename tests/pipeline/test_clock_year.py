"""A year of the house on a clock that is pushed: vendors in six zones, tickets, answers, downtimes of hours and weeks.

Mails go through the pipeline, deadlines through the clockwork and their table, each in its transaction. Beside it a slow
walker, who looks at every quarter of an hour and knows nothing of the program's arithmetic, says for each ticket what
had to happen at which moment. The short form runs with every test run, the long one (50 vendors, 20,000 tickets) behind
`-m chaos`.
"""

import asyncio
import random
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest

from gatepost.calendars import Calendars
from gatepost.clock import Clock
from gatepost.clockwork import Clockwork
from gatepost.config import LimitsSection
from gatepost.core import DAY, MINUTE
from gatepost.core.party import Customer, Hours, Product, Standing, Subscription, Vendor
from gatepost.store import deadlines, parties

STEP = 15 * MINUTE
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
ZONES = ("Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "UTC")
COUNTRIES = ("PL", "US", "AU", "IN", "CL", "")
DAY_OF_WORK = 32
"""Quarters of an hour in the eight hours that everybody works."""


class PushedClock(Clock):
    """Stands where it is put."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def now(self):
        return self.at

    def monotonic(self):
        return self.at / 1000


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


@dataclass
class Story:
    """One ticket as it was played: its vendor, when it was filed, when somebody asked again, when it was answered."""

    vendor: int
    filed: int
    answered: int | None
    answer_handled: int | None = None
    dues: dict[str, int] = field(default_factory=dict)


class Year:
    """Plays the year: what comes, when the house is down, and every moment at which it looked."""

    def __init__(self, market, vendors, tickets, seed=6):
        self.market, self.chance = market, random.Random(seed)
        self.clock, self.looks, self.stories = PushedClock(START), [], {}
        market.house.limits = LimitsSection(
            automatic_per_address_day=10_000, automatic_per_domain_hour=100_000, automatic_per_minute=100_000,
            breaker_per_address=10_000, breaker_per_domain=100_000, breaker_floor=1_000_000,
        )  # fmt: skip
        self.hours = [self.some_hours(n) for n in range(vendors)]
        calendars = Calendars()
        self.walkers = [Walker(hours, calendars.get(hours, START).holidays) for hours in self.hours]
        self.team = Walker(Hours(), frozenset())
        market.db.write_now(self.fill)
        # What happens outside of the house, by the moment at which it does.
        self.plan = sorted(
            (START + self.chance.randrange(365 * DAY // STEP) * STEP, n, self.chance.randrange(vendors))
            for n in range(tickets)
        )
        self.work = Clockwork(
            house=market.house, db=market.db, clock=self.clock, wake_delivery=lambda: None, per_minute=10**9,
        )  # fmt: skip

    def some_hours(self, number):
        place, opens = number % len(ZONES), self.chance.choice((8, 9, 10)) * 60
        return Hours(zone=ZONES[place], opens=opens, closes=opens + 8 * 60, country=COUNTRIES[place])

    def fill(self, tx):
        for n, hours in enumerate(self.hours):
            vendor, _ = parties.put_vendor(
                tx, Vendor(id=0, slug=f"v{n}", name=f"Vendor {n}", support_address=f"help@v{n}.example", hours=hours)
            )
            product, _ = parties.put_product(tx, Product(id=0, slug=f"p{n}", name=f"Gadget{n}x", vendor_id=vendor))
            who, _ = parties.put_customer(tx, Customer(id=0, address=f"c{n}@customer{n}.example", name=f"C {n}"))
            right = Subscription(
                id=0, customer_id=who, product_id=product, status=Standing.ACTIVE, starts=START - DAY,
                ends=START + 4_000 * DAY, reference=f"Y-{n}",
            )  # fmt: skip
            parties.put_subscription(tx, right)

    async def run(self):
        """Until nothing more is planned and nothing that a ticket waits for is due; unanswered ones end with the ladder."""
        answers = []
        end = START + 365 * DAY + 60 * DAY
        while True:
            coming = [at for at in (self.plan[0][0] if self.plan else None, answers[0][0] if answers else None) if at]
            due = self.market.db.read_now(deadlines.next_due)
            moments = [*coming, *([due] if due is not None else [])]
            if not moments or min(moments) > end:
                return
            moment = max(self.clock.at, min(moments))
            moment += -moment % STEP
            self.clock.at = self.market.now = moment + self.downtime()
            # What came meanwhile was accepted and waits; it is handled first.
            while self.plan and self.plan[0][0] <= self.clock.at:
                if answer := self.file(*self.plan.pop(0)):
                    answers.append(answer)
                    answers.sort()
            while answers and answers[0][0] <= self.clock.at:
                self.answer(*answers.pop(0))
            self.looks.append(self.clock.at)
            while await self.work.look():
                pass

    def downtime(self):
        """Mostly none; sometimes hours, rarely weeks."""
        luck = self.chance.random()
        if luck < 0.97:
            return 0
        return self.chance.randrange(96) * STEP if luck < 0.9995 else self.chance.randrange(21) * DAY

    def file(self, at, n, vendor):
        lines = (
            f"From: c{vendor}@customer{vendor}.example", "To: support@orchard.example", f"Subject: Gadget{vendor}x, case {n}",
            f"Message-ID: <y{n}@client.example>", "", "It jams.",
        )  # fmt: skip
        assert self.market.arrive("\n".join(lines) + "\n", received=at) == "opened"
        number = 1000 + self.market.spool_tickets()
        delay = round(self.chance.expovariate(1 / (2 * DAY))) // STEP * STEP + STEP
        answered = at + delay if self.chance.random() < 0.9 else None
        self.stories[number] = Story(vendor=vendor, filed=at, answered=answered)
        for row in self.market.rows("SELECT kind, due FROM deadline WHERE ticket = :n", n=number):
            self.stories[number].dues[row["kind"]] = row["due"]
        return (answered, number) if answered is not None else None

    def answer(self, at, number):
        story = self.stories[number]
        (row,) = self.market.rows("SELECT raw, address FROM outbox WHERE ticket = :n AND template = 'ticket'", n=number)
        ours = message_from_bytes(bytes(row["raw"]))
        to = ours["Reply-To"].rpartition("<")[2].rstrip(">")
        raw = f"From: {row['address']}\nSubject: Re: {number}\nMessage-ID: <a{number}@v.example>\n\nLike this.\n"
        assert self.market.arrive(raw, to, received=at) == "continued"
        story.answer_handled = self.clock.at


class Told:
    """What had to happen on one ticket, by the walker: (what, at which look), in order."""

    def __init__(self, year, story):
        self.year, self.story = year, story
        self.walker = year.walkers[story.vendor]
        self.done = list(self.of_the_clock())
        self.rerouted = next((at for what, at in self.done if what == "reroute"), None)
        self.done += self.of_the_rating()

    def look(self, due, walker):
        """The first look from then on at which somebody works; None for never, or once it is answered."""
        looks = self.year.looks
        for place in range(bisect_left(looks, due), len(looks)):
            at = looks[place]
            if self.story.answer_handled is not None and at >= self.story.answer_handled:
                return None
            if walker.is_open(at):
                return at
        return None

    def of_the_clock(self):
        filed = self.story.filed
        overdue = self.walker.after(filed, 2 * DAY_OF_WORK)
        nudged = self.look(self.walker.after(filed, DAY_OF_WORK), self.walker)
        if nudged is not None and nudged < overdue:
            yield "vendor/nudge", nudged
        told = self.look(overdue, self.walker)
        if told is None:
            return
        yield "vendor/overdue", told
        yield "staff/overdue", told
        helped = self.look(self.walker.after(told, DAY_OF_WORK), self.walker)
        if helped is not None:
            yield "team", helped
        rerouted = self.look(self.walker.after(told, 2 * DAY_OF_WORK), self.walker)
        if rerouted is None:
            return
        yield "reroute", rerouted
        late = self.look(self.year.team.after(rerouted, 2 * DAY_OF_WORK), self.year.team)
        if late is not None:
            yield "staff/overdue", late

    def of_the_rating(self):
        """A week after filing, put off day by day while nobody has answered, left out when it is too late."""
        due, handled = self.story.filed + 7 * DAY, self.story.answer_handled
        looks = self.year.looks
        while (place := bisect_left(looks, due)) < len(looks):
            at = looks[place]
            if handled is not None and handled <= at:
                if at - due <= 14 * DAY:
                    yield "rating", at
                return
            due = at + DAY


def check(year):
    """Everything that the house sent and did by the clock is what the walker says, at that moment, and once."""
    found, happened = defaultdict(list), set()
    wanted = ("vendor/nudge", "vendor/overdue", "staff/overdue", "team", "rating")
    for row in year.market.rows("SELECT ticket, template, created FROM outbox ORDER BY id"):
        # What is relayed later goes to the team too; how it came to the ticket is its first mail.
        if row["template"] in wanted and (row["template"] != "team" or "team" not in dict(found[row["ticket"]])):
            found[row["ticket"]].append((row["template"], row["created"]))
    for row in year.market.rows("SELECT ticket, at FROM holding WHERE vendor = 0"):
        found[row["ticket"]].append(("reroute", row["at"]))
    for number, story in year.stories.items():
        walker = year.walkers[story.vendor]
        assert story.dues == {
            "nudge": walker.after(story.filed, DAY_OF_WORK),
            "overdue": walker.after(story.filed, 2 * DAY_OF_WORK),
            "rating": story.filed + 7 * DAY,
        }, number
        told = Told(year, story).done
        assert sorted(found[number]) == sorted(told), (number, story)
        happened.update(what for what, _ in told)
    rows = year.market.rows("SELECT count(*) AS n FROM outbox GROUP BY ticket, key, address HAVING count(*) > 1")
    assert rows == []
    assert happened == {*wanted, "reroute"}


def run_a_year(market, vendors, tickets):
    market.spool_tickets = lambda: len(year.stories) + 1
    year = Year(market, vendors, tickets)
    asyncio.run(year.run())
    assert len(year.stories) == tickets
    check(year)


def test_a_year_in_short(market):
    run_a_year(market, vendors=12, tickets=90)


@pytest.mark.chaos
def test_a_year_of_fifty_vendors_and_twenty_thousand_tickets(market):
    run_a_year(market, vendors=50, tickets=20_000)
