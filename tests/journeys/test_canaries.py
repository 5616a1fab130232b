"""Words that must leave no trace in the running daemon's whole data folder: a password in a mail, an erased person."""

import asyncio
import subprocess
import sys

import pytest

from gatepost.demo import letters

SECRET = "Gr3en!Canary7"
PERSON, WORD = "canaria.zzyzx@teashop.example", "quillfeather"


def found(folder, *words: str) -> list[str]:
    """In which files of the folder one of these stands, in any case."""
    wanted = [word.lower().encode() for word in words]
    hits = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            octets = path.read_bytes().lower()
            hits += [f"{path.relative_to(folder)}: {word.decode()}" for word in wanted if word in octets]
    return hits


def ask(*arguments: str) -> str:
    """A command in a process of its own, as a user runs it; what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "gatepost", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.catalogue("K05", "L02")
async def test_neither_a_masked_password_nor_an_erased_person_is_left_in_any_file(start):
    async with start() as running:
        data = running.place.config().data
        await running.post(
            letters.write(
                sender=f"Canaria Zzyzx <{PERSON}>", to="support@orchard.example", subject=f"Gift Basket {WORD}",
                words=f"It fails. {WORD}\n\nLogin: admin\nPassword: {SECRET}\n", at=1,
            )
        )  # fmt: skip
        told = await running.office.wait_for(lambda mail: mail.to == PERSON and "secret" in mail.header("subject"))
        assert SECRET not in told.parts.text and "a password" in " ".join(told.parts.text.split())
        await running.office.wait_for(lambda mail: mail.to == PERSON and "1001" in mail.header("subject"))
        assert all(SECRET not in mail.parts.text + mail.parts.html for mail in running.office.mails)
        config = str(running.place.config_file)
        said = await asyncio.to_thread(ask, "person", "erase", PERSON, "--yes", "-c", config)
        assert "Erased (number 1" in said
        async with asyncio.timeout(30):
            while hits := found(data, SECRET, PERSON, "canaria", "zzyzx", WORD):
                await asyncio.sleep(0.05)
        assert not hits
        assert "are as they were written" in await asyncio.to_thread(ask, "audit", "verify", "-c", config)
