"""The time zones among which people choose: one for each place that kept a time of its own since 1970."""

from functools import cache
from importlib import resources


@cache
def zones() -> tuple[str, ...]:
    """Their names in the IANA database, in order; UTC among them."""
    table = resources.files("tzdata") / "zoneinfo" / "zone1970.tab"
    lines = table.read_text(encoding="utf-8").splitlines()
    return tuple(sorted({"UTC", *(line.split("\t")[2] for line in lines if line and not line.startswith("#"))}))
