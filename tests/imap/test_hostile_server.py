"""IMAP servers that lie, flood or forget: no mail is lost or doubled by it, and nothing of ours grows without end."""

import resource
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from bench.imap_folders import Folder
from bench.imap_server import Rule, changed, first, say
from dovecot_server import certificate

DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(params=["Processed", "", "no keywords"])
def way(request, make_server):
    """A server and how its mails are put away."""
    server = make_server(keywords=request.param != "no keywords")
    return server, "" if request.param == "no keywords" else request.param


@pytest.mark.catalogue("N01", "N05")
def test_uids_that_go_backward_after_a_restored_backup_lose_nothing(desk, way, mail):
    """The folder is as it was before the last mails, under its old UIDVALIDITY: new mails get UIDs that were taken."""
    server, processed = way
    server.add(*(mail(number) for number in range(6)), at=DAY)
    desk.look(desk.section(server.port, processed=processed))
    assert len(desk.raws()) == 6
    server.folders["INBOX"] = Folder(validity=1, next=4)
    server.add(*(mail(number) for number in (20, 21)), at=DAY + timedelta(days=1))
    for _ in range(3):
        desk.look(desk.section(server.port, processed=processed))
    assert desk.raws() == [mail(number) for number in (0, 1, 2, 3, 4, 5, 20, 21)]
    if processed:
        assert server.raws() == []
    server.add(mail(30), at=DAY + timedelta(days=2))
    desk.look(desk.section(server.port, processed=processed))
    assert desk.raws()[-1] == mail(30) and len(desk.raws()) == 9


@pytest.mark.catalogue("N05")
@pytest.mark.parametrize("other", ["longer", "of another day"])
def test_a_uid_that_is_given_to_another_mail_is_fetched_again(desk, server, mail, other):
    server.scripts = [[Rule("UID MOVE", say(b"%TAG% NO [UNAVAILABLE] later\r\n"))]]
    server.add(mail(1), at=DAY)
    with pytest.raises(Exception, match="cannot be moved"):
        desk.look(desk.section(server.port))
    assert desk.raws() == [mail(1)]
    (lies,) = server.folders["INBOX"].mails
    if other == "longer":
        lies.raw = mail(1) + b"and more\r\n"
    else:
        lies.raw, lies.at = mail(2), DAY + timedelta(days=1)
    desk.look(desk.section(server.port))
    assert desk.raws() == [mail(1), lies.raw] and server.raws("Processed") == [lies.raw]


@pytest.mark.catalogue("N03")
def test_what_is_as_it_was_is_not_fetched_again(desk, server, mail):
    server.scripts = [[Rule("UID MOVE", say(b"%TAG% NO [UNAVAILABLE] later\r\n"))] for _ in range(3)]
    server.add(mail(1), at=DAY)
    server.add(mail(2), at=datetime.now(UTC) + timedelta(days=400))
    for _ in range(3):
        with pytest.raises(Exception, match="cannot be moved"):
            desk.look(desk.section(server.port))
    assert len([line for line in server.commands("UID FETCH") if "BODY" in line]) == 1
    assert desk.raws() == [mail(1), mail(2)]


@pytest.mark.catalogue("N01")
def test_a_uidvalidity_that_flaps_loses_and_doubles_nothing(desk, way, mail):
    server, processed = way
    sent = []
    for turn in range(8):
        server.folders["INBOX"].validity = 1 + turn % 2
        sent.append(mail(turn))
        server.add(sent[-1], at=DAY)
        desk.look(desk.section(server.port, processed=processed))
    assert sorted(desk.raws()) == sorted(sent)


@pytest.mark.catalogue("N05")
@pytest.mark.parametrize("size", [1, 10, -5, 0])
def test_a_size_that_is_too_small_is_a_lie_and_the_mail_is_taken(desk, server, mail, size):
    server.add(mail(1, size=50_000))
    server.scripts = [[Rule("UID FETCH 1 (RFC", changed(lambda said: said.replace(b"RFC822.SIZE 50", b"RFC822.SIZE %d" % size + b" X 50")))]]  # fmt: skip
    server.folders["INBOX"].mails[0].size = size if size > 0 else 1
    desk.look(desk.section(server.port), octets=100_000)
    assert desk.raws() == [mail(1, size=50_000)]


@pytest.mark.catalogue("N05")
@pytest.mark.parametrize("size", [2**31, 2**63, 10**30])
def test_a_size_that_is_too_large_sets_the_mail_aside_unread(desk, server, mail, size):
    server.add(mail(1), mail(2))
    server.folders["INBOX"].mails[0].size = size
    desk.look(desk.section(server.port))
    assert desk.raws() == [mail(2)] and server.raws("Failed") == [mail(1)]
    assert str(size) in desk.state().aside_said
    assert not any("BODY" in line and "FETCH 1 " in line for line in server.commands("UID FETCH"))


FLOODS = {
    "another tag": b"XYZZ99 OK not yours\r\n",
    "a tag twice": b"%TAG% OK done\r\n%TAG% OK done\r\n",
    "a literal in SEARCH": b"* SEARCH {5}\r\n1 2 3\r\n%TAG% OK done\r\n",
    "words in SEARCH": b"* SEARCH one two three\r\n%TAG% OK done\r\n",
    "numbers that are none": b"* SEARCH -1 0 4294967296 99999999999999999999\r\n%TAG% OK done\r\n",
    "an endless literal": b"* 1 FETCH (BODY[] {99999999999999999999}\r\n",
    "a literal of less than nothing": b"* 1 FETCH (BODY[] {-5}\r\n%TAG% OK done\r\n",
    "deep parentheses": b"* 1 FETCH (ENVELOPE " + b"(" * 200_000 + b")" * 200_000 + b")\r\n%TAG% OK done\r\n",
    "a giant line": b'* 1 FETCH (ENVELOPE ("' + b"x" * 20_000_000 + b'"))\r\n%TAG% OK done\r\n',
    "many lines": b"* 1 EXISTS\r\n" * 1_000_000 + b"%TAG% OK done\r\n",
    "many literals": b"* 1 FETCH (BODY[TEXT] {1000}\r\n" + (b"y" * 1_000 + b" BODY[X] {1000}\r\n") * 20_000,
    "no line at all": b"\0" * 1_000_000 + b"\r\n",
    "goodbye": b"* BYE I go\r\n",
    "bad": b"%TAG% BAD what?\r\n",
}


@pytest.mark.catalogue("N05")
@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH"])
@pytest.mark.parametrize("flood", sorted(FLOODS))
def test_a_flood_in_an_answer_costs_a_visit_and_no_mail(desk, server, mail, until, command, flood):
    server.add(mail(1), mail(2))
    server.scripts = [[Rule(command, say(FLOODS[flood]))] for _ in range(2)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    desk.hasty(desk.mailbox(desk.section(server.port, read_seconds=30.0))).start()
    until(lambda: sorted(server.raws("Processed")) == [mail(1), mail(2)], 240)
    assert sorted(desk.raws()) == [mail(1), mail(2)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


@pytest.mark.catalogue("N02")
def test_a_server_that_chatters_in_idle_makes_no_busy_loop(desk, server, mail, until):
    """Each line ends the waiting, and the folder is looked through; who finds nothing rests a second."""

    def chatter(talk, answer):
        talk.send(b"+ idling\r\n" + b"* OK still here\r\n")
        talk._file.readline()
        talk.send(b"%b OK done\r\n" % talk.tag)

    server.scripts = [[Rule("IDLE", chatter) for _ in range(50)]]
    running = desk.hasty(desk.mailbox(desk.section(server.port)))
    running.start()
    until(lambda: len(server.commands("IDLE")) >= 20, 120)
    assert desk.rests.count(1.0) >= 10


@pytest.mark.parametrize("greeting", [b"* PREAUTH somebody is in\r\n", b"* OK ready\r\n* PREAUTH too\r\n"])
def test_a_server_that_says_we_are_in_before_tls_gets_no_password(desk, make_server, until, greeting):
    """Who stands between says PREAUTH, so that STARTTLS is no longer allowed (RFC 3501 6.2.1)."""
    server = make_server(greeting=greeting, capabilities=("STARTTLS", "IDLE"))
    running = desk.hasty(desk.mailbox(desk.section(server.port, tls="starttls")))
    running.start()
    until(lambda: len(desk.rests) >= 3, 120)
    assert desk.is_failing() and not server.commands("LOGIN") and not server.commands("UID")


@pytest.mark.real("openssl")
def test_what_is_said_in_plain_behind_the_yes_to_starttls_is_not_heard(desk, make_server, mail, tmp_path):
    """CVE-2011-0411 from the other side: what was piped in before TLS would count after it."""
    certificate(tmp_path, "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")

    def injected(talk, answer):
        talk.send(b"%b OK begin\r\n* CAPABILITY IMAP4rev1\r\n* 7 EXISTS\r\n" % talk.tag)
        talk.sock = context.wrap_socket(talk.sock, server_side=True)
        talk._file = talk.sock.makefile("rb")

    server = make_server(capabilities=("STARTTLS", "MOVE"))
    server.scripts = [[Rule("STARTTLS", injected)]]
    server.add(mail(1))
    desk.look(desk.section(server.port, tls="starttls", authority=str(tmp_path / "tls.pem")))
    assert desk.raws() == server.raws("Processed") == [mail(1)]


def test_a_mail_that_changes_between_size_and_bytes_is_taken_as_it_came(desk, server, mail):
    server.add(mail(1))

    def grow():
        server.folders["INBOX"].mails[0].raw = mail(1) + b"more\r\n" * 1_000

    server.scripts = [[Rule("UID FETCH 1 (BODY", first(grow))]]
    desk.look(desk.section(server.port))
    assert desk.raws() == [mail(1) + b"more\r\n" * 1_000]
