"""What every test shares: the count of catalogue ids, skips named with their remedy, and the long runs apart."""

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The groups of the fault catalogue and how many ids each has.
GROUPS = {
    "A": 32,
    "B": 15,
    "C": 24,
    "D": 32,
    "E": 17,
    "F": 19,
    "G": 10,
    "H": 12,
    "I": 30,
    "J": 19,
    "K": 10,
    "L": 8,
    "M": 18,
    "N": 12,
}
TOTAL = sum(GROUPS.values())

# The programs that tests talk to, and the Debian packages that hold them.
PACKAGES = {
    "postfix": "postfix",
    "exim4": "exim4-daemon-light",
    "smtp-sink": "postfix",
    "smtp-source": "postfix",
    "dovecot": "dovecot-imapd dovecot-lmtpd",
    "chromium": "chromium",
    "openssl": "openssl",
    "strace": "strace",
    "swaks": "swaks",
    "systemd-socket-activate": "systemd",
    "systemd-analyze": "systemd",
    "groff": "groff",
}

# Which ids the tests that ran stand for, and how each of those tests ended; filled where the reports come together.
_marks: dict[str, set[str]] = defaultdict(set)
_outcomes: dict[str, str] = {}

settings.register_profile("everyday", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=20_000)
settings.load_profile("everyday")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz", action="store_true", help="run only the property tests, each with many examples")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--fuzz"):
        settings.load_profile("fuzz")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse ids that the catalogue has not, and leave out the long proofs unless they were asked for."""
    for item in items:
        for number in _ids(item):
            _check(number, item)
    wanted = [item for item in items if _asked_for(item, config)]
    if len(wanted) != len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
        items[:] = wanted


def _ids(item: pytest.Item) -> list[str]:
    return [number for mark in item.iter_markers("catalogue") for number in mark.args]


def _check(number: object, item: pytest.Item) -> None:
    hit = re.fullmatch(r"([A-N])(\d\d)", str(number))
    if hit is None or not 1 <= int(hit[2]) <= GROUPS[hit[1]]:
        raise pytest.UsageError(f"{item.nodeid}: the catalogue has no id {number!r}")


def _asked_for(item: pytest.Item, config: pytest.Config) -> bool:
    if config.getoption("--fuzz"):
        return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
    return item.get_closest_marker("chaos") is None or "chaos" in config.getoption("-m")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked real("postfix") is skipped, by name, where that program is absent."""
    for mark in item.iter_markers("real"):
        for program in mark.args:
            if not shutil.which(program) and not shutil.which(program, path="/usr/sbin:/sbin"):
                pytest.skip(f"needs {program}: apt-get install {PACKAGES.get(program, program)}")


@pytest.fixture
def make_certificate(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Makes a self-signed certificate and its key, as PEM files; for tests that are marked real("openssl")."""

    def make(host: str = "mail.market.example", days: int = 30, name: str = "tls") -> tuple[Path, Path]:
        chain, key = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-keyout", str(key), "-out", str(chain), "-days", str(days), "-subj", f"/CN={host}"]
        subprocess.run([*command, "-addext", f"subjectAltName=DNS:{host}"], check=True, capture_output=True)
        key.chmod(0o600)
        return chain, key

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Send the ids along with the report: with several workers, only the reports come together in one process."""
    report = yield
    report.user_properties.append(("catalogue", _ids(item)))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.outcome == "passed" and report.when != "call":
        return
    before = _outcomes.get(report.nodeid, "passed")
    _outcomes[report.nodeid] = report.outcome if before == "passed" else before
    for number in dict(report.user_properties).get("catalogue", ()):
        _marks[number].add(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped with its remedy, then say how much of the catalogue this run has proved."""
    reasons: dict[str, int] = defaultdict(int)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.write_line("skipped:")
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"  {count} × {reason}")
    proved = {number for number, tests in _marks.items() if all(_outcomes.get(test) == "passed" for test in tests)}
    if proved or _marks:
        groups = sorted({number[0] for number in proved})
        shares = ", ".join(f"{g} {sum(n[0] == g for n in proved)}/{GROUPS[g]}" for g in groups)
        terminalreporter.write_line(f"catalogue: {len(proved)} of {TOTAL}" + (f" ({shares})" if shares else ""))
