"""docs/house.md against the source: every room is named there, none that is not, and its layers are those that hold."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/house.md").read_text()
PACKAGE = ROOT / "daemon/gatepost"


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_room_is_named_once_and_none_that_is_not():
    named = [
        room
        for row in re.findall(r"(?m)^\| (`.*?) \|", section("The rooms of daemon/gatepost"))
        for room in re.findall(r"`([^`]+)`", row)
    ]
    rooms = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in PACKAGE.iterdir()
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.name != "__init__.py")
    }
    assert sorted(named) == sorted(rooms)


def test_the_layers_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    (told,) = re.findall(r"(?s)```\n(.*?)```", section("The layers"))
    assert told.splitlines() == layers


def test_modules_named_on_a_page_s_and_a_mail_s_way_are_there():
    rooms = re.findall(r"(?m)\b(portal/[a-z_]+)\b", section("One page's rooms"))
    assert rooms
    for room in rooms:
        assert (PACKAGE / f"{room}.py").exists(), room


def test_every_decision_has_its_own_number():
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
