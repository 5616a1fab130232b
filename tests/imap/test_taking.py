"""What is taken out of a mailbox and how it is put away, whatever the server can do and however it counts."""

from datetime import UTC, datetime, timedelta

import pytest
from bench.imap_server import Rule, changed, first, say

ABLE = {
    "move": ("IDLE", "MOVE", "UIDPLUS"),
    "uidplus": ("IDLE", "UIDPLUS"),
    "neither": ("IDLE",),
}


@pytest.mark.parametrize("able", ABLE)
def test_every_mail_is_taken_once_and_put_away_as_the_server_can(desk, make_server, mail, able):
    server = make_server(capabilities=ABLE[able])
    server.add(*(mail(number) for number in range(7)))
    section = desk.section(server.port, batch=3)
    for _ in range(3):
        desk.look(section)
    assert desk.raws() == [mail(number) for number in range(7)]
    if able == "neither":
        assert len(server.raws()) == 7 and all("$Gatepost" in each.flags for each in server.folders["INBOX"].mails)
    else:
        assert server.raws() == [] and server.raws("Processed") == [mail(number) for number in range(7)]
    assert server.commands("EXPUNGE") == []


@pytest.mark.catalogue("N09")
@pytest.mark.parametrize("able", ABLE)
def test_nothing_is_moved_or_expunged_before_it_is_committed(desk, make_server, mail, able):
    server = make_server(capabilities=ABLE[able])
    server.add(mail(1))
    seen = []
    verbs = ("UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE")
    server.scripts = [[Rule(verb, first(lambda: seen.append(len(desk.raws())))) for verb in verbs]]
    desk.look(desk.section(server.port))
    assert seen and set(seen) == {1}


@pytest.mark.catalogue("N09")
@pytest.mark.parametrize("keywords", [True, False])
def test_mails_that_stay_are_taken_once_with_and_without_keywords(desk, make_server, mail, keywords):
    server = make_server(keywords=keywords)
    section = desk.section(server.port, processed="")
    for number in range(5):
        server.add(mail(number))
        desk.look(section)
        desk.look(section)
    assert desk.raws() == [mail(number) for number in range(5)] == server.raws()
    assert not any(line.startswith(("UID MOVE", "UID COPY", "UID EXPUNGE")) for line in server.commands())


@pytest.mark.catalogue("N06")
@pytest.mark.parametrize("processed", ["Processed", ""])
def test_the_highest_uids_and_gaps_between_them(desk, server, mail, processed):
    for number, uid in enumerate([1, 7, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]):
        server.add(mail(number), uid=uid)
    for _ in range(3):
        desk.look(desk.section(server.port, processed=processed))
    assert desk.raws() == [mail(number) for number in range(6)]
    assert desk.state().uid == 2**32 - 1


@pytest.mark.catalogue("N06")
@pytest.mark.parametrize("validity", [0, -1])
@pytest.mark.parametrize("processed", ["Processed", ""])
def test_without_a_uidvalidity_only_the_bytes_tell_one_mail_from_another(desk, server, mail, validity, processed):
    server.rebuild(validity)
    section = desk.section(server.port, processed=processed)
    server.add(mail(1), mail(2))
    desk.look(section)
    # The same numbers for other mails, as such a server may give them out tomorrow.
    server.folders["INBOX"].mails.clear()
    server.folders["INBOX"].next = 1
    server.add(mail(3), mail(4))
    desk.look(section)
    desk.look(section)
    assert desk.raws() == [mail(number) for number in (1, 2, 3, 4)]


@pytest.mark.catalogue("N01")
@pytest.mark.parametrize("processed", ["Processed", ""])
@pytest.mark.parametrize("message_id", [True, False])
def test_a_mailbox_that_is_numbered_anew_loses_nothing_and_doubles_nothing(desk, server, mail, processed, message_id):
    mails = [mail(number, message_id=message_id) for number in range(120)]
    section = desk.section(server.port, processed=processed)
    server.add(*mails[:80])
    desk.look(section)
    # The restored backup: what was put away lies in the folder again, under other numbers, with mail that came since.
    server.folders["INBOX"].mails.clear()
    server.add(*mails)
    server.rebuild(99, start=500)
    for _ in range(3):
        desk.look(section)
    assert sorted(desk.raws()) == sorted(mails)
    assert desk.state().validity == 99
    assert desk.db.read_now(lambda tx: tx.value("SELECT count(*) FROM arrival")) == 120


@pytest.mark.chaos
@pytest.mark.catalogue("N01")
@pytest.mark.parametrize("processed", ["Processed", ""])
def test_five_thousand_mails_that_are_numbered_anew(desk, server, mail, processed):
    mails = [mail(number, message_id=number % 3 > 0) for number in range(5_000)]
    section = desk.section(server.port, processed=processed)
    server.add(*mails)
    desk.look(section)
    server.folders["INBOX"].mails.clear()
    server.add(*mails, mail("new"))
    server.rebuild(99, start=70_000)
    desk.look(section)
    assert sorted(desk.raws()) == sorted([*mails, mail("new")])


def test_a_uidvalidity_that_changes_while_we_look_away_between_two_visits(desk, server, mail):
    section = desk.section(server.port, processed="")
    server.add(mail(1), mail(2))
    desk.look(section)
    server.rebuild(2)
    server.add(mail(3))
    desk.look(section)
    server.rebuild(1)
    server.add(mail(4))
    desk.look(section)
    desk.look(section)
    assert desk.raws() == [mail(number) for number in (1, 2, 3, 4)]


@pytest.mark.catalogue("N04")
@pytest.mark.parametrize("at", ["UID FETCH 1:3 (RFC822.SIZE", "UID FETCH 1:3 (BODY.PEEK[]", "UID MOVE"])
@pytest.mark.parametrize("gone", [{1}, {2}, {1, 2, 3}])
def test_mail_that_another_client_takes_meanwhile_is_passed_over(desk, server, mail, at, gone):
    server.add(*(mail(number) for number in (1, 2, 3)))

    def take_away():
        for uid in gone:
            server.remove(uid)

    server.scripts = [[Rule(at.replace("1:3", "1,2,3"), first(take_away))]]
    section = desk.section(server.port)
    opened, mailbox = desk.session(section), desk.mailbox(section)
    mailbox.look(opened)
    server.add(mail(4))
    mailbox.look(opened)
    opened.close()
    left = {1, 2, 3, 4} if at == "UID MOVE" else {1, 2, 3, 4} - gone
    assert set(desk.raws()) == {mail(number) for number in left}
    assert server.raws() == [] and desk.state().aside == 0


@pytest.mark.catalogue("N10")
def test_a_backlog_is_taken_in_batches(desk, server, mail):
    server.add(*(mail(number) for number in range(230)))
    desk.look(desk.section(server.port))
    assert len(desk.raws()) == 230 and server.raws() == []
    fetches = [line.split()[2].split(",") for line in server.commands("UID FETCH") if "BODY" in line]
    assert [len(each) for each in fetches] == [50, 50, 50, 50, 30]


@pytest.mark.catalogue("N10")
def test_large_mails_are_not_held_in_memory_together(desk, server, mail):
    server.add(*(mail(number, size=1_500_000) for number in range(6)))
    desk.look(desk.section(server.port), octets=2_000_000)
    fetches = [line.split()[2].split(",") for line in server.commands("UID FETCH") if "BODY" in line]
    assert [len(each) for each in fetches] == [2, 2, 2]
    assert len(desk.raws()) == 6


def test_the_first_look_at_years_of_mail_asks_what_is_meant(desk, server, mail, until):
    server.add(*(mail(number) for number in range(30)), at=datetime.now(UTC) - timedelta(days=400))
    server.add(mail("new"))
    running = desk.hasty(desk.mailbox(desk.section(server.port)))
    running.start()
    until(desk.is_failing)
    said = desk.state().said
    assert "30 mails in INBOX are older than 7 days" in said and 'since = "ever"' in said
    assert desk.raws() == [] and len(server.raws()) == 31


@pytest.mark.parametrize(("since", "count"), [("ever", 3), ("2026-03-01", 1), ("2026-01-15", 2)])
def test_mail_from_before_the_chosen_day_is_left_alone(desk, server, mail, since, count):
    for number, day in enumerate([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), None]):
        server.add(mail(number), at=day)
    for _ in range(2):
        desk.look(desk.section(server.port, since=since))
    assert desk.raws() == [mail(number) for number in range(3)][-count:]
    assert len(server.raws()) == 3 - count


def test_mail_that_somebody_has_deleted_is_left_alone(desk, server, mail):
    server.add(mail(1), mail(2))
    server.folders["INBOX"].mails[0].flags.add("\\Deleted")
    desk.look(desk.section(server.port))
    assert desk.raws() == [mail(2)]


@pytest.mark.parametrize(
    "date", ["", "31-Feb-2026 99:00:00 +0000", "01-Jan-1800 00:00:00 +0000", "29-Nov-2999 18:00:00 +0000"]
)
def test_a_date_that_cannot_be_is_not_believed(desk, server, mail, date):
    server.add(mail(1))
    server.folders["INBOX"].mails[0].date = date or " "
    before = desk.mailbox(desk.section(server.port))._clock.now()
    desk.look(desk.section(server.port))
    (received,) = [row["received"] for row in desk.db.read_now(lambda tx: tx.rows("SELECT received FROM arrival"))]
    assert before <= received <= before + 60_000


def test_where_mail_cannot_be_moved_new_mail_is_taken_all_the_same_and_it_is_told(desk, server, mail, until):
    full = [Rule("UID MOVE", say(b"%TAG% NO [OVERQUOTA] Quota exceeded\r\n")) for _ in range(20)]
    server.scripts = [list(full) for _ in range(50)]
    server.add(*(mail(number) for number in range(60)))
    running = desk.hasty(desk.mailbox(desk.section(server.port, batch=10)))
    running.start()
    until(lambda: len(desk.raws()) == 60)
    until(desk.is_failing)
    assert "cannot be moved to Processed" in desk.state().said and "OVERQUOTA" in desk.state().said
    server.add(mail("later"))
    until(lambda: len(desk.raws()) == 61)
    server.scripts.clear()
    until(lambda: server.raws() == [] and desk.is_well())
    assert len(desk.raws()) == 61


def test_what_is_told_of_other_mails_is_passed_over(desk, server, mail):
    server.add(mail(1), mail(2))
    unasked = b"* 9 FETCH (FLAGS (\\Seen) UID 77)\r\n* 3 EXISTS\r\n* 1 FETCH (FLAGS (\\Recent))\r\n* OK still here\r\n"
    server.scripts = [
        [
            Rule(verb, changed(lambda answer: unasked + answer))
            for verb in ("UID FETCH", "UID FETCH", "UID SEARCH", "UID MOVE")
        ]
    ]
    desk.look(desk.section(server.port))
    assert desk.raws() == [mail(1), mail(2)]
