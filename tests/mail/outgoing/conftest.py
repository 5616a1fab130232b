"""The sample marketplace from which the outgoing mails of these tests are made."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.core.letter import Mailbox
from gatepost.core.party import Brand, Product, Standing, Subscription, Vendor
from gatepost.mail.compose import Draft, via_name
from gatepost.mail.templates import Letters
from gatepost.mail.values import Figures

SHIPPED = Path(__file__).parents[3] / "templates" / "mail"
NOON = 1_780_315_200_000  # Monday, 1 June 2026, 12:00 UTC

BRAND = Brand(
    slug="market",
    name="Extension Market",
    support=("support@market.example",),
    languages=("en", "de"),
    portal="https://help.market.example",
    privacy="https://market.example/privacy",
    data_use="https://market.example/data-use",
    zone="Europe/Berlin",
)
JANE = Mailbox(address="jane@shop.example", name="Jane Doe")
ACME = Vendor(id=1, slug="acme", name="Acme Software", support_address="help@acme.example")
BOOKINGS = Product(id=1, slug="bookings", name="Acme Bookings", vendor_id=1)
SUBSCRIPTION = Subscription(
    id=1, customer_id=1, product_id=1, status=Standing.ACTIVE, starts=1_740_787_200_000, ends=1_803_859_200_000,
    reference="SUB-1001",
)  # fmt: skip


@pytest.fixture(scope="session")
def shipped() -> Path:
    return SHIPPED


@pytest.fixture(scope="session")
def letters() -> Letters:
    """The letters as shipped."""
    return Letters(None, SHIPPED)


@pytest.fixture
def values() -> Callable[..., dict[str, object]]:
    """Figures for any letter, with what the test changes."""

    def make(language: str = "en", **changes: object) -> dict[str, object]:
        usual: dict[str, object] = {
            "brand": BRAND, "language": language, "customer": JANE, "customer_language": "en", "product": BOOKINGS,
            "vendor": ACME, "subscription": SUBSCRIPTION, "standing": Standing.ACTIVE, "author": "Jane Doe",
            "words": "Since the update the calendar stays empty.\n\nWhat can I do?", "link": "https://help.market.example/t/42",
        }  # fmt: skip
        return Figures(**(usual | changes)).values()  # type: ignore[arg-type]

    return make


@pytest.fixture
def draft(values: Callable[..., dict[str, object]]) -> Callable[..., Draft]:
    """A draft with what the test changes."""

    def make(template: str = "ticket", **changes: object) -> Draft:
        usual = Draft(
            template=template,
            language="en",
            brand=BRAND,
            to=Mailbox(address="help@acme.example", name="Acme Software"),
            from_name=via_name("Jane Doe", "", BRAND),
            reply_address="support+" + "a" * 40 + "@market.example",
            message_id="aaaa.1@market.example",
            in_reply_to="<first@shop.example>",
            references=("<first@shop.example>",),
            thread_id="aaaa.0@market.example",
            thread_topic="The calendar stays empty",
            subject="The calendar stays empty",
            tag=42,
            values=values(),
            date=NOON,
        )
        return replace(usual, **changes)  # type: ignore[arg-type]

    return make
