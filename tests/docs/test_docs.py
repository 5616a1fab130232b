"""What is written is true: links lead somewhere, commands exist, configs load, every dependency has its reason."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from gatepost.cli import gatepost
from gatepost.config import load
from gatepost.config.model import Config
from gatepost.ingress.marketplace import COLUMNS
from gatepost.lock import DataLock
from gatepost.log_words import meaning

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}


def anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, part = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        assert found.exists(), target
        if part and found.suffix == ".md":
            assert part in [anchor(title) for title in re.findall(r"(?m)^#+ (.*)$", found.read_text())], target


@pytest.mark.parametrize("name", TEXTS)
def test_every_page_named_in_code_is_there(name):
    for path in re.findall(r"`((?:docs|examples|templates|rules|tests)/[\w./-]+)`", TEXTS[name]):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_that_a_page_names_exists(name):
    context = click.Context(gatepost)
    for words in re.findall(r"(?:^|`|/)gatepost ((?:[a-z][a-z-]* ?){1,2})", TEXTS[name], re.MULTILINE):
        command: click.Command = gatepost
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(context, word)
            assert found is not None, f"gatepost {words}"
            command = found


@pytest.mark.parametrize("name", TEXTS)
def test_every_make_target_that_a_page_names_exists(name):
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", TEXTS[name], re.MULTILINE)) <= targets


_NAMED = ("team", "brand", "role", "staff")


@pytest.mark.parametrize("name", TEXTS)
def test_every_key_of_the_config_that_a_page_names_exists(name):
    tables = {table: field.annotation for table, field in Config.model_fields.items() if table not in _NAMED}
    for table, key in re.findall(r"`(?:\[)?(" + "|".join(tables) + r")\.([a-z_]+)\b(?![\w./(])", TEXTS[name]):
        if meaning(f"{table}.{key}"):  # A word of the log.
            continue
        assert key in tables[table].model_fields or key in ("toml", "md", "py"), f"{table}.{key}"


def test_the_configs_of_the_operating_page_load(tmp_path):
    least, mx = re.findall(r"```toml\n(.*?)```", TEXTS["docs/operating.md"], re.DOTALL)
    first = tmp_path / "least.toml"
    first.write_text(least)
    assert load(first).brands()[0].privacy == "https://market.example/privacy"
    merged = tmp_path / "mx.toml"
    merged.write_text(re.sub(r"(?s)\[authentication\].*?\n\n", "", least, count=1) + _without_files(mx))
    assert load(merged, secrets=False).delivery.tls == "required"


def test_the_configs_of_the_doors_load(tmp_path):
    least = re.findall(r"```toml\n(.*?)```", TEXTS["docs/operating.md"], re.DOTALL)[0]
    blocks = re.findall(r"```toml\n(.*?)```", TEXTS["docs/doors.md"], re.DOTALL)
    boxes = []
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.toml"
        base = re.sub(r"(?s)\[authentication\].*?\n\n", "", least, count=1) if "[authentication]" in block else least
        path.write_text(f'{base}\n[delivery]\nsmarthost = "127.0.0.1:2526"\n{_without_files(block)}')
        boxes += load(path, secrets=False).imap.values()
    google, microsoft = [box for box in boxes if box.preset != "none"]
    assert google.by_person and google.authorise_endpoint() and not google.device_endpoint()
    assert not microsoft.by_person and len(boxes) == 3


def _without_files(text: str) -> str:
    return re.sub(r"(?m)^(certificate|key) = .*\n", "", text)


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    told = set(re.findall(r"(?m)^\| ([\w.-]+) \|", TEXTS["docs/decisions/0001-dependencies.md"]))
    names = {re.match(r"[\w.-]+", requirement)[0] for requirement in asked}
    assert names - told == set() and told - names <= {"package", "editables"}


def test_the_page_on_imports_names_every_column():
    for kind, columns in COLUMNS.items():
        (row,) = re.findall(rf"(?m)^\| {kind} \| (.*) \|$", TEXTS["docs/import.md"])
        assert [cell.strip("* ") for cell in row.split(",")] == list(columns.known)
        assert tuple(re.findall(r"\*\*(\w+)\*\*", row)) == tuple(columns.required)


def test_what_the_operating_page_quotes_is_what_is_said(tmp_path):
    with DataLock(tmp_path), pytest.raises(Exception, match=r"another gatepost \(process \d+\) uses the data folder"):
        DataLock(tmp_path).take()
