"""Authentication-Results of a trusted hop: what counts, and what a stranger may write without effect."""

import pytest

from gatepost.core.identity import Authentication
from gatepost.mail.authenticate import from_results

HOP = "mx.market.example"
PASS = f"{HOP}; dmarc=pass (p=none dis=none) header.from=customer.example"
V, U, F = Authentication.VERIFIED, Authentication.UNVERIFIED, Authentication.FAILED


@pytest.mark.catalogue("D20")
@pytest.mark.parametrize(
    ("expected", "values"),
    [
        (V, [PASS]),
        (V, [f"{HOP} 1; spf=pass smtp.mailfrom=a@customer.example;\r\n\tdmarc=pass header.from=Customer.Example"]),
        (V, ["MX.Market.Example; dmarc=pass header.from=customer.example"]),
        (F, [f"{HOP}; dmarc=fail (p=reject) header.from=customer.example"]),
        (F, [f"{HOP}; dmarc=pass header.from=customer.example; dmarc=fail header.from=customer.example"]),
        (U, ["mx.evil.example; dmarc=pass header.from=customer.example"]),
        (U, ["mx.evil.example; none", PASS]),
        (U, [f"{HOP}; none", PASS]),
        (U, [f"{HOP}; spf=pass smtp.mailfrom=a@customer.example", PASS]),
        (U, [f"{HOP}.evil.example; dmarc=pass header.from=customer.example"]),
        (U, [f'{HOP}; dkim=fail reason="dmarc=pass header.from=customer.example" header.d=x.example']),
        (U, [f"{HOP}; dkim=none (; dmarc=pass header.from=customer.example)"]),
        (U, [f"({HOP};) mx.evil.example; dmarc=pass header.from=customer.example"]),
        (U, [f"{HOP}; dmarc=pass header.from=evil.example"]),
        (U, [f"{HOP}; dmarc=pass header.from=evil.example header.from=customer.example"]),
        (U, [f"{HOP}; dmarc=pass"]),
        (U, [f"{HOP}; dmarc=pass smtp.mailfrom=customer.example"]),
        (U, [f"{HOP}; x-dmarc=pass header.from=customer.example"]),
        (U, [f"{HOP}; dmarc=temperror header.from=customer.example"]),
        (U, [f"{HOP}; dmarc=bestguesspass header.from=customer.example"]),
        (U, [f"{HOP}; dmarc=pass header.from=customer.example; dmarc=none header.from=customer.example"]),
        (U, [f"{HOP}; spf=pass smtp.mailfrom=a@customer.example; dkim=pass header.d=customer.example"]),
        (U, ["spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=customer.example; dmarc=pass header.from=customer.example"]),
        (U, [f"{HOP}; dmarc=pass header.from=cüstomer.example"]),
        (U, ["(" * 3_000 + PASS]),
        (U, [PASS + " " * 9_000 + "x"]),
    ],
)  # fmt: skip
def test_only_the_trusted_hops_own_word_counts(expected, values):
    assert from_results(values, "customer.example", HOP)[0] is expected


@pytest.mark.catalogue("D21")
def test_without_a_trusted_field_nothing_is_verified():
    assert from_results([], "customer.example", HOP) == (U, f"no trusted Authentication-Results of {HOP}")
    assert from_results([PASS], "customer.example", "")[0] is U
    assert from_results([PASS], "", HOP)[0] is U


@pytest.mark.catalogue("D20")
def test_a_hop_that_writes_several_fields_is_read_as_configured():
    values = [f"{HOP}; spf=pass smtp.mailfrom=a@customer.example", PASS]
    assert from_results(values, "customer.example", HOP, fields=2)[0] is V
    assert from_results([values[0], "mx.evil.example; none", PASS], "customer.example", HOP, fields=3)[0] is U


def test_the_sentence_names_the_hop_and_what_it_said():
    assert from_results([PASS], "customer.example", HOP)[1] == f"{HOP} says dmarc=pass for customer.example"
    other = from_results([PASS], "evil.example", HOP)[1]
    assert other == f"{HOP} says dmarc=pass for customer.example, but From is of evil.example"
