"""The IMAP door against a real Dovecot: taken once, put away after the commit, by every way of signing in."""

import imaplib
import ssl
from types import SimpleNamespace

import pytest
from dovecot_server import Account

from gatepost.config import ImapSection, Secret
from gatepost.doctor.servers import mailbox

pytestmark = pytest.mark.real("dovecot", "openssl")


@pytest.fixture
def account(dovecot):
    found = Account(dovecot[0])
    found.empty()
    yield found
    found.imap.logout()


def test_every_mail_is_taken_once_and_moved_after_the_commit(dovecot, account, desk, mail):
    account.put(*(mail(number) for number in range(7)))
    for _ in range(2):
        desk.look(desk.section(dovecot[0], batch=3))
    assert desk.raws() == [mail(number) for number in range(7)]
    assert (account.count(), account.count("Processed")) == (0, 7)
    assert desk.state().uid > 0 and desk.state().signed_in is None


@pytest.mark.catalogue("N09")
def test_without_a_folder_mails_stay_and_are_marked(dovecot, account, desk, mail):
    account.put(mail(1), mail(2))
    for _ in range(2):
        desk.look(desk.section(dovecot[0], processed=""))
    assert len(desk.raws()) == 2 and account.count() == 2
    assert len(account.imap.search(None, "KEYWORD", "$Gatepost")[1][0].split()) == 2


def test_a_mail_that_is_too_large_goes_to_failed_unread(dovecot, account, desk, mail):
    account.put(mail(1, size=5_000), mail(2))
    desk.look(desk.section(dovecot[0]), octets=1_000)
    assert desk.raws() == [mail(2)] and account.count("Failed") == 1


def test_several_accounts_and_folders_are_fetched_side_by_side(dovecot, account, desk, mail, until):
    sales = Account(dovecot[0], "sales")
    sales.empty()
    for name in ("Orders", "Old &- gone"):
        sales.imap.create(f'"{name}"')
    places = {
        "support": ({}, account, "INBOX"),
        "sales": ({"username": "sales"}, sales, "INBOX"),
        "orders": ({"username": "sales", "folder": "Orders", "processed": "Orders-done"}, sales, "Orders"),
        "odd": ({"username": "sales", "folder": "Old & gone", "processed": ""}, sales, '"Old &- gone"'),
    }
    for name, (more, _, _) in places.items():
        desk.mailbox(desk.section(dovecot[0], **more), name=name).start()
    for round_ in range(2):
        for name, (_, who, folder) in places.items():
            who.put(mail(f"{name}-{round_}"), folder=folder)
        until(lambda round_=round_: len(desk.raws()) == 4 * (round_ + 1))
    assert sorted(desk.raws()) == sorted(mail(f"{name}-{round_}") for name in places for round_ in range(2))
    until(lambda: sales.count("Orders-done") == 2 and sales.count("Orders") == 0)
    peers = desk.db.read_now(lambda tx: tx.rows("SELECT DISTINCT peer FROM arrival"))
    assert {row["peer"] for row in peers} == {"support/INBOX", "sales/INBOX", "orders/Orders", "odd/Old & gone"}
    sales.imap.logout()


def test_mail_that_comes_while_it_waits_is_taken_by_the_thread(dovecot, account, desk, mail):
    desk.mailbox(desk.section(dovecot[0], idle_seconds=1.0)).start()
    for number in range(3):
        account.put(mail(number))
        assert desk.taken.acquire(timeout=20)
    assert len(desk.raws()) == 3


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_verified_connection_takes_mail(dovecot, account, desk, mail, tls):
    account.put(mail(1))
    port = dovecot[1] if tls == "tls" else dovecot[0]
    desk.look(desk.section(port, tls=tls, authority=str(dovecot[2] / "tls.pem")))
    assert desk.raws() == [mail(1)]


@pytest.mark.catalogue("N07")
@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize(("authority", "host"), [("", "127.0.0.1"), ("its own", "localhost")])
def test_a_certificate_that_is_unknown_or_for_another_name_gets_no_password(
    dovecot, account, desk, mail, until, tls, authority, host
):
    account.put(mail(1))
    port = dovecot[1] if tls == "tls" else dovecot[0]
    trusted = str(dovecot[2] / "tls.pem") if authority else ""
    section = desk.section(port, server=f"{host}:{port}", tls=tls, authority=trusted)
    logins = (dovecot[2] / "log").read_text().count("Login: user=<support>")
    desk.hasty(desk.mailbox(section)).start()
    until(lambda: len(desk.rests) > 3)
    assert desk.rests[:3] == [1, 2, 4]
    assert "certificate is not trusted" in desk.state().said and desk.raws() == []
    assert (dovecot[2] / "log").read_text().count("Login: user=<support>") == logins


def test_a_server_without_starttls_gets_no_password(make_server, desk, until):
    server = make_server()
    desk.hasty(desk.mailbox(desk.section(server.port, tls="starttls"))).start()
    until(desk.is_failing)
    assert server.commands("LOGIN") == [] and "STARTTLS" in desk.state().said.upper()


@pytest.mark.catalogue("N07")
def test_a_wrong_password_is_told(dovecot, account, desk, until):
    (desk.folder / "password").write_text("wrong\n")
    desk.mailbox(desk.section(dovecot[0])).start()
    until(desk.is_failing)
    assert "the server refused to sign us in" in desk.state().said and "wrong" not in desk.state().said


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_a_token_from_a_token_server_signs_in(dovecot, account, desk, mail, lasting_tokens, mechanism):
    tokens = lasting_tokens
    (desk.folder / "refresh").write_text("r-1")
    (desk.folder / "refresh").chmod(0o600)
    account.put(mail(1))
    tokens.answers = [(200, {"access_token": "stale", "expires_in": 3600})]
    asked = len(tokens.asked)
    section = desk.section(
        dovecot[0], password=None, token_url=tokens.url, client_id="gatepost", mechanism=mechanism,
        refresh_token=Secret(file=str(desk.folder / "refresh")),
    )  # fmt: skip
    # The first token is one that the server does not know: it is thrown away, and the next one is good.
    desk.look(section)
    assert desk.raws() == [mail(1)] and len(tokens.asked) == asked + 2


@pytest.mark.catalogue("N01")
def test_a_mailbox_that_is_rebuilt_under_another_uidvalidity(dovecot, account, desk, mail, until):
    mails = [mail(number, message_id=number % 2 > 0) for number in range(40)]
    section = desk.section(dovecot[0], processed="", folder="Tickets")
    account.imap.create("Tickets")
    account.put(*mails[:30], folder="Tickets")
    desk.look(section)
    before = desk.state().validity
    account.imap.delete("Tickets")
    account.imap.create("Tickets")
    account.put(*mails, folder="Tickets")
    desk.look(section)
    assert sorted(desk.raws()) == sorted(mails)
    assert desk.state().validity != before


@pytest.mark.catalogue("N08")
@pytest.mark.parametrize("key", ["folder", "processed", "failed", "username"])
def test_control_characters_in_names_are_refused(key):
    with pytest.raises(ValueError, match="control character"):
        ImapSection(**{key: "a\r\nb"})


def test_dovecot_talks_tls(dovecot):
    context = ssl.create_default_context(cafile=dovecot[2] / "tls.pem")
    imaplib.IMAP4_SSL("127.0.0.1", dovecot[1], ssl_context=context).logout()


# gatepost doctor signs in as the mailbox would, and says what is wrong.


@pytest.fixture
def doctor(desk):
    """What the doctor finds of one mailbox: its state, its words, what to do."""

    def look(section):
        (finding,) = mailbox(SimpleNamespace(imap={"support": section}, data=desk.folder), "support")
        return finding.state.value, finding.seen, " ".join(finding.detail)

    return look


def test_the_doctor_signs_in_and_counts_what_waits(dovecot, account, desk, mail, doctor):
    account.put(mail(1), mail(2))
    for tls, port in (("none", dovecot[0]), ("starttls", dovecot[0]), ("tls", dovecot[1])):
        section = desk.section(port, tls=tls, authority=str(dovecot[2] / "tls.pem") if tls != "none" else "")
        state, seen, _ = doctor(section)
        assert (state, seen) == ("fine", f"support at 127.0.0.1:{port}, folder INBOX, 2 mails wait")
    assert account.count() == 2
    assert b"\\Seen" not in b"".join(account.imap.fetch("1:*", "(FLAGS)")[1])


@pytest.mark.catalogue("N07")
@pytest.mark.parametrize(
    ("more", "word", "remedy"),
    [
        ({"username": "nobody"}, "refused to sign us in", "username"),
        ({"folder": "Tickets of 1999"}, "Tickets of 1999", "folder"),
        ({"tls": "tls"}, "no TLS with the server", "port"),
        ({"tls": "starttls", "authority": ""}, "certificate is not trusted", "authority"),
        ({"tls": "tls", "port": "tls", "server": "localhost"}, "certificate is not trusted", "authority"),
        # It waits for TLS, we wait for its greeting.
        ({"tls": "none", "port": "tls", "read_seconds": 1.0}, "did not answer in time", "tls"),
        ({"server": "no-such-host.invalid"}, "name is not known", "server"),
        ({"port": 1}, "connection refused", "server"),
    ],
)
def test_the_doctor_says_why_a_mailbox_cannot_be_read(dovecot, account, desk, doctor, more, word, remedy):
    given = {"server": "127.0.0.1", "port": dovecot[0], **more}
    port = dovecot[1] if given["port"] == "tls" else given["port"]
    given["server"] = f"{given.pop('server')}:{port}"
    del given["port"]
    state, seen, advice = doctor(desk.section(dovecot[0], **given))
    assert state == "wrong"
    assert word in seen, seen
    assert remedy in f"{seen} {advice}"
    assert "secret" not in seen


def test_the_doctor_keeps_a_wrong_password_to_itself(dovecot, account, desk, doctor):
    (desk.folder / "password").write_text("hunter2\n")
    state, seen, advice = doctor(desk.section(dovecot[0]))
    assert (state, "refused to sign us in" in seen, "password" in advice) == ("wrong", True, True)
    assert "hunter2" not in seen + advice


def test_the_doctor_tells_that_the_token_server_refuses(dovecot, account, desk, lasting_tokens, doctor):
    (desk.folder / "refresh").write_text("hunter2")
    (desk.folder / "refresh").chmod(0o600)
    lasting_tokens.answers = [(400, {"error": "invalid_grant"})]
    refresh = Secret(file=str(desk.folder / "refresh"))
    more = {"token_url": lasting_tokens.url, "client_id": "gatepost", "mechanism": "xoauth2", "refresh_token": refresh}
    state, seen, advice = doctor(desk.section(dovecot[0], password=None, **more))
    assert (state, "invalid_grant" in seen, "gatepost imap authorise support" in advice) == ("wrong", True, True)
    assert "hunter2" not in seen + advice
