"""Builds the wheel, checks what is inside, and tries it in a fresh environment; run by `make wheel` and .ci/run."""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
LETTER = b"From: Ada <ada@customer.example>\r\nTo: support@market.example\r\nSubject: Hello\r\n\r\nIt works.\r\n"
KINDS = ("rules", "templates", "locale", "examples")
SHIPPED = f"from gatepost import shipped; [print(shipped.folder(kind)) for kind in {KINDS}]"


def build() -> None:
    """dist/ with one new wheel, made without network."""
    for old in DIST.glob("gatepost-*.whl"):
        old.unlink()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-qq"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", DIST, ROOT], check=True)
    print(f"{wheel().relative_to(ROOT)}: {check_contents()} files, all that is shipped and nothing else")


def wheel() -> Path:
    """The wheel that `build` made."""
    (found,) = DIST.glob("gatepost-*.whl")
    return found


def check_contents() -> int:
    """How many files the wheel holds; exits with the difference unless they are exactly the tracked ones."""
    wanted = set()
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split():
        if name.startswith("daemon/gatepost/"):
            wanted.add(name.removeprefix("daemon/"))
        elif name.startswith(("templates/", "locale/", "rules/", "examples/")) or name == "config.example.toml":
            wanted.add(f"gatepost/_shipped/{name}")
    names = {name for name in zipfile.ZipFile(wheel()).namelist() if ".dist-info/" not in name}
    if wanted != names:
        missing, surplus = sorted(wanted - names), sorted(names - wanted)
        sys.exit(f"the wheel lacks {missing or 'nothing'}, and has too much: {surplus or 'nothing'}")
    return len(names)


def try_it() -> None:
    """A fresh environment with the pinned packages and the wheel: commands answer, and our own files are found."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python, gatepost = Path(folder, "bin", "python"), Path(folder, "bin", "gatepost")
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
        subprocess.run([*pip, "-r", ROOT / "requirements.lock"], check=True)
        subprocess.run([*pip, "--no-deps", wheel()], check=True)
        print(said(folder, gatepost, "--version").strip())
        read = json.loads(said(folder, gatepost, "mail", "read", "-", given=LETTER))
        assert read["from"] and read["subject"] == "Hello" and read["auto"] == "human", read
        for path in said(folder, python, "-c", SHIPPED).split():
            assert path.startswith(folder) and any(Path(path).iterdir()), f"{path} is not the wheel's own"
        story = said(folder, gatepost, "demo", "--story").strip().splitlines()
        print(f"the demo's story: {sum(line.startswith('✓') for line in story)} steps. {story[-1]}")


def said(folder: str, *command: str | Path, given: bytes = b"") -> str:
    """What a command prints; run away from the checkout, so that nothing of it can be imported."""
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, cwd=folder, check=True)
    return done.stdout.decode()


if __name__ == "__main__":
    {"build": build, "try": try_it}[sys.argv[1]]()
