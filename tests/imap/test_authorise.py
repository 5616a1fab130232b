"""`gatepost imap authorise`: a person lets us in, once; what they gave is kept, shown and renewed, and its end is told."""

import json
import os
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gatepost.check import check
from gatepost.cli import run
from gatepost.cli.imap import _Pasted
from gatepost.clock import Clock
from gatepost.config import load
from gatepost.doctor.servers import mailbox
from gatepost.errors import PermanentError, TemporaryError
from gatepost.ingress.imap import tokens_of
from gatepost.ingress.oauth import TokenRefusedError, Tokens
from gatepost.ingress.oauth_grant import answer, by_code, by_device, device_code, question
from gatepost.ingress.oauth_kept import KeptToken
from gatepost.ingress.oauth_loopback import Loopback

EXAMPLE = Path(__file__).parents[2] / "examples" / "marketplace" / "config.toml"
PATIENCE = 180.0


@pytest.fixture
def place(tmp_path, server, tokens):
    """Writes the config with a mailbox [imap.support] that signs in by the local token server."""
    tokens.on_token, tokens.rotate = server.tokens.add, "r-given"

    def write(*, port=0, device=False, **more):
        keys = {
            "server": f"127.0.0.1:{port or server.port}",
            "tls": "none",
            "username": "support",
            "client_id": "gatepost",
            "token_url": f"{tokens.url}/token",
            "authorise_url": f"{tokens.url}/authorise",
            "scope": "mail offline_access",
            "device_url" if device else "folder": f"{tokens.url}/device" if device else "INBOX",
        } | more
        section = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items() if value is not None)
        section = section.replace('"file:password"', '{ file = "password" }')
        path = tmp_path / "config.toml"
        path.write_text(f"{EXAMPLE.read_text()}\n[imap.support]\n{section}")
        (tmp_path / "password").write_text("secret\n")
        (tmp_path / "password").chmod(0o600)
        return path

    return write


@pytest.fixture
def asking():
    """Starts the command; gives the process, and the page that it asks to be opened."""
    started = []

    def start(path, *options):
        command = [sys.executable, "-m", "gatepost", "imap", "authorise", *options, "support", "-c", str(path)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        page = next((line.strip() for line in process.stdout if "/authorise?" in line), None)
        assert page, process.wait(PATIENCE)
        return process, page

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kept(path):
    return path.parent / "data" / "oauth" / "support.json"


def newest(path):
    return json.loads(kept(path).read_text())["newest"]


def visited(address):
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as page:
            return page.status, dict(page.headers), page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


@pytest.mark.parametrize("way", ["browser", "pasted"])
def test_a_person_lets_us_in_with_a_browser(place, asking, tokens, server, mail, way):
    path = place()
    process, page = asking(path)
    ends_at = tokens.agree(page)
    assert ends_at.startswith("http://127.0.0.1:")
    if way == "browser":
        # What is no answer to our question is told so, and is waited over: any page may call there.
        for foreign in (f"{ends_at}x", ends_at.replace("state=", "stat="), ends_at.partition("?")[0]):
            assert visited(foreign)[0] == 404
        status, headers, said = visited(ends_at)
        assert status == 200 and "go back to the terminal" in said
        assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    else:
        process.stdin.write(f"\n  {ends_at}\n")
        process.stdin.flush()
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "signed in as support" in said and "r-given" not in said and "token-" not in said
    assert stat.S_IMODE(kept(path).stat().st_mode) == 0o600 and newest(path) == "r-given"
    assert tokens.asked[0]["grant_type"] == "authorization_code" and len(tokens.asked[0]["code_verifier"]) >= 43
    # The daemon and every other command go on with it.
    config = load(path, secrets=True)
    tokens.rotate = ""
    assert tokens_of("support", config.imap["support"], config.data, Clock()).current() in server.tokens
    assert tokens.asked[-1]["refresh_token"] == "r-given"


def test_a_person_lets_us_in_on_any_device(place, tokens, capsys):
    path = place(device=True)
    tokens.device = ["authorization_pending", "authorization_pending"]
    assert run(["imap", "authorise", "support", "-c", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"{tokens.url}/activate" in said and "WDJB-MJHT" in said and "d-1" not in said
    assert len(tokens.asked) == 3 and newest(path) == "r-given"


def test_a_code_is_asked_for_at_the_pace_that_the_server_wants(place, tokens):
    section = load(place(device=True), secrets=True).imap["support"]
    tokens.device = ["authorization_pending", "slow_down", "authorization_pending"]
    tokens.answers = [(503, "busy")]
    now, pauses = [0.0], []

    def pause(seconds):
        pauses.append(round(seconds, 3))
        now[0] += seconds

    given = by_device(section, device_code(section), lambda: now[0], pause)
    assert given.refresh == "r-given" and "r-given" not in repr(given) and given.access not in repr(given)
    assert pauses == [0.01, 0.02, 0.02, 5.02, 5.02]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "declined"),
        ("authorization_declined", "declined"),
        ("expired_token", "not used in time"),
        ("invalid_client", "secret expired"),
    ],
)
def test_a_person_who_says_no_or_nothing_ends_it(place, tokens, capsys, error, said):
    path = place(device=True)
    tokens.device = [error]
    assert run(["imap", "authorise", "support", "-c", str(path)]) == 70
    told = capsys.readouterr().err
    assert said in told and error in told and not kept(path).exists()


def test_a_code_that_nobody_uses_ends_in_time(place, tokens):
    section = load(place(device=True), secrets=True).imap["support"]
    tokens.device = ["authorization_pending"] * 1_000
    now = [0.0]
    with pytest.raises(PermanentError, match="in time"):
        by_device(section, device_code(section), lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + 200))


def test_a_refusal_in_the_browser_ends_it(place, asking, tokens):
    path = place()
    process, page = asking(path)
    ends_at = tokens.agree(page)
    assert visited(ends_at.replace("code=", "error=access_denied&error_description=No%0Away%1B[2J&x="))[0] == 200
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 70 and "access_denied No way" in said and "\x1b" not in said
    assert not kept(path).exists()


def test_a_wrong_paste_is_told_and_the_right_one_still_taken(place, asking, tokens):
    process, page = asking(place())
    said, _ = process.communicate(
        f"http://127.0.0.1/?code=stolen&state=foreign\n{tokens.agree(page)}\n", timeout=PATIENCE
    )
    assert process.returncode == 0 and "not the address" in said and "signed in as support" in said


def test_only_the_answer_to_our_own_question_is_taken(place):
    section = load(place(), secrets=True).imap["support"]
    asked, other = question(section, "http://127.0.0.1:1"), question(section, "http://127.0.0.1:1")
    good = f"http://127.0.0.1:1/?code=c-1&state={asked.state}"
    assert answer(asked, good) == "c-1" and answer(other, good) is None
    for odd in ("", "?", "http://[", f"?code=c&code=d&state={asked.state}", f"?state={asked.state}", "?state=é&code=c"):
        assert answer(asked, odd) is None
    assert answer(asked, f"?code=c&state={asked.state}&state={asked.state}") is None
    assert asked.verifier not in asked.page and asked.verifier not in repr(asked)


def test_a_code_that_was_stolen_is_of_no_use(place, tokens):
    section = load(place(), secrets=True).imap["support"]
    asked = question(section, "http://127.0.0.1:1")
    ends_at = tokens.agree(asked.page)
    thief = question(section, "http://127.0.0.1:1")
    with pytest.raises(TokenRefusedError, match="invalid_grant"):
        by_code(section, thief, answer(asked, ends_at))


def test_nobody_who_answers_ends_it_in_time(place):
    section = load(place(), secrets=True).imap["support"]
    listening, now = Loopback(), iter(range(0, 10_000, 400))
    try:
        with pytest.raises(PermanentError, match="in time"):
            listening.expect(question(section, listening.redirect))
            listening.code(lambda: None, list, 900, lambda: next(now))
    finally:
        listening.close()


def test_whoever_is_let_in_as_somebody_else_is_told_and_the_old_grant_stays(place, server, tokens, capsys):
    path = place(device=True)
    KeptToken(kept(path)).write("", "r-before")
    tokens.on_token = lambda token: None
    assert run(["imap", "authorise", "support", "-c", str(path)]) == 70
    said = capsys.readouterr().err
    assert "does not let us into support" in said and "Sign in as support itself" in said
    assert newest(path) == "r-before"


def test_a_mail_server_that_is_away_does_not_waste_the_grant(place, tokens, capsys):
    path = place(device=True, port=1)
    assert run(["imap", "authorise", "support", "-c", str(path)]) == 0
    said = capsys.readouterr().out
    assert "could not be tried" in said and "nobody listens" in said and newest(path) == "r-given"


def test_a_provider_that_gives_nothing_lasting_is_told(place, tokens, capsys):
    path = place(device=True)
    tokens.rotate = ""
    assert run(["imap", "authorise", "support", "-c", str(path)]) == 70
    assert "offline_access" in capsys.readouterr().err and not kept(path).exists()


@pytest.mark.parametrize(
    ("keys", "options", "said"),
    [
        ({"password": "file:password", "client_id": None}, [], "signs in by password"),
        ({"client_secret": "file:password"}, [], "as the client itself"),
        ({}, ["--device"], "gives no codes"),
        ({"device": True, "authorise_url": None}, ["--browser"], "Name authorise_url"),
    ],
)
def test_what_cannot_be_asked_is_told(place, tokens, capsys, keys, options, said):
    path = place(**keys)
    assert run(["imap", "authorise", *options, "support", "-c", str(path)]) == 70
    assert said in capsys.readouterr().err and not tokens.asked


def test_a_mailbox_that_is_not_there_is_told(place, capsys):
    assert run(["imap", "authorise", "suport", "-c", str(place())]) == 64
    assert "did you mean support?" in capsys.readouterr().err


def test_a_mailbox_that_nobody_has_let_us_into_is_named(place, server):
    path = place()
    config = load(path, secrets=True)
    (found,) = [each for each in check(config, 0) if each.subject == "imap.support"]
    assert found.state.value == "look" and found.detail == ("gatepost imap authorise support",)
    (found,) = mailbox(config, "support")
    assert found.state.value == "wrong" and "gatepost imap authorise support" in found.detail[0]
    assert not server.heard or not server.commands("AUTHENTICATE")


@pytest.mark.catalogue("N07")
def test_a_grant_that_was_revoked_is_named_with_what_to_do(place, tokens):
    path = place()
    KeptToken(kept(path)).write("", "r-1")
    tokens.answers = [(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})]
    (found,) = mailbox(load(path, secrets=True), "support")
    assert found.state.value == "wrong" and "expired or revoked" in found.seen
    assert found.detail == ("The grant has expired or was revoked. Run: gatepost imap authorise support",)


def test_a_daemon_that_waits_for_its_next_try_goes_on_as_soon_as_somebody_lets_us_in(
    desk, server, mail, until, tokens, tmp_path
):
    server.add(mail(1))
    held = KeptToken(tmp_path / "data" / "oauth" / "support.json")
    section = desk.section(
        server.port, password=None, token_url=tokens.url, client_id="gatepost", authorise_url=tokens.url
    )
    tokens.on_token = server.tokens.add
    running = desk.mailbox(section, tokens=Tokens(section, kept=held))
    slept = threading.Event()
    rest = running._sleep

    def sleep(seconds):
        slept.set()
        return rest(3_600 if seconds >= 1 else seconds)

    running._rest = sleep
    running.start()
    assert slept.wait(PATIENCE) and "gatepost imap authorise support" in desk.state().said
    running.watch()
    held.write("", "r-1")
    running.watch()
    until(lambda: server.raws("Processed") == [mail(1)], PATIENCE)


def test_a_token_that_is_good_once_is_shown_by_one_process_at_a_time(place, tokens):
    path = place(device=True)
    tokens.strict = True
    KeptToken(kept(path)).write("", "r-1")
    section = load(path, secrets=True).imap["support"]
    said = []

    def ask():
        said.append(Tokens(section, kept=KeptToken(kept(path))).current())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(PATIENCE)
    assert len(set(said)) == 8 and "" not in tokens.refresh and newest(path) == tokens.refresh[-1]


def test_a_token_that_somebody_holds_is_waited_for_and_then_told(place, tokens):
    path = place()
    held, now = KeptToken(kept(path)), iter(range(0, 1_000, 30))
    held.write("", "r-1")
    other = KeptToken(kept(path), lambda: next(now))
    with held.alone(), pytest.raises(TemporaryError, match="another gatepost"), other.alone():
        pass


def test_a_file_that_cannot_be_read_is_told_and_the_operators_old_token_is_not_shown(place, tokens):
    path = place()
    kept(path).mkdir(parents=True)
    config = load(path, secrets=True)
    with pytest.raises(TemporaryError, match=r"support\.json cannot be read"):
        tokens_of("support", config.imap["support"], config.data, Clock()).current()
    assert not tokens.asked


def test_what_root_writes_belongs_to_whom_the_folder_belongs(place, monkeypatch):
    held, given = KeptToken(kept(place())), []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((path, user, group)))
    monkeypatch.setattr(os, "fchown", lambda handle, user, group: given.append(("file", user, group)))
    held.write("", "r-1")
    owner = held.path.parent.parent.stat()
    assert given == [(held.path.parent, owner.st_uid, owner.st_gid), ("file", owner.st_uid, owner.st_gid)]


def test_lines_are_pasted_in_pieces(monkeypatch):
    reads, writes = os.pipe()
    monkeypatch.setattr("gatepost.cli.imap._stdin", lambda: reads)
    pasted = _Pasted()
    try:
        assert pasted() is None
        os.write(writes, b"http://127")
        assert pasted() is None
        os.write(writes, b".0.0.1/\nmore")
        assert pasted() == "http://127.0.0.1/"
        os.close(writes)
        assert [pasted(), pasted()] == [None, None]
    finally:
        os.close(reads)
