"""`gatepost mail auth`: the evaluation of one mail, without config and, with a table, without network."""

import json

import pytest

from gatepost.cli import run

MAIL = "From: Jane <jane@customer.example>\r\nReturn-Path: <jane@customer.example>\r\nSubject: x\r\n\r\nHello.\r\n"
ZONE = {
    "customer.example": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
    "_dmarc.customer.example": {"TXT": ["v=DMARC1; p=reject"]},
}


@pytest.fixture
def files(tmp_path):
    mail, zone = tmp_path / "mail.eml", tmp_path / "dns.json"
    mail.write_bytes(MAIL.encode())
    zone.write_text(json.dumps(ZONE))
    return str(mail), str(zone)


def test_the_evaluation_is_printed_for_people(files, capsys):
    mail, zone = files
    assert run(["mail", "auth", mail, "--ip", "192.0.2.1", "--resolver", zone]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "from     Jane <jane@customer.example>",
        "result   verified: DMARC pass: SPF of customer.example aligned with From customer.example",
        "spf      pass for customer.example, aligned with From (by ip4 of customer.example)",
        "dmarc    pass for customer.example (p=reject of customer.example)",
    ]


def test_the_evaluation_is_printed_for_programs(files, capsys):
    mail, zone = files
    arguments = ["--ip", "203.0.113.9", "--helo", "mx.evil.example", "--from", "<x@evil.example>", "--json"]
    assert run(["mail", "auth", mail, *arguments, "--resolver", zone]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["from"], said["result"]) == ("jane@customer.example", "failed")
    assert said["findings"][0] == {
        "method": "spf", "result": "none", "domain": "evil.example", "aligned": False,
        "detail": "evil.example publishes no SPF",
    }  # fmt: skip


def test_without_an_address_spf_is_left_out(files, capsys):
    mail, zone = files
    assert run(["mail", "auth", mail, "--resolver", zone]) == 0
    out = capsys.readouterr().out
    assert "failed: DMARC fail" in out
    assert "spf " not in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["absent.eml"], 66, "No such file"),
        (["{mail}", "--ip", "mx.example"], 64, "'mx.example' is not an IP address"),
        (["{mail}", "--resolver", "{mail}"], 65, "cannot be read as a DNS table"),
    ],
)
def test_what_cannot_be_read_is_told(files, capsys, arguments, code, said):
    assert run(["mail", "auth", *(each.format(mail=files[0]) for each in arguments)]) == code
    assert said in capsys.readouterr().err
