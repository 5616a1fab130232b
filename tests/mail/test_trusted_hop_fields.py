"""Whole letters behind a trusted hop: which Authentication-Results are its own, whatever the sender wrote (D20)."""

import pytest

from gatepost.core.identity import Authentication
from gatepost.mail.authenticate import from_letter
from gatepost.mail.parse import read_letter

V, U, F = Authentication.VERIFIED, Authentication.UNVERIFIED, Authentication.FAILED
HOP = "mx.market.example"
PASS = f"Authentication-Results: {HOP}; dmarc=pass header.from=customer.example"
FAIL = f"Authentication-Results: {HOP}; dmarc=fail header.from=customer.example"
NONE = f"Authentication-Results: {HOP}; none"
OTHER = "Authentication-Results: mx.sender.example; dmarc=pass header.from=customer.example"
OURS = f"Received: from mail.sender.example by {HOP} with ESMTPS; Mon, 2 Nov 2026 09:00:00 +0000"
THEIRS = "Received: from laptop by mail.sender.example; Mon, 2 Nov 2026 08:59:59 +0000"


def letter(*fields, sender="From: jane@customer.example"):
    return read_letter("\r\n".join([*fields, sender, "Subject: x", "", "x", ""]).encode())


@pytest.mark.catalogue("D20")
@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        # The hop wrote its own field, above or below its Received.
        (V, [PASS, OURS, THEIRS]),
        (V, [OURS, PASS, THEIRS]),
        (F, [FAIL, OURS, PASS, THEIRS]),
        (F, [OURS, FAIL, PASS, THEIRS]),
        (U, [NONE, OURS, PASS]),
        # Somebody else's word, above, below, or alone.
        (U, [OTHER, OURS]),
        (U, [OURS, OTHER, PASS]),
        (V, [PASS, OURS, OTHER]),
        # Names that look like the hop's.
        (U, [PASS.replace(HOP, f"{HOP}.evil.example"), OURS]),
        (U, [PASS.replace(HOP, f"({HOP}) evil.example"), OURS]),
        (U, [PASS.replace(HOP, f'"{HOP} evil"'), OURS]),
        (V, [PASS.replace(HOP, HOP.upper()), OURS]),
        # A pass that is only told: in a reason, a comment, another header, a folded line of another field.
        (U, [f'Authentication-Results: {HOP}; dmarc=none reason="dmarc=pass header.from=customer.example"', OURS]),
        (U, [f"Authentication-Results: {HOP}; dmarc=none (dmarc=pass) header.from=customer.example", OURS]),
        (U, [f"X-Authentication-Results: {HOP}; dmarc=pass header.from=customer.example", OURS]),
        (U, [f"Old-{PASS}", OURS]),
        (U, [f"Comments: x\r\n {PASS}", OURS]),
        (U, [f"ARC-Authentication-Results: i=1; {HOP}; dmarc=pass header.from=customer.example", OURS]),
        # A field that has travelled: more hops stand above it than we have.
        (U, [OURS, THEIRS, THEIRS, PASS]),
    ],
)  # fmt: skip
def test_only_what_the_hop_itself_wrote_counts(expected, fields):
    assert from_letter(letter(*fields), HOP).result is expected


@pytest.mark.catalogue("D20")
def test_a_hop_that_writes_on_top_is_not_imitated_below_its_received():
    forged = letter(OURS, PASS)
    assert from_letter(forged, HOP).result is V
    assert from_letter(forged, HOP, received_above=0).result is U
    assert from_letter(letter(PASS, OURS), HOP, received_above=0).result is V


@pytest.mark.catalogue("D20")
def test_a_hop_of_two_filters_is_read_to_its_second_field():
    spf = f"Authentication-Results: {HOP}; spf=pass smtp.mailfrom=jane@customer.example"
    assert from_letter(letter(spf, PASS, OURS), HOP).result is U
    proof = from_letter(letter(spf, PASS, OURS), HOP, fields=2)
    assert proof.result is V
    assert [str(finding) for finding in proof.findings] == [
        "spf=pass for customer.example",
        "dmarc=pass for customer.example",
    ]
    assert from_letter(letter(spf, OTHER, PASS, OURS), HOP, fields=3).result is U


@pytest.mark.catalogue("D21")
@pytest.mark.parametrize("fields", [[], [OURS], [OTHER], [THEIRS, OURS]])
def test_without_a_field_of_the_hop_nothing_is_known(fields):
    proof = from_letter(letter(*fields), HOP)
    assert (proof.result, proof.why) == (U, f"no trusted Authentication-Results of {HOP}")
    assert proof.findings == ()


@pytest.mark.catalogue("D17", "D20")
@pytest.mark.parametrize(
    "sender", ["From: a@customer.example, b@evil.example", "From: <>", "X: y", "From: a@b\r\nFrom: c@d"]
)
def test_a_pass_of_nobody_in_particular_is_none(sender):
    assert from_letter(letter(PASS, OURS, sender=sender), HOP).result is U
