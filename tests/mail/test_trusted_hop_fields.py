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


@pytest.mark.parametrize(
    "said",
    [
        # Gmail
        "dkim=pass header.i=@customer.example header.s=20230601 header.b=AbC/d+;\r\n arc=pass (i=1);\r\n spf=pass (google.com: "
        "domain of jane@customer.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=jane@customer.example;\r\n "
        "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=customer.example; dara=pass header.i=@gmail.com",
        # rspamd
        "\r\n\tdkim=pass header.d=customer.example header.s=s header.b=AbCd;\r\n\tdmarc=pass (policy=none) "
        'header.from=customer.example;\r\n\tspf=pass smtp.mailfrom="jane+x@customer.example"',
        # OpenDMARC
        "dmarc=pass (p=none dis=none) header.from=customer.example",
        # Fastmail
        "dmarc=pass policy.published-domain-policy=reject\r\n policy.applied-disposition=none (p=reject,d=none,d.eval=none)\r\n"
        " policy.policy-from=p\r\n header.from=customer.example;\r\n iprev=pass smtp.remote-ip=192.0.2.1 (mx.customer.example)",
        # Yahoo
        "dkim=pass header.i=@customer.example header.s=s;\r\n dmarc=pass(p=REJECT) header.from=customer.example;",
        # Exim
        "iprev=pass (mx) smtp.remote-ip=192.0.2.1;\r\n\tdkim=pass header.d=customer.example header.a=rsa-sha256;\r\n\tdmarc=pass "
        "header.from=customer.example;\r\n\tarc=none",
        # Stalwart
        "spf=pass (mx: domain of jane@customer.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=x smtp.helo=y;"
        "\r\n\tiprev=pass policy.iprev=192.0.2.1;\r\n\tdmarc=pass header.from=customer.example policy.dmarc=reject",
        # with BIMI
        "bimi=skipped (DMARC Policy is not at enforcement); dmarc=pass header.from=customer.example",
    ],
)
def test_the_forms_of_known_filters_are_read(said):
    proof = from_letter(letter(f"Authentication-Results: {HOP}; {said}"), HOP)
    assert proof.result is V
    assert [f.domain for f in proof.findings if f.method == "dmarc"] == ["customer.example"]


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
