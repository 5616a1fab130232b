"""docs/delivery.md names the states and policies that there are, and no others."""

import re
from pathlib import Path
from typing import get_args

from gatepost.config import DeliverySection
from gatepost.store.outbox_tables import TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_the_states_are_those_of_the_table() -> None:
    (delivery,) = [table for table in TABLES if "CREATE TABLE delivery" in table]
    states = re.search(r"state IN \(([^)]*)\)", delivery)
    assert states is not None
    assert rows_of("States of a delivery") == re.findall(r"'(\w+)'", states.group(1))


def test_the_policies_are_those_of_the_config() -> None:
    assert rows_of("TLS") == list(get_args(DeliverySection.model_fields["tls"].annotation))


def test_every_key_named_is_one_of_the_config() -> None:
    keys = set(re.findall(r"`([a-z]+_[a-z_]+)`", PAGE))
    assert keys
    assert keys <= set(DeliverySection.model_fields)
