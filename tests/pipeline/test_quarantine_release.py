"""What is in quarantine leaves it by staff's word: that lifts the check that kept it, and no other."""

import asyncio
import zlib

import pytest

from gatepost.core.audit import operator
from gatepost.core.letter import Arrival, Door, Envelope
from gatepost.core.quarantine import Cause
from gatepost.errors import PermanentError
from gatepost.mail.parse import read_letter
from gatepost.pipeline import failed, handle
from gatepost.privacy import sealing
from gatepost.release import Releases
from gatepost.store import quarantine

JANE = "Jane Roe <jane@customer.example>"
OK = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=customer.example"


class Reading:
    """Reads a mail here and now, as often as it is asked; remembers how often."""

    def __init__(self):
        self.times = 0

    async def read(self, raw):
        self.times += 1
        return read_letter(raw)


class Standing:
    """A clock that shows the market's time."""

    def __init__(self, market):
        self._market = market

    def now(self):
        return self._market.now


def releases(market, reader=None):
    return Releases(db=market.db, house=market.house, reader=reader or Reading(), clock=Standing(market))


def released(market, number, said="released by ann"):
    outcome, ticket = asyncio.run(releases(market).release(number, said, operator("ann")))
    return outcome.value, ticket


def held(market):
    return market.db.read_now(quarantine.page)


@pytest.fixture
def unproved(strict_market, compose_mail, reply_to):
    """Jane's ticket, and a reply to it that nobody can prove to be hers."""
    strict_market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank.", OK))
    (ack,) = strict_market.sent("acknowledgement")
    strict_market.arrive(reply_to(ack, JANE, "Version 4.1."), ack.reply_to)
    return strict_market


def test_a_released_reply_goes_on_as_the_participants(unproved):
    (one,) = held(unproved)
    unproved.now += 3_600_000
    assert released(unproved, one.id) == ("continued", 1001)
    assert "Version 4.1." in unproved.sent("ticket")[-1].text
    assert held(unproved) == ()
    (row,) = unproved.rows("SELECT said FROM trace WHERE kind = 'released' AND ticket = 1001")
    assert row["said"] == "from sender_unverified: released by ann"


def test_a_second_release_changes_nothing(unproved):
    (one,) = held(unproved)
    released(unproved, one.id)
    sent = len(unproved.sent())
    assert released(unproved, one.id) == ("continued", 1001)
    assert len(unproved.sent()) == sent


def test_a_release_that_was_cut_short_is_finished_at_the_next_look(unproved):
    (one,) = held(unproved)
    unproved.db.write_now(lambda tx: quarantine.release(tx, one.id, "released by ann"))
    asyncio.run(releases(unproved).look())
    assert held(unproved) == ()
    assert len(unproved.sent("ticket")) == 2


def test_staff_may_say_that_a_stranger_is_the_participant(market, compose_mail, reply_to):
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    (ack,) = market.sent("acknowledgement")
    market.arrive(reply_to(ack, "jane@home.example", "From home."), ack.reply_to)
    (one,) = held(market)
    assert one.cause.word == "other_user_update"
    assert released(market, one.id) == ("continued", 1001)
    (row,) = market.rows("SELECT author, sender FROM message WHERE text LIKE '%From home%'")
    assert (row["author"], row["sender"]) == (1, "jane@home.example")


def test_another_check_still_holds_it(market, compose_mail, reply_to):
    """The stranger's mail is released; the participant whose address it used was removed meanwhile."""
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    (ack,) = market.sent("acknowledgement")
    market.arrive(reply_to(ack, "jane@home.example", "From home."), ack.reply_to)
    market.db.write_now(lambda tx: tx.run("UPDATE participant SET membership = 'removed' WHERE number = 1"))
    (one,) = held(market)
    assert released(market, one.id)[0] == "quarantined"
    (again,) = held(market)
    assert (again.id, again.cause.word) == (one.id, "participant_removed")


def test_what_a_rule_put_there_goes_to_people_when_it_is_released(market, compose_mail, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "05-casino.toml").write_text(
        '[[rule]]\nname = "casino"\nwhen = { words = ["casino"] }\nthen = { route = "quarantine", cause = "casino", stop = true }\n'
        '[[rule.hit]]\ntext = "win at the casino"\n[[rule.miss]]\ntext = "hello"\n'
    )
    market.house.rulebook.reload()
    market.arrive(compose_mail(JANE, "Shipping Labels", "Win at the casino."))
    (one,) = held(market)
    assert released(market, one.id) == ("opened", 1001)
    assert market.ticket().route.value == "triage"


def test_a_released_mail_does_not_begin_overdue(unproved):
    """Nobody could answer while it was held: the clock starts with the release."""
    (one,) = held(unproved)
    unproved.db.write_now(lambda tx: tx.run("UPDATE ticket SET waiting_since = NULL"))
    unproved.now += 10 * 24 * 3_600_000
    released(unproved, one.id)
    assert unproved.ticket().waiting_since == unproved.now


def test_a_copy_that_is_proved_is_not_kept_back_by_one_that_was_not(unproved, reply_to):
    (ack,) = unproved.sent("acknowledgement")
    assert unproved.arrive(reply_to(ack, JANE, "Version 4.1.", OK), ack.reply_to) == "continued"
    (one,) = held(unproved)
    assert released(unproved, one.id)[0] == "duplicate"
    assert len(unproved.sent("ticket")) == 2


def test_what_is_forgotten_leaves_a_row_with_the_reason_and_no_content(unproved):
    (one,) = held(unproved)
    asyncio.run(releases(unproved).forget(one.id, "spam (ann)", operator("ann")))
    assert held(unproved) == ()
    row = unproved.db.read_now(lambda tx: quarantine.find(tx, one.id))
    assert (row.state.value, row.said, row.subject) == ("forgotten", "spam (ann)", "")
    assert unproved.rows("SELECT count(*) AS n FROM raw WHERE arrival = :a", a=one.arrival)[0]["n"] == 0
    with pytest.raises(PermanentError, match="was forgotten"):
        released(unproved, one.id)


def test_what_is_not_there_and_what_is_out_again_is_told(unproved):
    with pytest.raises(PermanentError, match="no 77 in quarantine"):
        released(unproved, 77)
    (one,) = held(unproved)
    released(unproved, one.id)
    with pytest.raises(PermanentError, match="not held any more"):
        asyncio.run(releases(unproved).forget(one.id, "spam", operator("ann")))


def test_what_cannot_be_read_today_either_stays_with_the_reason(unproved):
    (one,) = held(unproved)
    unproved.db.write_now(lambda tx: tx.run("UPDATE raw SET octets = :o WHERE arrival = :a", o=_bomb(), a=one.arrival))
    with pytest.raises(PermanentError, match="cannot be read"):
        released(unproved, one.id)
    (still,) = held(unproved)
    assert "header section" in still.detail


def unread(market, compose_mail, words):
    """A mail over which three readers died."""
    raw = compose_mail(JANE, "Shipping Labels", words).replace("\n", "\r\n").encode()
    envelope = Envelope(mail_from="jane@customer.example", recipients=("support@orchard.example",), door=Door.SMTP)
    arrival = Arrival(id=77, received=market.now, envelope=envelope, raw=raw)
    for _ in range(3):
        market.db.write_now(lambda tx: failed(tx, market.house, arrival, Cause.READER_CRASH, "died", market.now))
        assert not market.rows("SELECT 1 FROM raw")
    return raw


@pytest.mark.catalogue("K04", "K07")
@pytest.mark.parametrize(("words", "masked"), [("It prints nothing.", False), ("Password: Gr3en!Canary7", True)])
def test_a_mail_that_nobody_could_read_lies_sealed_and_is_released_all_the_same(market, compose_mail, words, masked):
    raw = unread(market, compose_mail, words)
    (one,) = held(market)
    (row,) = market.rows("SELECT * FROM sealed_raw")
    assert row["until"] is None
    assert zlib.compress(raw, 1)[10:] not in bytes(row["octets"])
    assert market.db.read_now(lambda tx: sealing.raw_of(tx, market.house.vault, one.arrival)) == raw
    assert released(market, one.id)[0] == "opened"
    assert market.db.read_now(lambda tx: sealing.raw_of(tx, market.house.vault, one.arrival)) == raw
    assert bool(market.rows("SELECT 1 FROM sealed_raw WHERE until IS NOT NULL")) is masked
    assert bool(market.rows("SELECT 1 FROM raw")) is not masked
    assert ("Canary7" in repr(market.rows("SELECT * FROM message"))) is False


def test_a_mail_that_is_read_after_a_try_that_failed_is_kept_as_it_came(market, compose_mail):
    raw = compose_mail(JANE, "Shipping Labels", "Blank.").replace("\n", "\r\n").encode()
    envelope = Envelope(mail_from="jane@customer.example", recipients=("support@orchard.example",), door=Door.SMTP)
    arrival = Arrival(id=78, received=market.now, envelope=envelope, raw=raw)
    market.db.write_now(lambda tx: failed(tx, market.house, arrival, Cause.READER_CRASH, "died", market.now))
    market.db.write_now(lambda tx: handle(tx, market.house, arrival, read_letter(raw), market.now))
    assert market.db.read_now(lambda tx: sealing.raw_of(tx, market.house.vault, 1)) == raw


def test_what_is_released_and_cannot_be_read_lies_sealed_again(unproved):
    (one,) = held(unproved)
    unproved.db.write_now(lambda tx: tx.run("UPDATE raw SET octets = :o WHERE arrival = :a", o=_bomb(), a=one.arrival))
    with pytest.raises(PermanentError, match="cannot be read"):
        released(unproved, one.id)
    assert not unproved.rows("SELECT 1 FROM raw WHERE arrival = :a", a=one.arrival)
    assert unproved.rows("SELECT 1 FROM sealed_raw WHERE arrival = :a AND until IS NULL", a=one.arrival)


@pytest.mark.catalogue("K10")
def test_a_mail_whose_key_is_lost_stays_held_and_can_be_forgotten(market, compose_mail):
    unread(market, compose_mail, "It prints nothing.")
    (one,) = held(market)
    market.db.write_now(lambda tx: tx.run("UPDATE sealed_raw SET key = 9"))
    with pytest.raises(PermanentError, match=r"key|arrival 1"):
        released(market, one.id)
    (still,) = held(market)
    assert still.detail
    asyncio.run(releases(market).forget(one.id, "lost", operator("ann")))
    assert held(market) == ()
    assert not market.rows("SELECT 1 FROM sealed_raw")


def _bomb():
    return zlib.compress(b"X-Pad: y\r\n" * 40_000 + b"\r\nhello")
