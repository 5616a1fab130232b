"""Whatever a sender writes into mail or DNS: the evaluation ends, within its budget, and forged words prove nothing."""

import asyncio
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.authentication import Evaluator
from gatepost.authentication.resolver import Kind, Lookups
from gatepost.authentication.spf import Spf, check
from gatepost.authentication.spf_record import Malformed, parse
from gatepost.authentication.table import Table
from gatepost.core.identity import Authentication
from gatepost.core.letter import Arrival, Envelope
from gatepost.mail.parse import read_letter

RUNS = settings(max_examples=150, deadline=None)
TERMS = st.sampled_from(
    ["a", "mx", "ptr", "all", "-all", "~all", "include:", "exists:", "redirect=", "exp=", "ip4:192.0.2.1", "ip6:::1", ":", "/",
     "//", "24", "128", "%{", "}", "%{i}", "%{p}", "%{d2r}", "%{L}", "%%", "%", " ", "  ", ".", "x.example", "a.example", "\x80",
     "+", "?", "=", "a1.-", "0"]
)  # fmt: skip
RECORD = st.lists(TERMS, max_size=25).map(lambda parts: "v=spf1 " + "".join(parts))
TOKENS = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b";", b"=", b":", b"b=", b"h=from", b"i=1;", b"l=0;", b"d=evil.example;", b"\xff", b"\0",
    b"From: mallory@evil.example\r\n", b"DKIM-Signature: ", b"ARC-Seal: i=1; cv=none;", b"c=relaxed/simple;", b"AAAA", b"x=1;",
]  # fmt: skip


@RUNS
@given(RECORD, st.sampled_from(["192.0.2.1", "2001:db8::1"]), st.text(max_size=20))
def test_no_spf_record_raises_or_costs_more_than_the_rfc_allows(record, ip, local):
    zone = {
        "a.example": {"TXT": [record], "A": ["192.0.2.1"], "MX": ["a.example", "gone.example"]},
        "x.example": {"TXT": [record.replace("a.example", "x.example")]},
        "1.2.0.192.in-addr.arpa": {"PTR": ["a.example"]},
    }
    table = Table(zone)
    outcome, _, detail = asyncio.run(check(Lookups(table), ip_address(ip), f"{local}@a.example", "x.example"))
    assert outcome in Spf
    assert isinstance(detail, str)
    assert len([kind for _, kind in table.asked if kind is Kind.TXT]) <= 11


@RUNS
@given(st.text(max_size=60) | RECORD)
def test_a_record_is_read_or_malformed(text):
    try:
        record = parse(text)
    except Malformed:
        return
    assert all(mechanism.qualifier in "+-~?" for mechanism in record.mechanisms)


@st.composite
def changes(draw):
    return [
        (draw(st.sampled_from(["insert", "delete", "copy", "flip"])), draw(st.integers(0, 1_500)), draw(st.integers(1, 60)),
         draw(st.sampled_from(TOKENS)))
        for _ in range(draw(st.integers(1, 5)))
    ]  # fmt: skip


def changed(raw: bytes, steps) -> bytes:
    octets = bytearray(raw)
    for kind, place, length, token in steps:
        at = min(place, len(octets))
        if kind == "insert":
            octets[at:at] = token
        elif kind == "delete":
            del octets[at : at + length]
        elif kind == "copy":
            octets[at:at] = octets[at : at + length] * 3
        elif at < len(octets):
            octets[at] ^= length
    return bytes(octets)


@pytest.mark.catalogue("D22", "D23")
def test_no_change_to_a_signed_and_sealed_mail_makes_another_author(signed, sealed, customer_zone):
    mails = [signed(), sealed(signed(), "lists.example", "dmarc=pass header.from=customer.example")]
    zone = customer_zone()
    zone["k1._domainkey.lists.example"] = zone["k1._domainkey.customer.example"]
    zone["_dmarc.evil.example"] = {"TXT": ["v=DMARC1; p=none"]}

    @RUNS
    @given(st.sampled_from(mails), changes())
    def run(raw, steps):
        raw = changed(raw, steps)
        envelope = Envelope(mail_from="x@nowhere.example", recipients=(), peer="203.0.113.1", helo="x.example")
        arrival = Arrival(id=1, received=0, envelope=envelope, raw=raw)
        letter = read_letter(raw)
        table = Table(zone)
        proof = asyncio.run(Evaluator(table, sealers=["lists.example"]).prove(arrival, letter))
        assert "itself failed" not in proof.why
        assert len(table.asked) <= 60
        if proof.result is Authentication.VERIFIED:
            assert letter.sender.address == "jane@customer.example"

    run()


async def test_a_fault_of_ours_costs_neither_the_mail_nor_the_desk(post, caplog):
    post.zone["customer.example"] = {"TXT": ["v=spf1 a -all"], "A": ["not an address"]}
    proof = await post.evaluate()
    assert (proof.result, proof.why) == (
        Authentication.UNVERIFIED,
        "DMARC temperror: the evaluation itself failed; the log says how",
    )
    assert "authentication.failed id=1" in caplog.text
