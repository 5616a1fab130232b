"""The nudge before overdue and the ladder after it: each rung once, in working hours, for vendors only."""

from dataclasses import replace

import pytest

from gatepost.core import DAY, HOUR
from gatepost.core.effect import Auto, Join, Note, Promise, Release, Send
from gatepost.core.event import CameDue, DeadlineKind, Wrote
from gatepost.core.nature import Author, Kind, Nature
from gatepost.core.party import Participant, Role
from gatepost.core.ticket import Fallback, State, Terms, Ticket, advance
from gatepost.core.verdict import Route, Verdict

STAYS = Verdict(route=Route.TICKET)
HUMAN = Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="a person wrote it")
CUSTOMER = Participant(ticket=1001, number=1, role=Role.REQUESTER, address="c@x.example")
VENDOR = Participant(ticket=1001, number=2, role=Role.VENDOR, address="v@x.example")
TEAM = Participant(ticket=0, number=0, role=Role.STAFF, address="triage@x.example", name="Triage")
WAITING = Ticket(number=1001, brand="b", subject="s", filed=0, route=Route.VENDOR, waiting_since=0)


def office_hours(now):
    """Open from 9 to 17 every day."""
    day, hour = now // DAY * DAY, now % DAY
    return now if 9 * HOUR <= hour < 17 * HOUR else day + 9 * HOUR if hour < 9 * HOUR else day + DAY + 9 * HOUR


OWN = Terms(participants=(CUSTOMER, VENDOR), overdue_at=lambda since: since + 3 * DAY)
TERMS = Terms(
    participants=(CUSTOMER, VENDOR),
    overdue_at=lambda since: since + 2 * DAY,
    staff_address="staff@x.example",
    nudge_at=lambda since: since + DAY,
    rungs=lambda told: (
        Promise(kind=DeadlineKind.HELP, due=told + DAY, since=told),
        Promise(kind=DeadlineKind.REROUTE, due=told + 2 * DAY, since=told),
    ),
    team=TEAM,
    fallback=Fallback(participant=TEAM, route=Route.TRIAGE, team="triage", terms=OWN),
)
STRICT = replace(TERMS, opens_at=office_hours)


def came(kind, ticket=WAITING, terms=TERMS, now=10 * DAY, since=0):
    return advance(ticket, CameDue(kind=kind, since=since), STAYS, terms, now)


def promised(effects):
    return {effect.kind: (effect.due, effect.since) for effect in effects if isinstance(effect, Promise)}


def test_a_nudge_goes_to_the_vendor_alone_while_there_is_time():
    ticket, effects = came(DeadlineKind.NUDGE, now=DAY)
    (send,) = effects
    assert (send.template, send.participant, send.auto) == ("vendor/nudge", 2, Auto.GENERATED)
    assert ticket == WAITING


def test_a_nudge_that_a_downtime_has_made_late_is_left_out():
    _, effects = came(DeadlineKind.NUDGE, now=2 * DAY)
    assert [type(effect) for effect in effects] == [Note]


def test_overdue_promises_the_rungs_from_the_moment_at_which_the_vendor_was_told():
    _, effects = came(DeadlineKind.OVERDUE, now=30 * DAY)
    assert promised(effects) == {DeadlineKind.HELP: (31 * DAY, 0), DeadlineKind.REROUTE: (32 * DAY, 0)}


def test_a_team_that_is_late_itself_has_no_ladder():
    _, effects = came(DeadlineKind.OVERDUE, ticket=replace(WAITING, route=Route.TEAM, team="billing"))
    assert promised(effects) == {}
    assert "staff@x.example" in [effect.address for effect in effects if isinstance(effect, Send)]


@pytest.mark.parametrize("kind", [DeadlineKind.NUDGE, DeadlineKind.OVERDUE, DeadlineKind.HELP, DeadlineKind.REROUTE])
def test_nothing_is_done_at_night_and_nothing_is_lost(kind):
    night = 1 * DAY + 20 * HOUR if kind is DeadlineKind.NUDGE else 10 * DAY + 20 * HOUR
    ticket, effects = came(kind, terms=STRICT, now=night)
    assert ticket == (replace(WAITING, flags=("overdue",)) if kind is DeadlineKind.OVERDUE else WAITING)
    assert promised(effects) == {kind: (night // DAY * DAY + DAY + 9 * HOUR, 0)}
    assert not any(isinstance(effect, Send | Join) for effect in effects)


def test_a_calendar_that_has_changed_moves_the_deadline():
    away = replace(TERMS, overdue_at=lambda since: since + 20 * DAY)
    ticket, effects = came(DeadlineKind.OVERDUE, terms=away)
    assert (ticket.flags, promised(effects)) == ((), {DeadlineKind.OVERDUE: (20 * DAY, 0)})


@pytest.mark.parametrize("kind", [DeadlineKind.NUDGE, DeadlineKind.OVERDUE, DeadlineKind.HELP, DeadlineKind.REROUTE])
@pytest.mark.parametrize(
    "ticket", [replace(WAITING, waiting_since=None), replace(WAITING, waiting_since=5), replace(WAITING, state=State.CLOSED)]
)  # fmt: skip
def test_a_deadline_of_a_wait_that_is_over_does_nothing(kind, ticket):
    after, effects = came(kind, ticket=ticket)
    assert after == ticket
    assert [type(effect) for effect in effects] == [Note]


def test_help_brings_the_team_beside_the_vendor_once():
    ticket, effects = came(DeadlineKind.HELP)
    (join,) = [effect for effect in effects if isinstance(effect, Join)]
    assert (join.participant.number, join.participant.ticket, join.participant.address) == (3, 1001, "triage@x.example")
    assert (join.template, ticket.flags, ticket.route) == ("team", ("escalated",), Route.VENDOR)
    again = replace(TERMS, participants=(*TERMS.participants, join.participant))
    _, effects = came(DeadlineKind.HELP, ticket=ticket, terms=again)
    assert not any(isinstance(effect, Join) for effect in effects)


def test_reroute_gives_the_ticket_away_restarts_the_clock_and_lets_the_vendor_still_answer():
    ticket, effects = came(DeadlineKind.REROUTE, now=10 * DAY)
    assert (ticket.route, ticket.team, ticket.waiting_since) == (Route.TRIAGE, "triage", 10 * DAY)
    joins = [effect.participant for effect in effects if isinstance(effect, Join)]
    assert [(p.number, p.role) for p in joins] == [(2, Role.COLLABORATOR), (3, Role.STAFF)]
    assert promised(effects) == {DeadlineKind.OVERDUE: (13 * DAY, 10 * DAY)}
    late = replace(OWN, participants=(CUSTOMER, *joins))
    after, effects = advance(ticket, Wrote(message=9, author=2, nature=HUMAN), STAYS, late, 11 * DAY)
    assert after.waiting_since is None
    assert [effect.participant for effect in effects if isinstance(effect, Send)] == [1, 3]


def test_an_answer_ends_every_rung():
    _, effects = advance(WAITING, Wrote(message=2, author=2, nature=HUMAN), STAYS, TERMS, HOUR)
    (release,) = [effect for effect in effects if isinstance(effect, Release)]
    rungs = {DeadlineKind.NUDGE, DeadlineKind.OVERDUE, DeadlineKind.HELP, DeadlineKind.REROUTE}
    assert set(release.kinds) == rungs
