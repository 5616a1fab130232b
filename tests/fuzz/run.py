"""Coverage-guided fuzzing by atheris: `python tests/fuzz/run.py TARGET CORPUS SECONDS`; `make fuzz` starts it for each target.

The corpus grows in its folder from run to run. An input that raises, hangs or eats memory is written beside it
(`crash-…`, `timeout-…`, `oom-…`), and the exit code is not 0.
"""

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gatepost", "mailparser"]):
    import targets


def main(name: str, corpus: Path, seconds: int) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in targets.seeds(name):
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-max_len=20000", "-timeout=20", "-rss_limit_mb=2000"]
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={corpus.parent}/{name}-", str(corpus)], targets.TARGETS[name]
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
