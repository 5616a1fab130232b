"""DKIM (RFC 6376): which signatures count. Those that do not count are as if they were not there."""

import base64

import pytest

from gatepost.authentication.signature import Dkim
from gatepost.core.identity import Authentication

V, U, F = Authentication.VERIFIED, Authentication.UNVERIFIED, Authentication.FAILED
ELSEWHERE = "203.0.113.5"
KEY = "k1._domainkey.customer.example"


def dkim_of(proof):
    return [(finding.result, finding.detail) for finding in proof.findings if finding.method == "dkim"]


async def judged(post, raw):
    proof = await post.evaluate(raw, ip=ELSEWHERE)
    return proof.result, *dkim_of(proof)[0]


@pytest.mark.catalogue("D22")
async def test_a_signature_of_an_unaligned_domain_proves_nothing(post, signed):
    proof = await post.evaluate(signed(domain="evil.example"), ip=ELSEWHERE)
    assert proof.result is F
    assert "dkim=pass for evil.example, not aligned with From (s=k1)" in map(str, proof.findings)
    del post.zone["_dmarc.customer.example"]
    assert (await post.evaluate(signed(domain="evil.example"), ip=ELSEWHERE)).result is U


@pytest.mark.catalogue("D22")
async def test_a_subdomains_signature_is_aligned_unless_the_policy_is_strict(post, signed):
    post.zone["k1._domainkey.mail.customer.example"] = post.zone[KEY]
    raw = signed(domain="mail.customer.example")
    assert (await post.evaluate(raw, ip=ELSEWHERE)).result is V
    post.zone["_dmarc.customer.example"] = {"TXT": ["v=DMARC1; p=none; adkim=s"]}
    assert (await post.evaluate(raw, ip=ELSEWHERE)).result is F
    del post.zone["_dmarc.customer.example"]
    assert (await post.evaluate(raw, ip=ELSEWHERE)).result is U
    assert (await post.evaluate(signed(), ip=ELSEWHERE)).result is V


@pytest.mark.catalogue("D22")
async def test_a_signature_over_a_part_of_the_body_does_not_count(post, signed):
    raw = signed(length=True)
    assert await judged(post, raw) == (F, Dkim.NEUTRAL, "s=k1; it covers only a part of the body (l=)")
    assert (await judged(post, raw + b"Pay me.\r\n"))[0] is F


@pytest.mark.catalogue("D22")
@pytest.mark.parametrize("extra", [b"From: mallory@evil.example\r\n", b"from : mallory@evil.example\r\n"])
async def test_a_from_added_after_signing_fails(post, signed, extra):
    for raw in (extra + signed(), signed().replace(b"To:", extra + b"To:", 1)):
        assert (await post.evaluate(raw, ip=ELSEWHERE)).result is F
    over_signed = signed(include_headers=[b"from", b"to", b"subject"])
    assert (await post.evaluate(extra + over_signed)).result is F


@pytest.mark.catalogue("D17", "D22")
@pytest.mark.parametrize(
    "author", [b"jane@customer.example, mallory@evil.example", b"mallory@evil.example, jane@customer.example"]
)
async def test_several_authors_fail_whoever_signed(post, signed, mail_of, author):
    raw = mail_of(author)
    proof = await post.evaluate(signed(raw))
    assert (proof.result, proof.why) == (F, "DMARC fail: From names several authors (RFC 7489 6.6.1)")


@pytest.mark.catalogue("D17")
@pytest.mark.parametrize("author", [b"", b"<>", b"alice@ex)bob@customer.example", b"Jane"])
async def test_without_one_author_nothing_is_proved(post, signed, mail_of, author):
    proof = await post.evaluate(signed(mail_of(author)))
    assert proof.result is U
    assert proof.findings == ()
    assert post.table.asked == []


@pytest.mark.catalogue("D22")
@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (b"@customer.example", V),
        (b"jane@customer.example", V),
        (b"jane@mail.customer.example", V),
        (b"jane@evil.example", F),
        (b"jane@evilcustomer.example", F),
        (b"customer.example", F),
    ],
)
async def test_an_identity_outside_the_signing_domain_does_not_count(post, signed, resigned, identity, expected):
    proof = await post.evaluate(resigned(b"i=" + identity + b";"), ip=ELSEWHERE)
    assert proof.result is expected, proof


@pytest.mark.catalogue("D22")
async def test_a_key_may_forbid_subdomains_in_the_identity(post, resigned):
    post.zone[KEY]["TXT"][0] += "; t=s"
    assert (await post.evaluate(resigned(b"i=jane@customer.example;"), ip=ELSEWHERE)).result is V
    assert (await post.evaluate(resigned(b"i=jane@mail.customer.example;"), ip=ELSEWHERE)).result is F


@pytest.mark.parametrize(
    ("tag", "detail"),
    [
        (b"v=2;", "its version is 2"),
        (b"a=rsa-sha1;", "the algorithm rsa-sha1 does not count (RFC 8301)"),
        (b"x=1;", "it had expired when the mail came (x=)"),
        (b"x=soon;", "its x= is no number"),
        (b"q=http;", "its key is not in DNS (q=)"),
        (b"c=fancy/fancy;", "its canonicalization is unknown"),
        (b"bh=;", "it has no bh="),
        (b"bh=!!!!;", "it is not base64"),
        (b"s=..;", "its s= and d= name no key"),
        (b"s=none;", "there is no key at none._domainkey.customer.example"),
        (b"d=;", "it has no d="),
        (b"h=to:subject;", "it does not cover From"),
        (b"h=" + b"x:" * 300 + b"from;", "it covers too many fields"),
        (b"z=" + b"x" * 5_000 + b";", "the field is too long"),
        (b"z=" + b" " * 100 + b";", "the field is too long"),
        (b"9x=1;", "the field is malformed"),
    ],
)
async def test_a_signature_that_breaks_the_rules_does_not_count(post, resigned, tag, detail):
    result, _, said = await judged(post, resigned(tag))
    assert (result, said.removeprefix("s=k1; ").removeprefix("s=none; ").removeprefix("s=..; ")) == (F, detail)


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ("v=DKIM1; p=", "its key was revoked"),
        ("v=DKIM1", "its key was revoked"),
        ("v=DKIM2; p={p}", "its key cannot be read"),
        ("v=DKIM1; p=AAAA", "its key cannot be read"),
        ("v=DKIM1; p=!", "its key cannot be read"),
        ("v=DKIM1; k=ed25519; p={p}", "its key cannot be read"),
        ("v=DKIM1; k=dsa; p={p}", "its key cannot be read"),
        ("v=DKIM1; h=sha1; p={p}", "its key is not for SHA-256"),
        ("v=DKIM1; s=tlsrpt; p={p}", "its key is not for mail"),
        ("v=DKIM1; t=y; p={p}", "its key is for tests only (t=y)"),
        ("v=DKIM1; n=" + "x" * 5_000 + "; p={p}", "its key is too long"),
    ],
)
async def test_a_key_that_is_none_proves_nothing(post, signed, record, detail):
    public = post.zone[KEY]["TXT"][0].rpartition("p=")[2]
    post.zone[KEY] = {"TXT": [record.format(p=public)]}
    result, _, said = await judged(post, signed())
    assert (result, said) == (F, f"s=k1; {detail}")


def der(*numbers: int) -> str:
    """An RSA public key of this modulus and exponent."""
    body = b""
    for number in numbers:
        octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
        body += b"\x02\x82" + len(octets).to_bytes(2, "big") + octets
    return base64.b64encode(b"\x30\x82" + len(body).to_bytes(2, "big") + body).decode()


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [((1 << 511) + 1, 65_537), ((1 << 9_000) + 1, 65_537), ((1 << 2_047) + 1, (1 << 2_000) + 1)],
)
async def test_a_key_of_a_size_that_costs_or_protects_nothing_is_not_used(post, signed, modulus, exponent):
    post.zone[KEY] = {"TXT": [f"v=DKIM1; p={der(modulus, exponent)}"]}
    assert (await judged(post, signed()))[2] == "s=k1; its key is too small or too large"


async def test_two_keys_at_one_name_are_none(post, signed):
    post.zone[KEY]["TXT"] *= 2
    assert (await judged(post, signed()))[2] == f"s=k1; there are several keys at {KEY}"


async def test_a_key_that_dns_does_not_give_leaves_the_sender_unverified(post, signed):
    post.zone[KEY] = "SERVFAIL"
    proof = await post.evaluate(signed(), ip=ELSEWHERE)
    assert (proof.result, proof.why) == (U, f"DMARC temperror: SERVFAIL: TXT {KEY}")
    # Another way to prove the sender still counts.
    assert (await post.evaluate(signed())).result is V
    # A key of somebody else would have proved nothing: its silence excuses nothing.
    post.zone["k1._domainkey.evil.example"] = "timeout"
    assert (await post.evaluate(signed(domain="evil.example"), ip=ELSEWHERE)).result is F


async def test_the_aligned_signature_is_found_among_many_and_no_more_than_five_are_looked_at(post, signed):
    raw = signed()
    for _ in range(8):
        raw = signed(raw, domain="evil.example")
    proof = await post.evaluate(raw, ip=ELSEWHERE)
    assert proof.result is V
    assert len(dkim_of(proof)) == 5


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\r\n", b"\r\n\r\n", b" From: a@b.example\r\n\r\n", b"From a@b.example\r\n\r\n", b"From: jane@customer.example",
        b"DKIM-Signature: \xff\xfe\r\nFrom: jane@customer.example\r\n\r\n", b"DKIM-Signature:\r\nFrom: jane@customer.example\r\n\r\n",
        b"From: jane@customer.example\r\nno colon\r\n\r\nbody", b"X: y\r\n" * 1_200 + b"From: jane@customer.example\r\n\r\n",
    ],
)  # fmt: skip
async def test_a_mail_that_breaks_the_grammar_is_evaluated_as_far_as_it_goes(post, raw):
    proof = await post.evaluate(raw, ip=ELSEWHERE)
    assert proof.result is not V


async def test_a_large_header_and_body_are_verified_beside_the_event_loop(post, signed):
    raw = signed(
        b"X-Filler: y\r\n" * 900
        + b"X-Long: "
        + b"z " * 20_000
        + b"\r\nFrom: jane@customer.example\r\n\r\n"
        + b"ab \r\n" * 40_000
    )
    assert (await post.evaluate(raw, ip=ELSEWHERE)).result is V
    assert (await post.evaluate(raw[:-2] + b"c\r\n", ip=ELSEWHERE)).result is F
    assert (await post.evaluate(raw.replace(b"From: jane", b"From: paul"), ip=ELSEWHERE)).result is F


async def test_a_mail_with_bare_line_feeds_is_read_as_if_they_were_crlf(post, signed):
    assert (await post.evaluate(signed().replace(b"\r\n", b"\n"), ip=ELSEWHERE)).result is V
