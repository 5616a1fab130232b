"""The same mail through every door in every order: one message, answered once at most, with its ways listed (G6)."""

import itertools

import pytest

from gatepost.core.letter import Door
from gatepost.core.ticket import State
from gatepost.store import whole_way

MONDAY = 1_793_610_000_000  # The clock of `market`.
JANE, US = "jane@customer.example", "support@orchard.example"
PLAIN = (
    f"From: Jane Roe <{JANE}>\r\nTo: {US}\r\nSubject: Shipping Labels: a long\r\n subject\r\n"
    "Date: Mon, 2 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@customer.example>\r\n\r\nThey are blank.\r\nFrom here on.\r\n"
)
# What each way puts on top of a mail, and does to its lines.
TRACED = {
    Door.SMTP: PLAIN,
    Door.LMTP: (
        f"Return-Path: <{JANE}>\r\nX-Original-To: {US}\r\nDelivered-To: {US}\r\n"
        "Received: from mx.customer.example by relay.orchard.example (Postfix) with ESMTPS id 4Zx;\r\n"
        "\tMon, 2 Nov 2026 09:00:01 +0000 (UTC)\r\nAuthentication-Results: relay.orchard.example; spf=pass\r\n" + PLAIN
    ),
    Door.IMAP: (
        f"Return-Path: <{JANE}>\r\nDelivered-To: {US}\r\nReceived: from relay by imap.orchard.example with LMTP id aB;"
        "\r\n\tMon, 2 Nov 2026 09:00:02 +0000\r\nX-Spam-Status: No\r\n"
        + PLAIN.replace("long\r\n subject", "long subject")
    ),
    Door.IMPORT: f"Delivered-To: {US}\nX-UID: 17\nStatus: RO\n" + PLAIN.replace("\r\n", "\n") + "\n",
}


@pytest.mark.catalogue("B07")
@pytest.mark.parametrize("order", list(itertools.permutations(TRACED)), ids="-".join)
def test_whatever_comes_first_the_mail_is_one_message_with_its_ways(market, order):
    outcomes = [market.arrive(TRACED[door], door=door) for door in order]
    # What came out of an archive first is a record; the first copy at a door is what people wait to be answered.
    live = 1 if order[0] is Door.IMPORT else 0
    assert outcomes == ["opened"] * (live + 1) + ["duplicate"] * (3 - live)
    assert market.tickets() == 1
    assert len(market.rows("SELECT id FROM message")) == 1
    assert len(market.sent("acknowledgement")) == 1
    assert len(market.sent()) == 2
    assert market.ticket().state is State.OPEN and market.ticket().waiting_since == MONDAY
    assert {row["kind"] for row in market.rows("SELECT kind FROM deadline")} == {"nudge", "overdue", "rating"}
    arrivals = market.rows("SELECT door, message FROM arrival ORDER BY id")
    assert [row["door"] for row in arrivals] == list(order)
    assert {row["message"] for row in arrivals} == {1}
    said = market.db.read_now(lambda tx: whole_way.of_ticket(tx, 1001))
    assert said["messages"][0].endswith(f"came by {', '.join(order)}")
    assert len(said["arrivals"]) == 4


@pytest.mark.catalogue("B07", "B08")
@pytest.mark.parametrize("order", list(itertools.permutations(TRACED, 2)), ids="-".join)
def test_another_mail_with_the_same_message_id_is_kept_whatever_way_it_comes(market, order):
    market.arrive(TRACED[order[0]], door=order[0])
    other = TRACED[order[1]].replace("They are blank", "They are black")
    assert market.arrive(other, door=order[1]) != "duplicate"
    assert len(market.rows("SELECT id FROM message")) == 2
