"""Mails signed with keys made for these tests, and the DNS that belongs to them."""

import base64
from dataclasses import dataclass, field

import dkim
import nacl.signing
import pytest

from gatepost.authentication import Evaluator
from gatepost.authentication.table import Table
from gatepost.core.letter import Arrival, Door, Envelope
from gatepost.mail.parse import read_letter

NOW = 1_793_610_000_000  # 2026-11-02T09:00:00Z
PRIVATE = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDeLkzAcRoA9iKERA5FxFRjdyB4eDZTZMbyDzHAyvsV4a5IX/3u
TXudo0XC0BgXSi4XMtXSMVeWMZmyNz0iP/stZIIeGcY31OkqHucyRQz3CUUaoBDJ
snXbP2fCb/RSikq0ZzevHoeureKeFKeV2eggGSOnfHmnI1fe7eHNtFHkCQIDAQAB
AoGBANiGrLv7PYlkVl0qafJqFIfe5+Ef3mnFU/FBB47JAovfpdbY3gLotij5npnt
7Rx9aY+oNiOjfKVd71h0ZvrC+cgBExnsjhia+nuF+xkSuafNiH/7dpsgHDyFdh81
INDtMtKdqJmcKdyI91tvAMGMyWMfDPZKEQQ5YzK1u0jrmnUBAkEA9eeYNurEemHh
nSnhsfc3YgzAdYnnJjZ+QiH3gEkkm+wblmEUMNiiS0wbpcRy25LjxisKm8ATKD79
aocFby33aQJBAOdNX4JMrHhhlotv1wbGXCs3k5mOSSandCp+n1Nw2ALeVMVECDeT
v+zgG0bM6bnhjyn2fr9/6zrVfp1tkfWYk6ECQB5PU5XBTkJ/eh2zIdybyjnNtJNI
UjOFl/5yzV0EpvyJF8VrZd+3dBmv4eCG3FlwO58bgw07maDmUroktmjD07ECQQDk
NeXW9HlyaK6VMqqQJ6QGi9YYOleYSL2Hs9jVBdBKvDwdSatl0mQZfV/MMh8k5BRR
jb+uh7J6IOzEvLe2/mwhAkEArMwL2OirB6pYKIxBrGb3h8XM5yoJ6FDfv5uJw8Dk
mgnaPGz/9X7rGdgzVA+pOpSyJYgfNi5EXF/2AmtXT8iXgg==
-----END RSA PRIVATE KEY-----
"""
PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDeLkzAcRoA9iKERA5FxFRjdyB4eDZTZMbyDzHAyvsV4a5IX/3uTXudo0XC0BgX"
    "Si4XMtXSMVeWMZmyNz0iP/stZIIeGcY31OkqHucyRQz3CUUaoBDJsnXbP2fCb/RSikq0ZzevHoeureKeFKeV2eggGSOnfHmnI1fe"
    "7eHNtFHkCQIDAQAB"
)
SEED = b"\x07" * 32
ED25519 = base64.b64encode(nacl.signing.SigningKey(SEED).verify_key.encode()).decode()
MAIL = (
    b"From: Jane Roe <jane@customer.example>\r\n"
    b"To: support@orchard.example\r\n"
    b"Subject: Shipping Labels\r\n"
    b"Date: Mon, 2 Nov 2026 09:00:00 +0000\r\n"
    b"Message-ID: <1@customer.example>\r\n"
    b"\r\n"
    b"It prints nothing.\r\n"
)


def zone(**more):
    """customer.example signs as `k1`, sends from 192.0.2.1, and publishes p=reject; names in `more` use _ for a dot."""
    return {
        "customer.example": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
        "_dmarc.customer.example": {"TXT": ["v=DMARC1; p=reject"]},
        "k1._domainkey.customer.example": {"TXT": [f"v=DKIM1; k=rsa; p={PUBLIC}"]},
        "ed._domainkey.customer.example": {"TXT": [f"v=DKIM1; k=ed25519; p={ED25519}"]},
        "k1._domainkey.evil.example": {"TXT": [f"v=DKIM1; k=rsa; p={PUBLIC}"]},
        "evil.example": {"TXT": ["v=spf1 ip4:203.0.113.66 -all"]},
        **more,
    }


def sign(raw: bytes = MAIL, domain: str = "customer.example", selector: str = "k1", **options) -> bytes:
    """The mail with a signature above it."""
    key = base64.b64encode(SEED) if options.get("signature_algorithm") == b"ed25519-sha256" else PRIVATE
    include = options.pop("include_headers", [b"from", b"to", b"subject", b"date", b"message-id"])
    return dkim.sign(raw, selector.encode(), domain.encode(), key, include_headers=include, **options) + raw


def seal(raw: bytes, domain: str, results: str, selector: str = "k1") -> bytes:
    """The mail as a forwarder passes it on: with what it saw, and a further ARC set."""
    seen = f"Authentication-Results: {domain}; {results}\r\n".encode() + raw
    added = dkim.arc_sign(
        seen, selector.encode(), domain.encode(), PRIVATE, domain.encode(),
        include_headers=[b"from", b"to", b"subject", b"date"],
    )  # fmt: skip
    return b"".join(added) + raw


@dataclass
class Post:
    """An MX with its DNS: `evaluate` says what it finds out about a mail."""

    zone: dict = field(default_factory=zone)
    sealers: tuple[str, ...] = ()
    table: Table | None = None

    async def evaluate(
        self, raw=MAIL, *, ip="192.0.2.1", mail_from="jane@customer.example", helo="mx.customer.example"
    ):
        self.table = Table(self.zone)
        envelope = Envelope(
            mail_from=mail_from, recipients=("support@orchard.example",), peer=ip, helo=helo, door=Door.SMTP
        )
        arrival = Arrival(id=1, received=NOW, envelope=envelope, raw=raw)
        return await Evaluator(self.table, sealers=self.sealers).prove(arrival, read_letter(raw))


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def signed():
    return sign


@pytest.fixture
def sealed():
    return seal


@pytest.fixture
def customer_zone():
    return zone


@pytest.fixture
def mail_of():
    """The plain mail with another From."""
    return lambda author: MAIL.replace(b"Jane Roe <jane@customer.example>", author)


@pytest.fixture
def resigned():
    """The mail with a right signature whose field says something else in one tag."""
    return resign


def resign(tag: bytes) -> bytes:
    """Sign over a field into which `tag` was put, in place of the one of its name."""
    name, _, _ = tag.partition(b"=")

    class Altered(dkim.DKIM):
        def gen_header(self, fields, *rest):
            kept = [pair for pair in fields if pair[0] != name]
            key, _, value = tag.rstrip(b";").partition(b"=")
            at = max(len(kept) - 1, 0)
            kept.insert(at, (key, value))
            return super().gen_header(kept, *rest)

    signer = Altered(MAIL)
    field = signer.sign(b"k1", b"customer.example", PRIVATE, include_headers=[b"from", b"to", b"subject"])
    return field + MAIL
