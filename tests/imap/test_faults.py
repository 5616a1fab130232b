"""A server that drops, hangs, lies or refuses at any point of the conversation: nothing is lost, doubled or hammered."""

import logging
import time
from datetime import UTC, datetime

import pytest
from bench.imap_folders import Mail
from bench.imap_server import Rule, changed, cut, done_and, drop, hang, reset, say

from gatepost.config import ImapSection
from gatepost.ingress import imap_wire

COMMANDS = ["GREETING", "CAPABILITY", "LOGIN", "SELECT", "UID SEARCH", "UID FETCH 1,2,3 (R", "UID FETCH 1,2,3 (B", "LIST",
            "CREATE", "UID MOVE", "IDLE", "IDLING"]  # fmt: skip
FAULTS = {
    "drop": drop,
    "reset": reset,
    "hang": hang,
    "garbage": say(b"\xff\x00{9}) ((( * ?\r\n"),
    "unterminated": cut(3, hang),
    "unasked": say(b"* BYE overloaded\r\n"),
    "bad": say(b"%TAG% BAD what?\r\n"),
    "no": say(b"%TAG% NO not now\r\n"),
}


@pytest.mark.catalogue("N02", "N05")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_at_any_command_costs_a_visit_and_no_mail(desk, server, mail, until, monkeypatch, command, fault):
    monkeypatch.setattr(imap_wire, "_CONNECT_SECONDS", 0.3)
    server.scripts = [[Rule(command, FAULTS[fault])]]
    server.add(*(mail(number) for number in (1, 2, 3)))
    section = desk.section(server.port, read_seconds=0.3, idle_seconds=0.1, poll_seconds=0.05)
    running = desk.hasty(desk.mailbox(section))
    running.start()
    until(lambda: len(server.raws("Processed")) == 3)
    server.add(mail(4))
    until(lambda: len(server.raws("Processed")) == 4 and desk.is_well())
    assert sorted(desk.raws()) == [mail(number) for number in (1, 2, 3, 4)]
    assert server.raws() == [] and desk.state().aside == 0


@pytest.mark.catalogue("N02")
@pytest.mark.parametrize("then", [drop, reset, hang])
@pytest.mark.parametrize("octets", [0, 1, 20, 40, 60, 100, 400])
def test_an_answer_that_ends_in_the_middle_is_asked_for_again(desk, server, mail, until, octets, then):
    server.scripts = [[Rule("UID FETCH 1,2 (B", cut(octets, then))]]
    server.add(mail(1), mail(2, size=1_000))
    desk.hasty(desk.mailbox(desk.section(server.port, read_seconds=0.3))).start()
    until(lambda: len(server.raws("Processed")) == 2)
    assert desk.raws() == [mail(1), mail(2, size=1_000)]


@pytest.mark.catalogue("N02", "N03")
@pytest.mark.parametrize("command", ["UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE"])
def test_an_answer_that_is_lost_after_the_deed_doubles_nothing(desk, make_server, mail, until, command):
    server = make_server(capabilities=("IDLE", "MOVE") if command == "UID MOVE" else ("IDLE", "UIDPLUS"))
    server.scripts = [[Rule(command, done_and(drop))]]
    server.add(mail(1), mail(2))
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    until(lambda: set(server.raws("Processed")) == {mail(1), mail(2)} and server.raws() == [])
    assert desk.raws() == [mail(1), mail(2)]


@pytest.mark.catalogue("N02")
def test_a_dead_server_is_noticed_within_a_minute_by_default():
    section = ImapSection()
    assert section.idle_seconds + section.read_seconds <= 60
    assert section.poll_seconds + section.read_seconds <= 60
    assert section.idle_seconds < 29 * 60  # RFC 2177


@pytest.mark.catalogue("N02")
def test_the_end_of_the_stream_while_idling_is_no_busy_loop(desk, server, mail, until):
    server.scripts = [[Rule("IDLING", drop)] for _ in range(6)]
    running = desk.hasty(desk.mailbox(desk.section(server.port)))
    began = time.process_time()
    running.start()
    until(lambda: len(server.heard) == 7 and "IDLE" in server.heard[-1])
    assert time.process_time() - began < 3
    assert [rest for rest in desk.rests if rest >= 1] == [1, 2, 4, 8, 16, 32]
    server.add(mail(1))
    until(lambda: server.raws("Processed") == [mail(1)])


@pytest.mark.catalogue("N02", "N07")
def test_tries_become_rarer_up_to_five_minutes_and_it_is_told_once(desk, make_server, until, caplog):
    server = make_server(passwords={})
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    with caplog.at_level(logging.INFO):
        until(lambda: len(desk.rests) >= 12)
    assert desk.rests[:12] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    state = desk.state()
    assert "refused to sign us in" in state.said and "AUTHENTICATIONFAILED" in state.said and state.fetched is None
    assert sum("imap.failing" in record.getMessage() for record in caplog.records) == 1
    assert "secret" not in caplog.text


@pytest.mark.catalogue("N07")
def test_a_failure_is_told_and_its_end_too_and_pauses_begin_anew(desk, make_server, until, caplog, monkeypatch):
    monkeypatch.setattr("gatepost.ingress.imap._CALM_SECONDS", 0.0)
    server = make_server()
    server.scripts = [[Rule("SELECT", drop)] for _ in range(3)]

    def said():
        return [record.getMessage().split()[0] for record in caplog.records if "imap." in record.getMessage()]

    with caplog.at_level(logging.INFO):
        desk.hasty(desk.mailbox(desk.section(server.port, idle_seconds=0.05))).start()
        until(lambda: said().count("imap.recovered") == 1)
        server.scripts = [[Rule("UID SEARCH", drop)]]
        server._talks[-1].sock.shutdown(2)
        until(lambda: said().count("imap.recovered") == 2)
    assert said() == ["imap.failing", "imap.recovered"] * 2
    assert [rest for rest in desk.rests if rest >= 1][:4] == [1, 2, 4, 1]


@pytest.mark.catalogue("N07")
def test_a_folder_that_is_not_there_is_named(desk, server, until):
    desk.hasty(desk.mailbox(desk.section(server.port, folder="Nowhere"))).start()
    until(desk.is_failing)
    assert desk.state().said.startswith("the folder Nowhere cannot be opened: ")


@pytest.mark.parametrize(
    "greeting", [b"* BYE too many connections\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"* PREAUTH\r\n", b"\r\n"]
)
def test_what_is_no_imap_server_is_left_alone_for_a_while(desk, make_server, until, greeting):
    server = make_server(greeting=greeting)
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    until(lambda: len(desk.rests) > 4)
    assert desk.rests[:4] == [1, 2, 4, 8]


POISON = {
    "drop": drop,
    "no": say(b"%TAG% NO cannot read this one\r\n"),
    "bad": say(b"%TAG% BAD internal\r\n"),
    "nothing": say(b"%TAG% OK nothing\r\n"),
    "two gigabytes": say(b"* 2 FETCH (UID 2 BODY[] {2147483648}\r\n"),
    "no number": say(b"* 2 FETCH (UID 2 BODY[] {99999999999999999999}\r\n"),
    "longer than said": say(b"* 2 FETCH (UID 2 BODY[] {5}\r\nabcdefghijk)\r\n%TAG% OK done\r\n"),
    "nil": say(b"* 2 FETCH (UID 2 BODY[] NIL)\r\n%TAG% OK done\r\n"),
    "unfinished": say(b"* 2 FETCH (UID 2 BODY[\r\n%TAG% OK done\r\n"),
    "another": changed(lambda answer: answer.replace(b"UID 2", b"UID 77")),
    "nested": changed(lambda answer: answer.replace(b"FETCH (UID 2", b"FETCH (UID (")),
}


@pytest.mark.catalogue("N05", "N11")
@pytest.mark.parametrize("poison", POISON)
def test_a_mail_that_cannot_be_fetched_goes_to_failed_after_three_tries_and_holds_up_no_other(
    desk, server, mail, until, poison
):
    def rules():
        return [Rule("UID FETCH 1,2,3 (B", drop), *(Rule("UID FETCH 2 (B", POISON[poison]) for _ in range(9))]

    server.scripts = [rules() for _ in range(20)]
    server.add(*(mail(number) for number in (1, 2, 3)))
    section = desk.section(server.port, idle_seconds=0.05, read_seconds=0.3)
    desk.hasty(desk.mailbox(section)).start()
    until(lambda: server.raws() == [])
    assert sorted(desk.raws()) == [mail(1), mail(3)]
    assert server.raws("Processed") == [mail(1), mail(3)] and server.raws("Failed") == [mail(2)]
    until(lambda: desk.state().aside == 1)
    assert desk.state().aside_said == "UID 2: it could not be fetched 3 times"
    assert len(server.commands("UID FETCH 2 (B")) == 3


@pytest.mark.catalogue("N11")
def test_a_mail_that_is_too_large_goes_to_failed_unread(desk, server, mail):
    server.add(mail(1, size=5_000), mail(2))
    desk.look(desk.section(server.port), octets=1_000)
    assert desk.raws() == [mail(2)] and server.raws("Failed") == [mail(1, size=5_000)]
    assert not any("FETCH 1 (B" in line for line in server.commands())


@pytest.mark.catalogue("N05")
def test_a_server_that_gives_no_mail_at_all_is_to_blame_and_not_the_mails(desk, server, mail, until):
    refusing = [[Rule("UID FETCH", say(b"%TAG% NO try again\r\n")) for _ in range(30)] for _ in range(10)]
    for rules in refusing:
        rules.insert(0, Rule("UID FETCH 1,2,3 (R", changed(lambda answer: answer)))
    server.scripts = refusing
    server.add(*(mail(number) for number in (1, 2, 3)))
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    until(lambda: len(server.raws("Processed")) == 3)
    assert desk.state().aside == 0 and len(server.heard) > 10


@pytest.mark.catalogue("N05")
@pytest.mark.parametrize("code", ["UNAVAILABLE", "SERVERBUG", "LIMIT", "INUSE"])
def test_a_servers_own_trouble_is_not_counted_against_a_mail(desk, server, mail, until, code):
    server.scripts = [[Rule("UID FETCH 1 (B", say(f"%TAG% NO [{code}] later\r\n".encode()))] for _ in range(8)]
    server.add(mail(1))
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    until(lambda: server.raws("Processed") == [mail(1)])
    assert desk.state().aside == 0


@pytest.mark.catalogue("N02", "N05")
@pytest.mark.parametrize("command", ["GREETING", "CAPABILITY", "LOGIN", "SELECT", "UID SEARCH", "UID FETCH 1 (B"])
def test_an_answer_that_trickles_for_ever_is_cut_off(desk, server, mail, until, monkeypatch, command):
    monkeypatch.setattr(imap_wire, "_COMMAND_SECONDS", 0.3)
    server.greeting = b"* OK ready " + b"." * 1_000 + b"\r\n"

    def trickle(talk, answer):
        for octet in answer() + b"." * 1_000:
            talk.send(bytes([octet]))
            if talk._server.stopping.wait(0.05):
                break

    server.scripts = [[Rule(command, trickle)]]
    server.add(mail(1, size=20_000))
    running = desk.hasty(desk.mailbox(desk.section(server.port)))
    running.start()
    # The first visit is cut; a slow machine may take longer than this over an honest one.
    until(lambda: running.watch() or len(server.heard) >= 2)
    monkeypatch.setattr(imap_wire, "_COMMAND_SECONDS", 60.0)
    until(lambda: running.watch() or server.raws("Processed") == [mail(1, size=20_000)])
    assert desk.raws() == [mail(1, size=20_000)]


@pytest.mark.catalogue("N05")
def test_an_answer_without_end_is_bounded(desk, server, mail, until, monkeypatch):
    monkeypatch.setattr(imap_wire, "_ANSWER_OCTETS", 200_000)

    def endless(talk, answer):
        while True:
            talk.send(b"* 1 FETCH (FLAGS (\\Seen))\r\n" * 100)

    server.scripts = [[Rule("UID SEARCH", endless)]]
    server.add(mail(1))
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    until(lambda: server.raws("Processed") == [mail(1)])


@pytest.mark.catalogue("N12")
@pytest.mark.parametrize("how", ["not offered", "refused", "bad"])
def test_without_idle_the_mailbox_is_polled(desk, make_server, mail, until, how):
    server = make_server(capabilities=("MOVE",) if how == "not offered" else ("IDLE", "MOVE"))
    answer = {"refused": b"%TAG% NO not today\r\n", "bad": b"%TAG% BAD unknown\r\n"}.get(how)
    server.scripts = [[Rule("IDLE", say(answer))]] if answer else []
    desk.mailbox(desk.section(server.port, poll_seconds=0.05)).start()
    for number in range(3):
        server.add(mail(number))
        until(lambda number=number: len(server.raws("Processed")) == number + 1)
    until(lambda: "NOOP" in server.commands())
    assert len(server.heard) == 1
    assert len([line for line in server.heard[0] if line == "IDLE"]) == (answer is not None)


def test_idle_is_renewed_and_each_time_the_folder_is_looked_through(desk, server, until):
    desk.hasty(desk.mailbox(desk.section(server.port, idle_seconds=0.05))).start()
    until(lambda: server.commands().count("IDLE") >= 4)
    assert len(server.heard) == 1
    said = [line.split()[0] for line in server.heard[0] if not line.startswith(("LIST", "LOGIN", "SELECT", "CAPAB"))]
    assert said[:6] == ["UID", "IDLE", "UID", "IDLE", "UID", "IDLE"] or said[1:7] == ["UID", "IDLE"] * 3


def test_mail_that_is_told_before_idle_begins_is_not_left_until_it_ends(desk, server, mail, until):
    section = desk.section(server.port, idle_seconds=60.0)
    told = say(b"* 1 EXISTS\r\n+ idling\r\n")

    def early(talk, answer):
        server.folders["INBOX"].mails.append(Mail(uid=2, raw=mail(2), at=datetime.now(UTC)))
        told(talk, answer)
        talk._file.readline()
        talk.send(talk.tag + b" OK idle done\r\n")

    server.add(mail(1))
    server.scripts = [[Rule("IDLE", early)]]
    desk.mailbox(section).start()
    until(lambda: len(server.raws("Processed")) == 2, seconds=10)


def test_one_mailbox_that_hangs_holds_up_no_other_and_the_end_does_not_wait_for_it(desk, make_server, mail, until):
    stuck, sound = make_server(), make_server()
    stuck.scripts = [[Rule("UID FETCH", hang)]]
    stuck.add(mail(1))
    first = desk.mailbox(desk.section(stuck.port, read_seconds=3600.0), name="stuck")
    second = desk.mailbox(desk.section(sound.port), name="sound")
    first.start()
    second.start()
    until(lambda: stuck.commands("UID FETCH"))
    sound.add(mail(2))
    until(lambda: sound.raws("Processed") == [mail(2)])
    began = time.monotonic()
    first.close(0.1)
    assert time.monotonic() - began < 5 and not first._thread.is_alive()
    assert stuck.raws() == [mail(1)]


def test_a_mailbox_brings_no_more_than_the_desk_works_off(desk, server, mail, until, monkeypatch):
    server.add(*(mail(number) for number in range(40)))
    running = desk.hasty(desk.mailbox(desk.section(server.port, batch=5), backlog=12))
    running.start()
    until(lambda: len(desk.raws()) == 10 and 0.2 in desk.rests)
    assert len(desk.raws()) == 10 and len(server.raws()) == 30
    with monkeypatch.context() as later:
        # However long the desk takes: no command is under way, and so none is late.
        later.setattr(running._wire, "_monotonic", lambda: time.monotonic() + 10_000)
        running.watch()
    seen = 0
    while seen < 40:
        until(desk.raws)
        seen += desk.db.write_now(lambda tx: tx.run("DELETE FROM waiting"))
    until(lambda: server.raws() == [])
    assert seen == 40 and len(server.heard) == 1


def test_a_fault_of_our_own_ends_no_mailbox(desk, server, mail, until, monkeypatch):
    faults = iter([TypeError("a bug"), KeyError("a bug"), RuntimeError("a bug")])

    def broken(*args, real=imap_wire.Wire.begin, **more):
        if (fault := next(faults, None)) is not None:
            raise fault
        return real(*args, **more)

    monkeypatch.setattr(imap_wire.Wire, "begin", broken)
    server.add(mail(1))
    desk.hasty(desk.mailbox(desk.section(server.port))).start()
    until(lambda: server.raws("Processed") == [mail(1)])
