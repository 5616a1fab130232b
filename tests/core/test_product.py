"""R1: which product a mail is about, and that nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core import DAY
from gatepost.core.party import Product, Standing, Subscription
from gatepost.core.product import codes, find_product, names_of

NOW = 1_793_610_000_000
LABELS = Product(id=1, slug="shipping-labels", name="Shipping Labels", vendor_id=1, aliases=("label printer",))
LABELS_PRO = Product(id=2, slug="shipping-labels-pro", name="Shipping Labels Pro", vendor_id=1)
TAX = Product(id=3, slug="tax", name="Tax Żółw", vendor_id=2)
NAMES = names_of((LABELS, LABELS_PRO, TAX))


def has(product, status=Standing.ACTIVE, reference="", days=100):
    return Subscription(
        id=product, customer_id=1, product_id=product, status=status, starts=NOW - DAY, ends=NOW + days * DAY,
        reference=reference,
    )  # fmt: skip


def found(subject="", text="", detail="", subscriptions=()):
    return find_product(
        detail=detail, subject=subject, text=text, names=NAMES, subscriptions=tuple(subscriptions), now=NOW
    )


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ({"detail": "shipping-labels"}, LABELS),
        ({"detail": "SHIPPING-LABELS", "subject": "Tax Żółw"}, LABELS),
        ({"subject": "shipping   labels: blank"}, LABELS),
        ({"subject": "The SHIPPING-LABELS plugin"}, LABELS),
        ({"subject": "Shipping Labels Pro is blank"}, LABELS_PRO),
        ({"subject": "My label printer"}, LABELS),
        ({"subject": "tax żółw"}, TAX),
        ({"subject": "Hello", "text": "It is about Tax Żółw."}, TAX),
        ({"subject": "Tax Żółw", "text": "I also have Shipping Labels."}, TAX),
        ({"subject": "labels and shipping"}, None),
        ({"subject": "Shipping Labelsmith"}, None),
        ({"subject": "Shipping Labels and Tax Żółw"}, None),
        ({"detail": "no-such-slug", "subject": "Hello"}, None),
        ({}, None),
    ],
)
def test_address_then_name(given_, wanted):
    assert found(**given_).product == wanted


def test_a_purchase_code_of_the_sender_names_the_product():
    bought = has(3, reference="ORC-42")
    assert found(text="My order is orc-42.", subscriptions=[bought, has(1)]).product == TAX
    assert found(text="My order is ORC-42.").product is None


def test_the_only_active_subscription_decides_when_nothing_else_does():
    assert found(text="It broke.", subscriptions=[has(1)]).product == LABELS
    assert found(text="It broke.", subscriptions=[has(1), has(3, Standing.CANCELLED)]).product == LABELS
    assert found(text="It broke.", subscriptions=[has(1, days=-1)]).product is None
    two = found(text="It broke.", subscriptions=[has(1), has(3)])
    assert (two.product, two.candidates) == (None, (LABELS, TAX))


def test_of_several_named_the_one_that_the_sender_has():
    assert found(subject="Shipping Labels or Tax Żółw?", subscriptions=[has(3)]).product == TAX
    assert found(subject="Shipping Labels or Tax Żółw?", subscriptions=[has(1), has(3)]).candidates == (LABELS, TAX)


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_never_raises_and_says_why(subject, text):
    said = found(subject=subject, text=text)
    assert said.why


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("My order is orc-42.", TAX),
        ("(ORC-42)", TAX),
        ("order #ORC-42: it jams", TAX),
        ("ORC-420", None),
        ("XORC-42", None),
        ("żORC-42", None),
        ("ORC-421 and ORC-42", TAX),
    ],
)
def test_a_purchase_code_is_found_by_itself_alone(text, wanted):
    assert found(text=text, subscriptions=[has(3, Standing.EXPIRED, reference="ORC-42", days=-5)]).product == wanted


def test_the_purchase_of_another_address_says_which_product_and_nothing_more():
    stranger = find_product(
        detail="", subject="Help", text="x", names=NAMES, subscriptions=(), now=NOW, sold={"ORC-42": 3}
    )
    assert stranger.product == TAX and "another address" in stranger.why
    two = find_product(
        detail="", subject="Help", text="x", names=NAMES, subscriptions=(), now=NOW, sold={"ORC-42": 3, "ORC-43": 1}
    )
    assert two.product is None
    own = [has(1, reference="ORC-1")]
    both = find_product(
        detail="", subject="", text="ORC-1", names=NAMES, subscriptions=tuple(own), now=NOW, sold={"ORC-42": 3}
    )
    assert both.product == LABELS


def test_codes_are_words_with_a_digit_and_not_too_many():
    assert codes("Re: #WC-4711!", "my key (ABCD-1234-EF), version 2.1, order 55123 in 2026, hello") == (
        "WC-4711",
        "ABCD-1234-EF",
    )
    assert len(codes("", " ".join(f"code-{n:05}" for n in range(1_000)))) == 50
