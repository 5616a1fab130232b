"""Signing in by OAuth2: tokens are fetched, renewed, kept and told, and what goes wrong says whose it is."""

import json
import socket
import stat
import threading
from contextlib import suppress

import pytest

from gatepost.clock import FixedClock
from gatepost.config import ImapSection, Secret
from gatepost.errors import PermanentError, TemporaryError
from gatepost.ingress.oauth import Tokens
from gatepost.ingress.oauth_kept import KeptToken

NOW = 1_790_000_000_000


@pytest.fixture
def secret(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(f"{text}\n")
        path.chmod(0o600)
        return Secret(file=str(path))

    return write


@pytest.fixture
def oauth(desk, secret, tokens):
    """Sections that sign in by a refresh token at the local token server."""

    def section(port, **more):
        given = {"password": None, "token_url": tokens.url, "client_id": "gatepost", "scope": "mail"}
        return desk.section(port, **{**given, "refresh_token": secret("refresh", "r-1"), **more})

    return section


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_mail_is_taken_with_a_token_and_its_age_is_kept(desk, server, mail, tokens, oauth, mechanism):
    tokens.on_token = server.tokens.add
    server.add(mail(1))
    running = desk.mailbox(oauth(server.port, mechanism=mechanism))
    running.start()
    assert desk.taken.acquire(timeout=20)
    running.close(10)
    assert desk.raws() == [mail(1)]
    assert tokens.asked == [
        {"grant_type": "refresh_token", "client_id": "gatepost", "scope": "mail", "refresh_token": "r-1"}
    ]
    state = desk.state()
    assert state.token_ends - state.token == 3_600_000 and state.signed_in >= state.token


def test_a_client_signs_in_as_itself_with_its_own_secret(desk, server, mail, tokens, oauth, secret):
    tokens.on_token = server.tokens.add
    server.add(mail(1))
    desk.look(oauth(server.port, refresh_token=None, client_secret=secret("client", "s-1")))
    assert desk.raws() == [mail(1)]
    assert tokens.asked[0]["grant_type"] == "client_credentials" and tokens.asked[0]["client_secret"] == "s-1"
    assert "refresh_token" not in tokens.asked[0]


@pytest.mark.catalogue("N07")
def test_a_token_that_the_server_has_forgotten_is_renewed_once_and_then_it_waits(
    desk, server, mail, until, tokens, oauth
):
    server.add(mail(1))
    desk.hasty(desk.mailbox(oauth(server.port))).start()
    until(lambda: len(desk.rests) >= 4)
    assert desk.rests[:4] == [1, 2, 4, 8]
    assert "refused to sign us in" in desk.state().said and "token-" not in desk.state().said
    # Each visit showed the token it had and one fresh one, no more.
    assert len(server.commands("AUTHENTICATE")) <= 2 * len(server.heard)
    tokens.on_token = server.tokens.add
    until(lambda: server.raws("Processed") == [mail(1)])


@pytest.mark.catalogue("N07")
def test_a_refresh_token_that_was_revoked_is_told_without_it(desk, server, until, tokens, oauth, caplog):
    refusal = (
        400,
        {"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired.\r\nTrace"},
    )
    tokens.answers = [refusal] * 100
    desk.hasty(desk.mailbox(oauth(server.port))).start()
    until(lambda: len(desk.rests) >= 4)
    said = desk.state().said
    assert "invalid_grant AADSTS700082: The refresh token has expired." in said and "gatepost imap authorise" in said
    assert "r-1" not in said and "r-1" not in caplog.text
    assert not server.heard
    assert desk.rests[:4] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {"error": "server_error"}), TemporaryError),
        ((503, "<html>busy"), TemporaryError),
        ((429, {"error": "slow_down"}), TemporaryError),
        ((400, {"error": "invalid_client"}), PermanentError),
        ((401, {}), PermanentError),
        ((200, {"token_type": "Bearer"}), TemporaryError),
        ((200, ["no", "object"]), TemporaryError),
        ((200, {"access_token": 7}), TemporaryError),
        ((200, {"access_token": "ünicode"}), TemporaryError),
        ((200, "not json"), TemporaryError),
    ],
    ids=str,
)
def test_what_a_token_server_may_say(tokens, oauth, answer, error):
    tokens.answers = [answer]
    with pytest.raises(error, match="no access token from http"):
        Tokens(oauth(1)).current()


def test_nobody_there_is_a_fault_that_passes(oauth):
    with pytest.raises(TemporaryError, match="no access token"):
        Tokens(oauth(1, token_url="http://127.0.0.1:1/token")).current()


def test_a_token_server_that_trickles_holds_nobody_for_ever(oauth, monkeypatch, trickling):
    monkeypatch.setattr("gatepost.ingress.oauth._WHOLE", 0.5)
    with pytest.raises(TemporaryError, match="did not answer in time"):
        Tokens(oauth(1, token_url=f"http://127.0.0.1:{trickling}/token")).current()


@pytest.fixture
def trickling():
    """The port of a server whose head never ends."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        peer, _ = listener.accept()
        with peer, suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not over.wait(0.05):
                peer.sendall(b".")

    thread = threading.Thread(target=talk)
    thread.start()
    yield listener.getsockname()[1]
    over.set()
    thread.join(30)
    listener.close()


@pytest.mark.parametrize(
    ("lives", "kept_for"),
    [(3600, 3480), (100, 50), ("1000", 880), (None, 3480), ("soon", 3480), ("inf", 3480), ("nan", 3480), (-5, 0.5)],
)
def test_a_token_is_used_until_shortly_before_its_end(tokens, oauth, lives, kept_for):
    tokens.lives = lives
    now = [0.0]
    found = Tokens(oauth(1), clock=FixedClock(NOW), monotonic=lambda: now[0])
    for at, count in ((0, 1), (kept_for - 1, 1), (kept_for + 1, 2)):
        now[0] = at
        found.current()
        assert len(tokens.asked) == count
    assert found.shown.given == NOW


def test_a_refresh_token_that_comes_later_is_kept_until_the_operator_writes_another(tokens, oauth, secret, tmp_path):
    keep = tmp_path / "oauth" / "support.json"
    tokens.rotate = "r-2"
    Tokens(oauth(1), kept=KeptToken(keep)).current()
    assert stat.S_IMODE(keep.stat().st_mode) == 0o600 and "r-1" not in keep.read_text()
    tokens.rotate = "r-3"
    Tokens(oauth(1), kept=KeptToken(keep)).current()
    tokens.rotate = ""
    Tokens(oauth(1), kept=KeptToken(keep)).current()
    Tokens(oauth(1, refresh_token=secret("other", "r-new")), kept=KeptToken(keep)).current()
    assert [form["refresh_token"] for form in tokens.asked] == ["r-1", "r-2", "r-3", "r-new"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"given": 1}', '{"newest": "x"}'])
def test_a_kept_token_that_cannot_be_read_is_not_used(tokens, oauth, tmp_path, text):
    keep = tmp_path / "support.json"
    keep.write_text(text)
    Tokens(oauth(1), kept=KeptToken(keep)).current()
    assert tokens.asked[0]["refresh_token"] == "r-1"


def test_the_presets_know_the_servers(secret):
    refresh = secret("refresh", "r-1")
    google = ImapSection(preset="google", username="a@b.example", refresh_token=refresh)
    assert (google.endpoint(), google.token_endpoint(), google.token_scope()) == (
        "imap.gmail.com:993",
        "https://oauth2.googleapis.com/token",
        "https://mail.google.com/",
    )
    microsoft = ImapSection(preset="microsoft", username="a@b.example", refresh_token=refresh)
    assert microsoft.endpoint() == "outlook.office365.com:993"
    assert microsoft.token_endpoint() == "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"
    assert microsoft.token_scope() == "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
    itself = ImapSection(preset="microsoft", username="a@b.example", client_secret=refresh, tenant="market.example")
    assert itself.token_endpoint() == "https://login.microsoftonline.com/market.example/oauth2/v2.0/token"
    assert itself.token_scope() == "https://outlook.office365.com/.default"
    assert google.tls == microsoft.tls == "tls"


def test_a_kept_file_says_nothing_of_what_the_operator_gave(tokens, oauth, tmp_path):
    keep = tmp_path / "support.json"
    tokens.rotate = "r-2"
    Tokens(oauth(1), kept=KeptToken(keep)).current()
    assert set(json.loads(keep.read_text())) == {"given", "newest"}
