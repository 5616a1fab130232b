"""ARC (RFC 8617): a listed sealer is believed about what it saw; nobody else, and no broken chain."""

import pytest

from gatepost.core.identity import Authentication

V, U, F = Authentication.VERIFIED, Authentication.UNVERIFIED, Authentication.FAILED
LIST = "lists.example"
PASS = "dmarc=pass header.from=customer.example"


@pytest.fixture
def forwarded(signed, sealed):
    """A signed mail as a list passes it on: the subject tagged first, which breaks every signature of the author."""

    def forward(domain=LIST, results=PASS):
        return sealed(signed().replace(b"Subject: ", b"Subject: [list] "), domain, results)

    return forward


@pytest.fixture(autouse=True)
def sealers(post):
    key = post.zone["k1._domainkey.customer.example"]
    post.zone |= {f"k1._domainkey.{LIST}": key, "k1._domainkey.relay.example": key, "k1._domainkey.evil.example": key}
    post.sealers = (LIST,)


async def arrive(post, raw):
    return await post.evaluate(raw, ip="203.0.113.7", mail_from=f"bounce@{LIST}", helo=LIST)


@pytest.mark.catalogue("D23")
async def test_a_listed_sealer_saves_what_its_list_broke(post, forwarded):
    proof = await arrive(post, forwarded())
    assert (proof.result, proof.why) == (V, f"ARC pass: the listed sealer {LIST} saw dmarc=pass for customer.example")
    assert str(proof.findings[-1]) == f"arc=pass for {LIST} (it saw dmarc=pass for customer.example)"


@pytest.mark.catalogue("D23", "D24")
async def test_an_unlisted_sealer_is_ignored_and_costs_no_question(post, forwarded):
    proof = await arrive(post, forwarded("evil.example"))
    assert proof.result is F
    assert str(proof.findings[-1]) == "arc=none for evil.example (the sealer evil.example is not listed)"
    assert "k1._domainkey.evil.example" not in [name for name, _ in post.table.asked]
    post.sealers = ()
    assert (await arrive(post, forwarded())).result is F


@pytest.mark.catalogue("D23")
@pytest.mark.parametrize(
    "results",
    [
        "dmarc=fail header.from=customer.example",
        "dmarc=pass header.from=evil.example",
        "dmarc=pass",
        "none",
        "dkim=pass header.d=customer.example",
        "dmarc=pass header.from=customer.example; dmarc=fail header.from=customer.example",
    ],
)
async def test_a_sealer_that_saw_no_pass_proves_nothing(post, results, forwarded):
    assert (await arrive(post, forwarded(results=results))).result is F


@pytest.mark.catalogue("D23")
async def test_an_unlisted_seal_below_a_listed_one_says_nothing(post, forwarded, sealed):
    first = forwarded("evil.example")
    twice = sealed(first, LIST, "arc=pass; dmarc=fail header.from=customer.example")
    assert (await arrive(post, twice)).result is F
    post.sealers = (LIST, "evil.example")
    assert (await arrive(post, twice)).result is V


@pytest.mark.catalogue("D23")
async def test_a_listed_seal_below_an_unlisted_one_says_nothing(post, forwarded, sealed):
    twice = sealed(forwarded(), "evil.example", "arc=pass")
    assert (await arrive(post, twice)).result is F


@pytest.mark.catalogue("D23")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"It prints", b"It pays"),
        (b"[list]", b"[evil]"),
        (b"jane@customer.example", b"paul@customer.example"),
        (b"header.from=customer.example", b"header.from=other.example"),
        (b"cv=none", b"cv=pass"),
        (b"cv=none", b"cv=fail"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=x"),
        (b"ARC-Seal: i=1", b"ARC-Seal: h=from; i=1"),
        (b"ARC-Message-Signature:", b"X-Signature:"),
        (b"ARC-Seal:", b"X-Seal:"),
        (b"d=lists.example", b"d=lists.example."),
    ],
)
async def test_a_chain_that_was_touched_proves_nothing(post, before, after, forwarded):
    raw = forwarded()
    assert before in raw
    assert (await arrive(post, raw.replace(before, after))).result is F


async def test_a_doubled_set_or_too_many_prove_nothing(post, forwarded):
    raw = forwarded()
    seal = raw[raw.index(b"ARC-Seal:") : raw.index(b"ARC-Message-Signature:")]
    assert (await arrive(post, seal + raw)).result is F
    assert (await arrive(post, b"".join(seal.replace(b"i=1;", b"i=%d;" % n) for n in range(2, 60)) + raw)).result is F


async def test_a_seal_whose_key_dns_does_not_give_proves_nothing(post, forwarded):
    post.zone[f"k1._domainkey.{LIST}"] = "timeout"
    proof = await arrive(post, forwarded())
    assert proof.result is F
    assert proof.findings[-1].result == "temperror"
