"""What people do with the outbox: mend, retry, drop; and what staff hear of mail that waits (F09, F10, F16)."""

from functools import partial

import pytest

from gatepost import alarm
from gatepost.clock import FixedClock
from gatepost.core import HOUR
from gatepost.core.audit import operator
from gatepost.errors import PermanentError
from gatepost.postroom import Postroom
from gatepost.store import outbox_by_hand, outbox_view

ANN = operator("ann")
JANE = "Jane Roe <jane@customer.example>"


@pytest.fixture
def postroom(market):
    return Postroom(db=market.db, house=market.house, clock=FixedClock(market.now), delay_hours=4)


@pytest.fixture
def broken(market, compose_mail, tmp_path):
    """An acknowledgement that waits in state error, and the letter's file that is at fault."""
    letter = tmp_path / "templates" / "customer" / "acknowledgement.en.txt.j2"
    letter.parent.mkdir(parents=True)
    letter.write_text("Subject: {{ subject }}\n\n{{ customer.no_such_value }}\n")
    market.house.letters.reload()
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    return letter


@pytest.mark.catalogue("F16")
async def test_a_mail_that_could_not_be_composed_goes_out_when_its_letter_is_right_again(market, broken, postroom):
    (before,) = market.sent("acknowledgement")
    assert before.state == "error"
    await postroom.look()
    assert market.sent("acknowledgement")[0].state == "error"
    broken.unlink()
    market.house.letters.reload()
    await postroom.look()
    (ack,) = market.sent("acknowledgement")
    assert (ack.state, ack.message_id, ack.mail_from) == ("ready", before.message_id, "")
    assert ack.message["Auto-Submitted"] == "auto-replied"
    assert f"<{ack.message_id}>" not in str(ack.message["References"])
    assert market.rows("SELECT state FROM delivery WHERE recipient = 'jane@customer.example'")[0]["state"] == "queued"
    assert market.rows("SELECT said FROM trace WHERE kind = 'mended'")


async def test_retry_composes_again_or_says_what_is_still_wrong(market, broken, postroom):
    number = market.rows("SELECT id FROM outbox WHERE state = 'error'")[0]["id"]
    with pytest.raises(PermanentError, match="no_such_value"):
        await postroom.retry(number, ANN)
    broken.unlink()
    market.house.letters.reload()
    assert "composed again" in await postroom.retry(number, ANN)


async def test_dropping_needs_no_letter_and_is_traced(market, broken, postroom):
    number = market.rows("SELECT id FROM outbox WHERE state = 'error'")[0]["id"]
    await postroom.drop(number, "answered by telephone", ANN)
    assert market.sent("acknowledgement")[0].state == "dropped"
    (row,) = market.rows("SELECT said, ticket FROM trace WHERE kind = 'dropped'")
    assert (row["ticket"], "answered by telephone" in row["said"]) == (1001, True)


@pytest.mark.catalogue("F10")
async def test_a_dead_letter_is_retried_or_dropped_and_the_line_behind_it_moves(market, compose_mail, postroom):
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    (ack,) = market.sent("acknowledgement")
    market.arrive(compose_mail(JANE, "Re: Labels", "More.", f"In-Reply-To: {ack.message['Message-ID']}"), ack.reply_to)
    first, second = market.rows("SELECT id, outbox FROM delivery WHERE recipient = 'tickets@acme.example' ORDER BY id")
    kill = "UPDATE delivery SET state = 'dead', next = NULL, said = '450 later' WHERE id = :id"
    market.db.write_now(lambda tx: tx.run(kill, id=first["id"]))
    assert "tickets@acme.example" in await postroom.retry(first["outbox"], ANN)
    market.db.write_now(lambda tx: tx.run(kill, id=first["id"]))
    await postroom.drop(first["outbox"], "no longer of use", ANN)
    states = market.rows(
        "SELECT state, next FROM delivery WHERE id IN (:a, :b) ORDER BY id", a=first["id"], b=second["id"]
    )
    assert [(row["state"], row["next"] is not None) for row in states] == [("dropped", False), ("queued", True)]
    with pytest.raises(PermanentError, match="nobody waits"):
        await postroom.drop(first["outbox"], "again", ANN)
    with pytest.raises(PermanentError, match="there is no mail"):
        await postroom.retry(10_000, ANN)


def test_what_is_being_sent_cannot_be_dropped(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sending', next = NULL, lease_until = 1"))
    with pytest.raises(Exception, match="being sent"):
        market.db.write_now(lambda tx: outbox_by_hand.drop(tx, 1, "no", market.now))
    assert market.db.read_now(lambda tx: outbox_view.show(tx, 1)).deliveries[0].state == "sending"


@pytest.mark.catalogue("F09")
@pytest.mark.parametrize(("destinations", "notices"), [(1, 1), (50, 1)])
def test_staff_are_told_once_that_mail_waits_and_once_that_it_is_over(market, compose_mail, destinations, notices):
    for n in range(destinations):
        sender = f"n@shop{n}.example" if n else JANE
        market.arrive(compose_mail(sender, f"Shipping Labels {n}", "Blank.", message_id=f"{n}@x.example"))
    only = "UPDATE delivery SET state = 'sent', next = NULL WHERE destination <> 'customer.example'"
    if destinations == 1:
        market.db.write_now(lambda tx: tx.run(only))
    look = partial(alarm.look, house=market.house, delay_hours=4)
    for hours in (0, 3, 1, 20, 24):
        market.now += hours * HOUR + 1
        market.db.write_now(lambda tx: look(tx, now=market.now))
    assert len(market.sent("staff/delay")) == notices
    market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent', next = NULL"))
    for _ in range(3):
        market.now += HOUR
        market.db.write_now(lambda tx: look(tx, now=market.now))
    told = market.sent("staff/delay")
    assert len(told) == 2
    assert "again" in told[1].message["Subject"]
