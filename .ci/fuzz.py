"""Coverage-guided fuzzing of everything that reads what strangers write; run by `make fuzz`.

Installs atheris into .venv/fuzz when it is missing: it is nothing that the tests need. Each target of
tests/fuzz/targets.py has the given seconds; its corpus stays in .venv/fuzz-corpus and grows from run to run.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS, CORPUS = ROOT / ".venv" / "fuzz", ROOT / ".venv" / "fuzz-corpus"
RUN = ROOT / "tests" / "fuzz" / "run.py"


def main(seconds: int, chosen: list[str]) -> None:
    """Fuzz the chosen targets, or all of them; exits with 1 where one has found something."""
    if not (TOOLS / "atheris").is_dir():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
        subprocess.run([*pip, "--target", TOOLS, "atheris>=3"], check=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TOOLS, ROOT)))}
    found = []
    for name in chosen or targets():
        print(f"{name}: {seconds} seconds", flush=True)
        command = [sys.executable, RUN, name, CORPUS / name, str(seconds)]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        print(done.stderr[-4000:] if done.returncode else done.stderr.rstrip().rpartition("\n")[2], flush=True)
        if done.returncode:
            found.append(name)
    if found:
        sys.exit(f"found something: {', '.join(found)}; the inputs lie in {CORPUS}, and belong into tests/fuzz/found")


def targets() -> list[str]:
    """The names of all targets."""
    sys.path[:0] = [str(RUN.parent), str(ROOT)]
    from targets import TARGETS  # noqa: PLC0415

    return list(TARGETS)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
