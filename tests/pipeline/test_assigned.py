"""Who is given a ticket by somebody else hears of it by one mail, whichever way; who takes it themselves does not."""

from email import message_from_bytes

import pytest
from tests.pipeline.conftest import mail
from tests.portal.staff_desk import MEMBERS

from gatepost.core.commands import Name
from gatepost.staff_work import command, order

VERA, OTTO = MEMBERS["vera"], MEMBERS["otto"]


@pytest.fixture
def market(market):
    house = market.house
    before = house.members, house.staff_addresses
    house.members = MEMBERS
    house.staff_addresses |= {member.address for member in MEMBERS.values()}
    market.arrive(mail("Jane <jane@customer.example>", "Shipping Labels", "It jams."))
    yield market
    house.members, house.staff_addresses = before
    house.tell_assigned = True


def assign(market, who, *to):
    def run(tx):
        name = Name.ASSIGN if to else Name.UNASSIGN
        return order(tx, market.house, 1001, who, command(name, *to), market.now)

    return market.db.write_now(run)


def told(market):
    return [(letter.to, str(message_from_bytes(letter.raw)["subject"])) for letter in market.sent("staff/assigned")]


def test_who_is_given_a_ticket_hears_of_it_once(market):
    assert assign(market, OTTO, VERA.address)[0]
    (letter,) = market.sent("staff/assigned")
    assert told(market) == [(VERA.address, "Assigned to you: Shipping Labels")]
    assert "Otto Kern has assigned the ticket 1001 to you." in letter.text and "Jane" in letter.text
    assert "https://my.orchard.example/staff/tickets/1001" in letter.text
    market.now += 60_000
    assign(market, OTTO, VERA.address)
    assert len(told(market)) == 1, "it was theirs already"


def test_who_takes_a_ticket_or_gives_it_back_is_told_nothing(market):
    assign(market, VERA, VERA.address)
    assign(market, VERA, "me")
    assign(market, OTTO)
    assert told(market) == []


def test_the_next_one_hears_of_it_and_the_former_does_not(market):
    assign(market, OTTO, VERA.address)
    market.now += 60_000
    assign(market, VERA, OTTO.address)
    assert [to for to, _ in told(market)] == [VERA.address, OTTO.address]


def test_an_address_of_staff_that_is_no_member_s_gets_none(market):
    assert assign(market, VERA, "triage@staff.example")[0]
    assert told(market) == []


def test_it_can_be_switched_off(market):
    market.house.tell_assigned = False
    assign(market, OTTO, VERA.address)
    assert told(market) == []
