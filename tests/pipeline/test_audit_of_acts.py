"""What commands and mail commands do stands in the audit log; where it cannot stand there, it is not done (J16)."""

import asyncio

import pytest

from gatepost.audit_heads import Heads, read_heads
from gatepost.clock import FixedClock
from gatepost.config.staff import AuditSection
from gatepost.core import DAY, MINUTE
from gatepost.core.audit import operator
from gatepost.mail.parse import read_letter
from gatepost.postroom import Postroom
from gatepost.release import Releases
from gatepost.store import audit, marks, outbox_view, quarantine
from gatepost.topics import corrections

JANE = "Jane Roe <jane@customer.example>"
ANN = operator("ann")


class Reading:
    async def read(self, raw):
        return read_letter(raw)


def log(market):
    """What stands in the log, after its chain was followed."""
    assert market.db.read_now(market.house.audit.verify) is None
    return [
        (entry.actor.kind, entry.actor.text, entry.action, entry.object)
        for entry in market.db.read_now(lambda tx: list(audit.entries(tx)))
    ]


def refuse(market):
    market.db.write_now(
        lambda tx: tx.run("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE (ABORT, 'full'); END")
    )


def postroom(market):
    return Postroom(db=market.db, house=market.house, clock=FixedClock(market.now), delay_hours=4)


def releases(market):
    return Releases(db=market.db, house=market.house, reader=Reading(), clock=FixedClock(market.now))


@pytest.fixture
def filed(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    return market


@pytest.fixture
def held(filed, reply_to):
    """A reply by somebody who has Jane's reply address and is not Jane."""
    (mail,) = filed.sent("acknowledgement")
    filed.arrive(reply_to(mail, "eve@elsewhere.example", "Send it to me."), mail.reply_to)
    (one,) = filed.db.read_now(quarantine.page)
    return filed, one.id


def kill(market):
    market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'dead', next = NULL"))


async def test_what_is_done_to_the_outbox_and_to_quarantine_is_kept(held):
    market, number = held
    kill(market)
    first = market.sent("ticket")[0]
    mail = market.rows("SELECT id FROM outbox WHERE template = 'ticket'")[0]["id"]
    await postroom(market).retry(mail, ANN)
    await postroom(market).drop(mail, "by telephone", ANN)
    await releases(market).forget(number, "spam", ANN)
    assert first.ticket == 1001
    assert log(market) == [
        ("operator", "ann", "outbox.retried", f"mail {mail}"),
        ("operator", "ann", "outbox.dropped", f"mail {mail}"),
        ("operator", "ann", "quarantine.forgotten", f"quarantine {number}"),
    ]


async def test_a_release_is_kept_once_however_often_it_is_asked_for(held):
    market, number = held
    for _ in range(2):
        await releases(market).release(number, "it is Jane's sister", ANN)
    assert log(market) == [("operator", "ann", "quarantine.released", f"quarantine {number}")]


@pytest.mark.catalogue("J16")
async def test_what_cannot_be_kept_is_not_done(held, tmp_path):
    market, number = held
    kill(market)
    mail = market.rows("SELECT id FROM outbox WHERE template = 'ticket'")[0]["id"]
    refuse(market)
    acts = (
        lambda: postroom(market).retry(mail, ANN),
        lambda: postroom(market).drop(mail, "no", ANN),
        lambda: releases(market).release(number, "yes", ANN),
        lambda: releases(market).forget(number, "spam", ANN),
        lambda: market.db.write(
            lambda tx: corrections.correct(tx, market.house.audit, 1001, "shipping", ANN, market.now)
        ),
    )
    for act in acts:
        with pytest.raises(Exception, match="full"):
            await act()
    (one,) = market.db.read_now(quarantine.page)
    assert one.state is quarantine.State.HELD
    posted = market.db.read_now(lambda tx: outbox_view.show(tx, mail))
    assert {delivery.state for delivery in posted.deliveries} == {"dead"}
    assert market.db.read_now(marks.corrections) == {}


def test_a_mail_command_is_kept_with_who_gave_it_and_a_notes_words_are_not(filed, reply_to):
    (mail,) = filed.sent("ticket")
    filed.arrive(reply_to(mail, "tickets@acme.example", "#note she is in Oslo\n"), mail.reply_to)
    filed.arrive(reply_to(mail, "tickets@acme.example", "#close\n"), mail.reply_to)
    assert log(filed) == [("vendor", "tickets@acme.example", "ticket.commanded", "ticket 1001")] * 2
    said = [entry.details.text for entry in filed.db.read_now(lambda tx: list(audit.entries(tx)))]
    assert '"#close"' in said[1] and "Oslo" not in said[0]


@pytest.mark.catalogue("J16")
def test_a_mail_command_that_cannot_be_kept_is_not_done(filed, reply_to):
    (mail,) = filed.sent("ticket")
    refuse(filed)
    with pytest.raises(Exception, match="full"):
        filed.arrive(reply_to(mail, "tickets@acme.example", "#close\n"), mail.reply_to)
    assert filed.ticket().state.value == "open"


def heads(market, tmp_path, **section):
    return Heads(
        house=market.house,
        db=market.db,
        clock=FixedClock(market.now),
        section=AuditSection(**section),
        data=tmp_path,
        hour=7,
    )


async def write(market):
    await market.db.write(lambda tx: corrections.correct(tx, market.house.audit, 1001, "bug", ANN, 1))


@pytest.mark.catalogue("J15")
def test_heads_are_noted_in_a_file_when_the_log_has_grown_and_a_cut_shows(filed, tmp_path):
    filed.folder = tmp_path

    async def days():
        keeper = heads(filed, tmp_path, mail="never")
        await keeper.look()
        for minute in (0, 1, 6, 20):
            if minute != 20:
                await write(filed)
            keeper._clock = FixedClock(filed.now + minute * MINUTE)
            await keeper.look()

    asyncio.run(days())
    noted = read_heads(tmp_path / "audit-heads")
    assert [head.id for head in noted] == [1, 3]
    assert (tmp_path / "audit-heads").stat().st_mode & 0o777 == 0o600
    assert filed.db.read_now(lambda tx: filed.house.audit.verify(tx, noted)) is None
    filed.db.write_now(lambda tx: tx.run("DROP TRIGGER audit_whole"))
    filed.db.write_now(lambda tx: tx.run("DELETE FROM audit WHERE id = 3"))
    fault = filed.db.read_now(lambda tx: filed.house.audit.verify(tx, noted))
    assert fault is not None and fault.id == 3 and "missing" in fault.said


@pytest.mark.catalogue("J15")
def test_the_head_is_mailed_once_a_day_and_only_where_the_log_has_grown(filed, tmp_path):
    filed.folder = tmp_path

    async def days():
        await write(filed)
        for day in (0, 0, 1, 2):
            keeper = heads(filed, tmp_path)
            keeper._clock = FixedClock(filed.now + day * DAY)
            await keeper.look()
            if day == 1:
                await write(filed)

    asyncio.run(days())
    told = filed.sent("staff/audit-head")
    assert len(told) == 2 and {mail.to for mail in told} == {"staff@staff.example"}
    last = filed.db.read_now(audit.head)
    assert f"{last.id}:{last.mac}" in told[1].text


@pytest.mark.parametrize("line", ["#topic " + "x" * 900, "#copy " + "é" * 900, "#" + "y" * 900])
def test_a_mail_of_long_commands_is_handled_like_any_other(market, line, compose_mail, reply_to):
    market.arrive(compose_mail("Jane <jane@customer.example>", "Shipping Labels", "It jams."))
    (told,) = market.sent("ticket")
    said = "\n".join([line] * 20) + "\n\nMy answer.\n"
    assert market.arrive(reply_to(told, "Ann <tickets@acme.example>", said), told.reply_to) == "continued"
