"""DKIM signatures of ours, verified by dkimpy, which has no part in what is hashed (D3, F15)."""

import base64
import re
import subprocess
from dataclasses import replace

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.letter import Attachment
from gatepost.errors import PermanentError
from gatepost.mail.compose import compose
from gatepost.mail.signing import OVERSIGNED, signer

NOW = 1_780_315_200_000


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def key(request):
    """A signer, and what DNS says of its key."""
    options = (
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        if request.param == "rsa"
        else ["-algorithm", "ed25519"]
    )
    pem = openssl("genpkey", *options)
    public = openssl("pkey", "-pubout", "-outform", "DER", stdin=pem)

    octets = public if request.param == "rsa" else public[-32:]
    record = b"v=DKIM1; k=" + request.param.encode() + b"; p=" + base64.b64encode(octets)
    return signer("market.example", "g1", pem), record


def verified(raw: bytes, record: bytes) -> bool:
    def dns(name, timeout=5):
        assert name == b"g1._domainkey.market.example."
        return record

    try:
        return dkim.DKIM(raw).verify(dnsfunc=dns)
    except dkim.ValidationError:
        return False


@pytest.mark.catalogue("F15")
@pytest.mark.parametrize("template", [
    "customer/acknowledgement", "customer/answer", "customer/rating", "vendor/ticket", "vendor/overdue", "staff/team",
    "staff/breaker", "staff/delay", "staff/alarm", "staff/undeliverable", "collaborator/collaborator",
])  # fmt: skip
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_letter_is_signed_so_that_others_can_verify_it(draft, letters, key, template, language):
    ours, record = key
    content = b"\x00\xff\r\nbytes" * 99
    files = (
        Attachment(
            filename="a b.bin", content_type="application/octet-stream", size=len(content), sha256="0", content=content
        ),
    )
    mail = compose(replace(draft(template, language=language), attachments=files), letters)
    raw = ours.sign(mail.raw, NOW)
    assert raw.endswith(mail.raw)
    assert verified(raw, record)
    head = raw.partition(b"\r\nFrom:")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    tags = re.sub(rb"\s", b"", head).decode()
    assert "c=relaxed/relaxed" in tags and ";l=" not in tags
    listed = re.search(r";h=([^;]*);", tags).group(1).split(":")
    present = [
        line.partition(b":")[0].decode().lower()
        for line in mail.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
        if line[:1] not in b" \t"
    ]
    for name in OVERSIGNED:
        assert listed.count(name) == present.count(name) + 1


@pytest.mark.catalogue("F15")
@pytest.mark.parametrize("name", ["From", "Subject", "To", "Date", "Reply-To", "Message-ID"])
def test_a_field_that_is_added_or_changed_on_the_way_breaks_the_signature(draft, letters, key, name):
    ours, record = key
    raw = ours.sign(compose(draft("customer/answer"), letters).raw, NOW)
    added = raw.replace(b"\r\nMIME-Version", f"\r\n{name}: x <x@evil.example>\r\nMIME-Version".encode(), 1)
    assert verified(raw, record)
    assert added != raw and not verified(added, record)
    assert not verified(raw.replace(b"\r\n\r\n", b"\r\n\r\nx", 1), record)
    assert not verified(raw + b"more\r\n", record)


@given(text=st.text(alphabet=" \tab.=\r\n", max_size=80))
@settings(max_examples=60, deadline=None)
def test_blanks_and_empty_lines_are_canonical_as_others_read_them(key_of_ed25519, text):
    ours, record = key_of_ed25519
    body = "\r\n".join(text.replace("\r", "").split("\n"))
    raw = f"From: a@market.example\r\nSubject:  two   words\r\n\tfolded \r\nTo: b@x.example\r\n\r\n{body}\r\n".encode()
    assert verified(ours.sign(raw, NOW), record)


@pytest.fixture(scope="module")
def key_of_ed25519():

    pem = openssl("genpkey", "-algorithm", "ed25519")
    public = openssl("pkey", "-pubout", "-outform", "DER", stdin=pem)[-32:]
    return signer("market.example", "g1", pem), b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public)


def test_a_key_stands_for_its_domain_and_those_below(key):
    ours, _ = key
    assert [ours.covers(d) for d in ("market.example", "de.Market.example", "notmarket.example", "example")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("pem", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(pem):
    with pytest.raises(PermanentError, match="no private key"):
        signer("market.example", "g1", pem)
