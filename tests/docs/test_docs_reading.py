"""docs/reading.md lists every trouble, cause and death there is, and every key that `gatepost mail read` prints."""

import re
from pathlib import Path

from gatepost.cli.mail import as_json
from gatepost.core.letter import Trouble
from gatepost.mail.parse import LIMITS, Cause, read_letter
from gatepost.reader.pool import Death

PAGE = (Path(__file__).parents[2] / "docs" / "reading.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", PAGE))


def first_cells(text):
    rows = re.findall(r"(?m)^\| (`[^|]*) \|", text)
    return [word for row in rows for word in re.findall(r"`([\w-]+)`", row)]


def test_every_trouble_is_explained():
    assert sorted(first_cells(SECTIONS["Troubles"])) == sorted(Trouble)


def test_every_cause_is_explained_with_its_limit():
    assert first_cells(SECTIONS["Refused as hostile"]) == list(Cause)
    assert f"{LIMITS.header_octets // 1024} KiB" in PAGE
    assert f"{LIMITS.message_octets // 1_048_576} MiB" in PAGE
    assert all(f"`{death}`" in PAGE for death in Death)


def test_every_key_is_explained():
    assert first_cells(PAGE.split("## ")[0]) == list(as_json(read_letter(b"")))
