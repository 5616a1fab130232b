"""The evaluation as the MX: what proves a sender, what does not, and the sentence that says so."""

import pytest

from gatepost.core.identity import Authentication

V, U, F = Authentication.VERIFIED, Authentication.UNVERIFIED, Authentication.FAILED
ELSEWHERE = "203.0.113.5"


@pytest.mark.catalogue("D03")
async def test_an_aligned_signature_proves_the_sender_from_anywhere(post, signed):
    proof = await post.evaluate(signed(), ip=ELSEWHERE)
    assert proof.result is V
    assert proof.why == "DMARC pass: DKIM d=customer.example aligned with From customer.example"
    assert [str(finding) for finding in proof.findings] == [
        "spf=fail for customer.example, aligned with From (by all of customer.example)",
        "dkim=pass for customer.example, aligned with From (s=k1)",
        "dmarc=pass for customer.example (p=reject of customer.example)",
    ]


async def test_aligned_spf_proves_the_sender_without_a_signature(post):
    proof = await post.evaluate()
    assert proof.result is V
    assert proof.why == "DMARC pass: SPF of customer.example aligned with From customer.example"


async def test_neither_is_a_fail_where_a_policy_is_published_and_nothing_where_none_is(post):
    proof = await post.evaluate(ip=ELSEWHERE)
    assert (proof.result, proof.why) == (
        F,
        "DMARC fail: neither SPF nor DKIM proves customer.example; customer.example asks for p=reject",
    )
    del post.zone["_dmarc.customer.example"]
    assert (await post.evaluate(ip=ELSEWHERE)).result is U


@pytest.mark.catalogue("D22")
async def test_a_changed_body_or_header_breaks_the_signature(post, signed):
    for raw in (signed().replace(b"nothing", b"a lot"), signed().replace(b"Shipping", b"Sailing")):
        proof = await post.evaluate(raw, ip=ELSEWHERE)
        assert proof.result is F
        assert "dkim=fail" in str(proof.findings[1])


@pytest.mark.parametrize("canonicalize", [(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")])
@pytest.mark.parametrize("body", [b"", b"\r\n", b"a\r\n\r\n\r\n", b" a \t b  \r\n \r\n", b"x", b"\r\n \r\n", b"\t\r\n"])
async def test_every_canonicalization_of_every_kind_of_body_is_read_as_it_was_signed(post, signed, canonicalize, body):
    head = b"From: jane@customer.example\r\nTo: a@b.example\r\nSubject:  two  blanks\r\n folded\r\n\r\n"
    proof = await post.evaluate(signed(head + body, canonicalize=canonicalize), ip=ELSEWHERE)
    assert proof.result is V, proof


async def test_an_ed25519_signature_counts(post, signed):
    proof = await post.evaluate(signed(selector="ed", signature_algorithm=b"ed25519-sha256"), ip=ELSEWHERE)
    assert proof.result is V
