"""Makes .venv from the lock files and puts the checkout into it; run by the Makefile, with any Python from 3.11 on.

`venv.py run` installs what the daemon needs, `dev` what its developers need too; a stamp says which was done.
`venv.py lock` resolves pyproject.toml anew and writes the lock files.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
LOCKS = {"run": ["requirements.lock"], "dev": ["requirements.lock", "requirements-dev.lock"]}
BUILD = ["hatchling", "editables"]
NO_VENV = """\
This Python ({python}) can make no virtual environment: its venv or pip is missing.
  Debian and Ubuntu: apt-get install python3-venv
  Without root: {python} -m pip install --user virtualenv, then make again"""


def main(what: str) -> int:
    """Do what was asked; the exit status."""
    if what == "lock":
        return lock()
    make_venv()
    wanted = [name for lock_file in LOCKS[what] for name in pins(ROOT / lock_file)]
    say(f"Installing {len(wanted)} pinned packages into .venv (once; the log is .venv/install.log)")
    files = [argument for lock_file in LOCKS[what] for argument in ("-r", str(ROOT / lock_file))]
    install([*files], len(wanted))
    install(["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], 1)
    for kind in ("run", "dev") if what == "dev" else ("run",):
        (VENV / f"ready-{kind}").touch()
    return 0


def make_venv() -> None:
    """A virtual environment with pip, by the first way that works on this machine; keeps one that is there."""
    if PYTHON.exists() and quiet([str(PYTHON), "-m", "pip", "--version"]):
        return
    say(f"Making .venv with Python {sys.version.split()[0]} ({sys.executable})")
    ways = [[sys.executable, "-m", "venv", "--clear", str(VENV)]]
    if find_spec("virtualenv"):
        ways.append([sys.executable, "-m", "virtualenv", "--quiet", "--clear", str(VENV)])
    if shutil.which("virtualenv"):
        ways.append(["virtualenv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    if any(quiet(way) and quiet([str(PYTHON), "-m", "pip", "--version"]) for way in ways):
        return
    # Debian's Python without python3-venv can still make the folder; a pip outside then fills it.
    bare = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)]
    if not (quiet(bare) and quiet([sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-q", "pip"])):
        sys.exit(NO_VENV.format(python=sys.executable))


def install(arguments: list[str], count: int) -> None:
    """pip install, with one counting line on a terminal, and the end of its log if it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    terminal = sys.stderr.isatty()
    tail: list[str] = []
    with LOG.open("a", encoding="utf-8") as log:
        pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        done = 0
        for line in pip.stdout or ():
            log.write(line)
            tail = [*tail[-14:], line]
            if line.startswith(("Collecting", "Requirement already", "Obtaining")):
                done = min(done + 1, count)
                word = line.replace("already satisfied: ", "").split()[1].split("==")[0]
                if terminal:
                    print(f"\r\033[K  {done} of {count}  {word[:40]}", end="", file=sys.stderr, flush=True)
            elif line.startswith("Installing collected") and terminal:
                print("\r\033[K  unpacking", end="", file=sys.stderr, flush=True)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr)
    if pip.wait():
        sys.exit(f"pip could not install what Gatepost needs. The end of {LOG}:\n" + "".join(tail))


def lock() -> int:
    """Resolve pyproject.toml in a fresh environment and write what came out, first the daemon's part, then the rest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bin", "python")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", *project["project"]["dependencies"], *BUILD], check=True)
        run = freeze(pip)
        write_lock("requirements.lock", "what the daemon needs, and what builds it", run)
        constraint = ["-c", str(ROOT / "requirements.lock")]
        subprocess.run([*pip, "install", "-q", *constraint, *project["dependency-groups"]["dev"]], check=True)
        write_lock("requirements-dev.lock", "what its developers need beside that", freeze(pip) - run)
    return 0


def freeze(pip: list[str]) -> set[str]:
    """What is installed, as NAME==VERSION."""
    out = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    return {line for line in out.splitlines() if "==" in line and not line.startswith("#")}


def write_lock(name: str, what: str, lines: set[str]) -> None:
    """One lock file, sorted without regard to case."""
    head = f"# Written by `make lock` from pyproject.toml: {what}.\n"
    body = "".join(f"{line}\n" for line in sorted(lines, key=str.lower))
    (ROOT / name).write_text(head + body, encoding="utf-8")


def pins(path: Path) -> list[str]:
    """The pinned lines of a lock file."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if "==" in line and line[0] != "#"]


def quiet(command: list[str]) -> bool:
    """Whether the command succeeds; what it prints goes into the log."""
    VENV.mkdir(exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if VENV.exists():
        with LOG.open("a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
    return done.returncode == 0


def say(text: str) -> None:
    """One line for the person who waits."""
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
