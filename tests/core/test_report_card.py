"""The report card, against a slow count that walks time by quarters of an hour and knows none of its shortcuts (C6)."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.calendar import Calendar
from gatepost.core.rating import Rating
from gatepost.core.report_card import LAST, WINDOWS, By, Said, card, waits

QUARTER = 15 * MINUTE
MONDAY = 1_793_577_600_000  # 2026-11-02T00:00:00Z
NOW = MONDAY + 91 * DAY
CALENDAR = Calendar()


def is_open(at):
    shown = datetime.fromtimestamp(at / 1000, UTC)
    return shown.weekday() < 5 and 9 <= shown.hour < 17


def slow_open(since, until):
    return sum(QUARTER for at in range(since, until, QUARTER) if is_open(at))


def slow_due(since):
    left = 2 * 8 * 4
    at = since
    while left or not is_open(at):
        left -= is_open(at)
        at += QUARTER
    return at


def slow_waits(said):
    """By hand: every message of the customer that nobody has answered before it, and the next word of anybody else."""
    found = []
    for ticket in sorted({one.ticket for one in said}):
        own = [one for n, one in enumerate(said) if one.ticket == ticket and not is_for_nothing(said[:n], one)]
        answers = [n for n, one in enumerate(own) if one.by is not By.CUSTOMER]
        for n, one in enumerate(own):
            before = max((a for a in answers if a < n), default=-1)
            if one.by is By.CUSTOMER and not any(other.by is By.CUSTOMER for other in own[before + 1 : n]):
                after = [own[a] for a in answers if a > n]
                earlier = any(other.by is By.CUSTOMER for other in own[: before + 1])
                ended = after[0].at if after else None
                found.append((ticket, one.at, ended, not earlier, bool(after) and after[0].by is By.VENDOR))
    return found


def is_for_nothing(before, one):
    """A closing of a ticket on which nobody has answered the customer yet."""
    own = [other.by for other in before if other.ticket == one.ticket]
    asked = own[own.index(By.CUSTOMER) :] if By.CUSTOMER in own else []
    return one.by is By.CLOSING and not {By.VENDOR, By.OTHER} & set(asked)


def slow_times(among):
    took = sorted(slow_open(since, until) for _, since, until, _, vendor in among if vendor)
    if not took:
        return (0, 0, 0)
    middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) // 2
    p90 = next(value for value in took if 10 * sum(other <= value for other in took) >= 9 * len(took))
    return (len(took), middle, p90)


messages = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 90 * 96), st.sampled_from(By)), max_size=14
).map(lambda rows: [Said(ticket=t, at=MONDAY + q * QUARTER, by=by) for t, q, by in sorted(rows, key=lambda r: r[:2])])  # fmt: skip
rated = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 90)), max_size=30).map(
    lambda rows: [
        Rating(ticket=n, score=score, comment="", at=MONDAY + day * DAY, changed=0)
        for n, (score, day) in enumerate(rows)
    ]
)


@settings(max_examples=40)
@given(said=messages, ratings=rated, days=st.sampled_from(WINDOWS))
def test_the_numbers_are_those_of_a_slow_count(said, ratings, days):
    made = card(
        said=said, ratings=ratings, calendar=CALENDAR, business_days=2, overdue=1, complaints=2, days=days, now=NOW
    )
    slow = slow_waits(said)
    recent = [wait for wait in slow if wait[1] >= NOW - days * DAY]
    first, later = made.first_response, made.next_response
    assert (first.count, first.median, first.p90) == slow_times([wait for wait in recent if wait[3]])
    assert (later.count, later.median, later.p90) == slow_times([wait for wait in recent if not wait[3]])
    for share in made.shares:
        within = [wait for wait in slow if wait[1] >= NOW - share.days * DAY]
        ended = [wait for wait in within if wait[2] is not None and wait[2] < slow_due(wait[1])]
        kept = [wait for wait in ended if wait[4]]
        missed = [wait for wait in within if wait not in ended and slow_due(wait[1]) <= NOW]
        assert (share.in_time, share.count) == (len(kept), len(kept) + len(missed))
    scores = [rating.score for rating in ratings if rating.at >= NOW - days * DAY]
    assert made.ratings == len(scores)
    assert made.mean == (sum(scores) / len(scores) if scores else None)
    assert made.good == (100 * len([s for s in scores if s in (4, 5)]) / len(scores) if scores else None)
    assert made.by_score == tuple(scores.count(score) for score in range(1, 6))
    assert len(made.last) == min(LAST, len(scores))
    assert [r.at for r in made.last] == sorted((r.at for r in ratings if r.at >= NOW - days * DAY), reverse=True)[:LAST]


def test_an_answer_at_the_due_instant_is_late_and_a_bump_starts_no_wait():
    ten = MONDAY + 10 * HOUR
    said = [
        Said(ticket=1, at=ten, by=By.CUSTOMER),
        Said(ticket=1, at=ten + DAY, by=By.CUSTOMER),
        Said(ticket=1, at=ten + 2 * DAY, by=By.VENDOR),
        Said(ticket=2, at=ten, by=By.CUSTOMER),
        Said(ticket=2, at=ten + 2 * DAY - 1, by=By.VENDOR),
    ]
    assert len(waits(said)) == 2
    made = card(
        said=said, ratings=[], calendar=CALENDAR, business_days=2, overdue=0, complaints=0, days=14, now=ten + 3 * DAY
    )
    assert (made.shares[0].in_time, made.shares[0].count, made.shares[0].percent) == (1, 2, 50.0)
    assert made.mean is None


def test_an_answer_of_somebody_else_is_not_the_vendors():
    ten = MONDAY + 10 * HOUR
    said = [
        Said(ticket=1, at=ten, by=By.CUSTOMER),
        Said(ticket=1, at=ten + HOUR, by=By.OTHER),
        Said(ticket=2, at=ten, by=By.CUSTOMER),
        Said(ticket=2, at=ten + 3 * DAY, by=By.OTHER),
        # It was another vendor's until a day later.
        Said(ticket=3, at=ten, by=By.CUSTOMER, theirs=ten + DAY),
        Said(ticket=3, at=ten + DAY + HOUR, by=By.VENDOR, theirs=ten + DAY),
    ]
    made = card(
        said=said, ratings=[], calendar=CALENDAR, business_days=2, overdue=0, complaints=0, days=14, now=ten + 4 * DAY
    )
    assert (made.shares[0].in_time, made.shares[0].count) == (1, 2)
    assert (made.first_response.count, made.first_response.median) == (1, HOUR)


def test_closing_ends_a_wait_for_thanks_and_not_one_for_a_first_answer():
    ten = MONDAY + 10 * HOUR
    thanks = [
        Said(ticket=1, at=ten, by=By.CUSTOMER),
        Said(ticket=1, at=ten + HOUR, by=By.VENDOR),
        Said(ticket=1, at=ten + 2 * HOUR, by=By.CUSTOMER),
        Said(ticket=1, at=ten + 3 * HOUR, by=By.CLOSING),
    ]
    never = [Said(ticket=2, at=ten, by=By.CUSTOMER), Said(ticket=2, at=ten + HOUR, by=By.CLOSING)]
    made = card(
        said=[*thanks, *never], ratings=[], calendar=CALENDAR, business_days=2, overdue=0, complaints=0, days=14,
        now=ten + 4 * DAY,
    )  # fmt: skip
    assert (made.shares[0].in_time, made.shares[0].count) == (1, 2)
