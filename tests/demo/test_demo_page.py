"""The demo's pages show foreign mail: nothing of it may run, be sniffed, or lead outside."""

import base64

import pytest
from starlette.testclient import TestClient

from gatepost.demo.page import pages
from gatepost.demo.place import Place
from gatepost.demo.post_office import Kept, PostOffice
from gatepost.demo.sink import Caught

HOSTILE = "<script>alert(1)</script>"


def mail(filename: str, content_type: str, body: bytes) -> bytes:
    return (
        f"From: {HOSTILE} <a@b.example>\r\nTo: c@d.example\r\nSubject: {HOSTILE}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>{HOSTILE}<img src=http://x.example/p.png>\r\n"
        f'--b\r\nContent-Type: {content_type}; name="{filename}"\r\nContent-Disposition: attachment; filename="{filename}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{base64.b64encode(body).decode()}\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def client(tmp_path):
    office = PostOffice(now=lambda: 0)
    kinds = [
        ("page.html", "text/html", b"<script>alert(1)</script>"),
        ("drawing.svg", "image/svg+xml", b"<svg onload=alert(1)>"),
        ("code.js", "application/javascript", b"alert(1)"),
        ("paper.pdf", "application/pdf", b"%PDF-1.4"),
        ("program.png", "image/png", b"MZ\x90\x00"),
        ("../../etc/x\r\nX-Evil: 1.txt", "text/plain", b"x"),
    ]
    for number, kind in enumerate(kinds):
        content = mail(*kind)
        caught = Caught(
            mail_from="a@b.example", recipients=("c@d.example",), parameters="", content=content, connection=number
        )
        office.mails.append(_kept(office, caught))
    return TestClient(pages(office, Place(folder=tmp_path), command=lambda: "true"))


def _kept(office, caught):
    return Kept(
        number=len(office.mails) + 1,
        at=0,
        mail_from=caught.mail_from,
        recipients=caught.recipients,
        content=caught.content,
    )


@pytest.mark.catalogue("C16")
@pytest.mark.parametrize("number", range(1, 7))
def test_a_file_is_only_ever_downloaded(client, number):
    answer = client.get(f"/mail/{number}/file/0")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "/" not in answer.headers["content-disposition"]
    assert "x-evil" not in answer.headers


@pytest.mark.catalogue("C16")
def test_the_html_of_a_mail_runs_nothing_and_fetches_nothing(client):
    answer = client.get("/mail/1/html")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "img-src data:" in policy
    assert "<iframe sandbox " in client.get("/mail/1").text


def test_every_field_is_escaped(client):
    for path in ("/", "/mail/1"):
        assert HOSTILE not in client.get(path).text


def test_what_is_not_there_is_said_plainly(client):
    for path in ("/mail/99", "/mail/1/file/9", "/mail/99/raw"):
        assert client.get(path).status_code == 404


def test_only_a_form_moves_the_clock(client, tmp_path):
    assert client.get("/push/7d").status_code == 405
    assert client.post("/push/7d", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 404
    assert Place(folder=tmp_path).ahead() == 0
    assert client.post("/push/7d", follow_redirects=False).status_code == 303
    assert Place(folder=tmp_path).ahead() == 7 * 24 * 3_600_000
