"""The corpus of hand-made mails: one for each trap that real mail has set, with what must be read beside it.

A JSON file names only what matters of its mail; a named list of attachments must match in number and order.
"""

import json
from pathlib import Path

import pytest

from gatepost.cli.mail import as_json
from gatepost.mail.parse import read_letter

CORPUS = Path(__file__).parent / "corpus"
MAILS = sorted(CORPUS.glob("*.eml"))
IDS = {
    "c09": "C09", "c10": "C10", "c12": "C12", "c17": "C17", "c18": "C18", "c19": "C19", "c23": "C23",
    "trap06": "C11", "trap10": "C15", "trap01": "C10", "trap03": "C08",
}  # fmt: skip


def marked(path):
    catalogue = IDS.get(path.stem.split("-")[0])
    return pytest.param(path, id=path.stem, marks=[pytest.mark.catalogue(catalogue)] if catalogue else [])


def seen(letter):
    shown = as_json(letter) | {
        "sender": letter.sender and {"name": letter.sender.name, "address": letter.sender.address},
        "date": letter.date,
    }
    for attachment, file in zip(shown["attachments"], letter.attachments, strict=True):
        attachment |= {"content_id": file.content_id, "inline": file.inline}
    return shown


@pytest.mark.parametrize("path", [marked(path) for path in MAILS])
def test_a_mail_of_the_corpus_is_read_as_written_beside_it(path):
    letter = read_letter(path.read_bytes())
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    shown = seen(letter)
    if "attachments" in expected:
        assert [file["filename"] for file in shown["attachments"]] == [f["filename"] for f in expected["attachments"]]
        for file, wanted in zip(shown["attachments"], expected.pop("attachments"), strict=True):
            assert {key: file[key] for key in wanted} == wanted
    assert {key: shown[key] for key in expected} == expected
    assert read_letter(path.read_bytes()) == letter


def test_the_corpus_has_a_mail_for_every_trap():
    traps = {path.stem[:6] for path in MAILS if path.stem.startswith("trap")}
    # Traps 13 (library logs) and 15 (cost) are no mails; test_cost_of_reading.py holds them.
    assert traps == {f"trap{number:02}" for number in range(1, 15) if number != 13}
    assert all(path.with_suffix(".json").exists() for path in MAILS)
