"""The life of a ticket: a table of events, then any order of events at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core import DAY, HOUR
from gatepost.core.effect import Auto, Flag, Note, Promise, Release, Send, Unflag
from gatepost.core.event import CameDue, DeadlineKind, Filed, Undeliverable, Wrote
from gatepost.core.nature import Author, Kind, Nature
from gatepost.core.party import Membership, Participant, Role
from gatepost.core.ticket import State, Terms, Ticket, advance
from gatepost.core.verdict import Route, Verdict

HUMAN = Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="a person wrote it")
QUIET = Nature(author=Author.HUMAN, kind=Kind.LIST, answerable=False, reason="a list")
ROBOT = Nature(author=Author.MACHINE, kind=Kind.AUTO_REPLY, answerable=False, reason="a program")
VENDOR = Verdict(route=Route.VENDOR, acknowledge="acknowledgement", by="vendor")
STAYS = Verdict(route=Route.TICKET)


def person(number, role, membership=Membership.ACTIVE):
    return Participant(
        ticket=1001, number=number, role=role, address=f"{role.value}{number}@x.example", membership=membership
    )


PEOPLE = (
    person(1, Role.REQUESTER),
    person(2, Role.VENDOR),
    person(3, Role.COPIED),
    person(4, Role.COLLABORATOR, Membership.REMOVED),
)
TERMS = Terms(participants=PEOPLE, overdue_at=lambda since: since + 2 * DAY, staff_address="staff@x.example")
NEW = Ticket(number=1001, brand="b", subject="s", filed=0)


def filed(nature=HUMAN, verdict=VENDOR):
    return advance(NEW, Filed(message=1, nature=nature), verdict, TERMS, 0)


def kinds(effects):
    return [type(effect).__name__ for effect in effects]


def sent(effects):
    return [(effect.template, effect.participant or effect.address) for effect in effects if isinstance(effect, Send)]


def test_a_filed_ticket_is_sent_acknowledged_and_promised():
    ticket, effects = filed()
    assert (ticket.route, ticket.waiting_since, ticket.state) == (Route.VENDOR, 0, State.OPEN)
    assert sent(effects) == [("ticket", 2), ("acknowledgement", 1)]
    assert [e.auto for e in effects if isinstance(e, Send)] == [Auto.NO, Auto.REPLIED]
    assert [(e.kind, e.due) for e in effects if isinstance(e, Promise)] == [
        (DeadlineKind.OVERDUE, 2 * DAY), (DeadlineKind.RATING, 7 * DAY),
    ]  # fmt: skip


@pytest.mark.parametrize(("nature", "acknowledged", "promises"), [(HUMAN, 1, 2), (QUIET, 0, 2), (ROBOT, 0, 0)])
def test_only_people_are_promised_anything_and_only_the_answerable_answered(nature, acknowledged, promises):
    _, effects = filed(nature)
    assert sum(1 for e in effects if isinstance(e, Send) and e.auto is Auto.REPLIED) == acknowledged
    assert sum(1 for e in effects if isinstance(e, Promise)) == promises


def test_the_rules_may_ask_for_no_clock_and_no_rating():
    _, effects = filed(verdict=Verdict(route=Route.TEAM, team="billing", clock=False, rating=False))
    assert sent(effects) == [("team", 2)]
    assert "Promise" not in kinds(effects)


def test_an_answer_goes_to_requester_and_copied_and_stops_the_clock():
    ticket, _ = filed()
    ticket, effects = advance(ticket, Wrote(message=2, author=2, nature=HUMAN), STAYS, TERMS, HOUR)
    assert sent(effects) == [("answer", 1), ("answer", 3)]
    assert ticket.waiting_since is None
    assert DeadlineKind.OVERDUE in next(e for e in effects if isinstance(e, Release)).kinds


@pytest.mark.parametrize(
    ("author", "reached", "told"),
    [
        (1, (), [("ticket", 2), ("answer", 3)]),
        (1, ("copied3@x.example",), [("ticket", 2)]),
        (1, ("COPIED3@X.example", "somebody@x.example"), [("ticket", 2)]),
        (1, ("other@x.example",), [("ticket", 2), ("answer", 3)]),
        (3, (), [("ticket", 2), ("answer", 1)]),
        (3, ("requester1@x.example",), [("ticket", 2)]),
    ],
)
def test_a_customers_message_reaches_who_else_is_on_their_side_once(author, reached, told):
    ticket, _ = filed()
    _, effects = advance(ticket, Wrote(message=2, author=author, nature=HUMAN, reached=reached), STAYS, TERMS, HOUR)
    assert sent(effects) == told
    assert all(effect.auto is Auto.NO for effect in effects if isinstance(effect, Send))


@pytest.mark.catalogue("E09")
@pytest.mark.parametrize("author", [1, 2])
def test_a_program_changes_neither_state_nor_clock(author):
    ticket, _ = filed()
    after, effects = advance(
        ticket, Wrote(message=2, author=author, nature=ROBOT), Verdict(route=Route.EVENT), TERMS, HOUR
    )
    assert (after.waiting_since, after.state, after.route) == (ticket.waiting_since, ticket.state, ticket.route)
    assert kinds(effects) == ["Note"]


def test_a_closed_ticket_opens_again_for_a_person_and_not_for_a_program():
    closed = Ticket(number=1001, brand="b", subject="s", filed=0, state=State.CLOSED, route=Route.VENDOR)
    opened, effects = advance(closed, Wrote(message=2, author=1, nature=HUMAN), STAYS, TERMS, HOUR)
    assert (opened.state, opened.waiting_since) == (State.OPEN, HOUR)
    assert any(isinstance(e, Promise) for e in effects)
    left, _ = advance(closed, Wrote(message=2, author=1, nature=ROBOT), STAYS, TERMS, HOUR)
    assert left.state is State.CLOSED


def test_overdue_flags_tells_vendor_and_staff_and_an_answer_takes_the_flag_away():
    ticket, _ = filed()
    late, effects = advance(ticket, CameDue(kind=DeadlineKind.OVERDUE, since=0), STAYS, TERMS, 2 * DAY)
    assert late.flags == ("overdue",)
    assert sent(effects) == [("vendor/overdue", 2), ("staff/overdue", "staff@x.example")]
    assert any(isinstance(e, Flag) for e in effects)
    done, effects = advance(late, Wrote(message=2, author=2, nature=HUMAN), STAYS, TERMS, 3 * DAY)
    assert done.flags == ()
    assert any(isinstance(e, Unflag) for e in effects)


def test_an_overdue_deadline_of_an_earlier_wait_does_nothing():
    ticket, _ = filed()
    answered, _ = advance(ticket, Wrote(message=2, author=2, nature=HUMAN), STAYS, TERMS, HOUR)
    waiting, _ = advance(answered, Wrote(message=3, author=1, nature=HUMAN), STAYS, TERMS, 2 * HOUR)
    after, effects = advance(waiting, CameDue(kind=DeadlineKind.OVERDUE, since=0), STAYS, TERMS, 2 * DAY)
    assert after.flags == ()
    assert kinds(effects) == ["Note"]


def test_a_vendor_who_cannot_be_reached_flags_the_ticket_and_tells_staff():
    ticket, _ = filed()
    after, effects = advance(
        ticket, Undeliverable(participant=2, address="vendor2@x.example", reason="550 gone"), STAYS, TERMS, HOUR
    )
    assert after.flags == ("vendor_unreachable",)
    assert sent(effects) == [("undeliverable", "staff@x.example")]


events = st.one_of(
    st.builds(
        Wrote, message=st.integers(2, 9), author=st.integers(0, 5), nature=st.sampled_from([HUMAN, QUIET, ROBOT])
    ),
    st.builds(CameDue, kind=st.sampled_from(list(DeadlineKind)), since=st.integers(0, 5) | st.just(0)),
    st.builds(Undeliverable, participant=st.integers(0, 5), address=st.just("a@x.example"), reason=st.just("no")),
)
verdicts = st.sampled_from([STAYS, Verdict(route=Route.EVENT), VENDOR])


@given(st.lists(st.tuples(events, verdicts), max_size=25))
def test_in_any_order_of_events_the_promises_hold(trip):
    ticket, _ = filed()
    now = 0
    for event, verdict in trip:
        now += HOUR
        before = ticket
        ticket, effects = advance(ticket, event, verdict, TERMS, now)
        keys = [(e.key, e.participant, e.address) for e in effects if isinstance(e, Send)]
        assert len(keys) == len(set(keys))
        for effect in effects:
            if isinstance(effect, Send) and effect.participant:
                assert TERMS.participants[effect.participant - 1].active
            if isinstance(effect, Send) and isinstance(event, Wrote) and event.nature is ROBOT:
                raise AssertionError("a program's mail was sent on")
        promised = any(isinstance(e, Promise) and e.kind is DeadlineKind.OVERDUE for e in effects)
        if not isinstance(event, CameDue):  # One that came too early is put off.
            assert promised == (before.waiting_since is None and ticket.waiting_since is not None)
        assert all(not isinstance(e, Note) or e.text for e in effects)
        assert ticket.filed == 0
