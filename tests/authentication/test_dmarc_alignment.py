"""DMARC (RFC 7489): organisational domains by the public suffix list, alignment, and which record counts."""

import pytest

from gatepost.authentication.dmarc import Policy, aligned, organisation, policy_of
from gatepost.authentication.resolver import Lookups, NoAnswer
from gatepost.authentication.table import Table
from gatepost.core.identity import Authentication

RF = "xn--e1afmkfd.xn--p1ai"  # пример.рф


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("example.org", "example.org"),
        ("a.b.example.org", "example.org"),
        ("shop.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("jane.github.io", "jane.github.io"),
        (RF, RF),
        (f"mail.{RF}", RF),
        ("пример.рф", "пример.рф"),
        ("почта.пример.рф", "пример.рф"),
        ("a.kawasaki.jp", "a.kawasaki.jp"),
        ("x.city.kawasaki.jp", "city.kawasaki.jp"),
        ("host.customer.example", "customer.example"),
        ("localhost", "localhost"),
    ],
)
def test_the_organisation_of_a_domain(domain, expected):
    assert organisation(domain) == expected


@pytest.mark.catalogue("D22")
@pytest.mark.parametrize(
    ("one", "from_domain", "relaxed", "strict"),
    [
        ("example.org", "example.org", True, True),
        ("Example.ORG.", "example.org", True, True),
        ("mail.example.org", "example.org", True, False),
        ("example.org", "news.example.org", True, False),
        ("a.example.org", "b.example.org", True, False),
        ("example.com", "example.org", False, False),
        ("badexample.org", "example.org", False, False),
        ("example.org.evil.example", "example.org", False, False),
        ("a.co.uk", "b.co.uk", False, False),
        ("co.uk", "a.co.uk", False, False),
        ("org", "example.org", False, False),
        ("eve.github.io", "jane.github.io", False, False),
        ("xn--p1ai", RF, False, False),
        (f"xn--80a1acny.{RF}", RF, True, False),
        ("xn--80a1acny.xn--p1ai", RF, False, False),
        ("", "example.org", False, False),
        ("", "", False, False),
    ],
)
def test_alignment(one, from_domain, relaxed, strict):
    assert aligned(one, from_domain, strict=False) is relaxed
    assert aligned(one, from_domain, strict=True) is strict


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({"_dmarc.a.example.org": ["v=DMARC1; p=reject"]}, Policy(published="a.example.org", policy="reject")),
        ({"_dmarc.example.org": ["v=DMARC1; p=reject"]}, Policy(published="example.org", policy="reject")),
        ({"_dmarc.example.org": ["v=DMARC1;p=reject;sp=none"]}, Policy(published="example.org", policy="none")),
        ({"_dmarc.a.example.org": ["v=DMARC1; p=none"], "_dmarc.example.org": ["v=DMARC1; p=reject"]},
         Policy(published="a.example.org")),
        ({"_dmarc.a.example.org": ["v=spf1 -all", "v=DMARC1; p=quarantine; adkim=s; aspf=s"]},
         Policy(published="a.example.org", policy="quarantine", strict_dkim=True, strict_spf=True)),
        ({"_dmarc.a.example.org": [" v = DMARC1 ; p = None ; adkim=R"]}, Policy(published="a.example.org")),
        ({"_dmarc.a.example.org": ["v=DMARC1; p=bogus; rua=mailto:x@example.org"]}, Policy(published="a.example.org")),
        ({"_dmarc.a.example.org": ["v=DMARC1; p=bogus"]}, None),
        ({"_dmarc.a.example.org": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, None),
        ({"_dmarc.a.example.org": ["p=reject; v=DMARC1"], "_dmarc.example.org": ["v=dmarc1; p=reject"]}, None),
        ({"_dmarc.org": ["v=DMARC1; p=reject"]}, None),
        ({}, None),
    ],
)  # fmt: skip
async def test_which_record_counts(records, expected):
    zone = {name: {"TXT": texts} for name, texts in records.items()}
    assert await policy_of("a.example.org", Lookups(Table(zone))) == expected


async def test_a_policy_that_dns_does_not_give_is_not_taken_for_none():
    with pytest.raises(NoAnswer):
        await policy_of("example.org", Lookups(Table({"_dmarc.example.org": "timeout"})))


@pytest.mark.parametrize("unanswered", ["_dmarc.customer.example", "customer.example"])
async def test_no_answer_of_dns_is_unverified_never_a_pass(post, signed, unanswered):
    post.zone[unanswered] = "timeout"
    raw = signed() if unanswered == "_dmarc.customer.example" else None
    proof = await (post.evaluate(raw) if raw else post.evaluate())
    assert proof.result is Authentication.UNVERIFIED
    assert proof.why.startswith("DMARC temperror: timeout")


async def test_spf_is_aligned_by_the_envelope_sender(post):
    proof = await post.evaluate(ip="203.0.113.66", mail_from="bounce@evil.example")
    assert proof.result is Authentication.FAILED
    assert str(proof.findings[0]) == "spf=pass for evil.example, not aligned with From (by ip4 of evil.example)"
    post.zone["mx.customer.example"] = {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}
    proof = await post.evaluate(mail_from="")
    assert proof.why == "DMARC pass: SPF of mx.customer.example aligned with From customer.example"
    post.zone["_dmarc.customer.example"] = {"TXT": ["v=DMARC1; p=none; aspf=s"]}
    assert (await post.evaluate(mail_from="")).result is Authentication.FAILED


async def test_a_softfail_is_no_pass(post):
    post.zone["customer.example"] = {"TXT": ["v=spf1 ?all"]}
    assert (await post.evaluate()).result is Authentication.FAILED


async def test_an_internationalised_sender_is_proved_in_its_ascii_form(post, signed, mail_of):
    post.zone |= {
        f"k1._domainkey.{RF}": post.zone["k1._domainkey.customer.example"],
        f"_dmarc.{RF}": {"TXT": ["v=DMARC1; p=reject"]},
    }
    for domain in (RF, "пример.рф"):
        raw = signed(mail_of("Анна <anna@почта.пример.рф>".encode()), domain=domain)
        proof = await post.evaluate(raw, ip="203.0.113.5")
        assert proof.why == f"DMARC pass: DKIM d={RF} aligned with From xn--80a1acny.{RF}"
