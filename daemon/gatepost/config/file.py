"""Reads config.toml: finds the file, and makes of it a `Config`, or a list of every mistake in it with its line."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import Mistake, MistakesError, PermanentError
from ..toml_lines import line_of, syntax_mistake
from .checks import Place, findings
from .messages import nearest, place_of, say
from .model import Config

VARIABLE = "GATEPOST_CONFIG"
PLACES = ("config.toml", "/etc/gatepost/config.toml")

# What stands in for a value that is wrong or missing, so that the checks between values still run.
_STAND_INS: dict[str, object] = {
    "data": "/nonexistent",
    "hostname": "stand-in.invalid",
    "staff": "staff@stand-in.invalid",
    "name": "stand-in",
    "address": "team@stand-in.invalid",
    "password": {"env": "STAND_IN"},
    "smarthost": "stand-in.invalid:25",
}
_LIST_STAND_INS: dict[str, object] = {"listen": "127.0.0.1:0", "languages": "en", "backoff_minutes": 1}


def find(given: str | None = None) -> Path:
    """The config to use: the one given, else $GATEPOST_CONFIG, ./config.toml, /etc/gatepost/config.toml.

    Raises PermanentError where there is none of them.
    """
    named = given or os.environ.get(VARIABLE)
    if named:
        return Path(named)
    for place in map(Path, PLACES):
        if place.is_file():
            return place
    raise _NoConfigError(
        f"there is no config: neither ./{PLACES[0]} nor {PLACES[1]}",
        f"Name one with -c FILE or ${VARIABLE}, or begin with a copy of config.example.toml.",
    )


class _NoConfigError(PermanentError):
    exit_code = os.EX_CONFIG


def load(path: Path, *, secrets: bool = True) -> Config:
    """The config at `path`, its relative paths taken from the folder of the file.

    `secrets` also reads every secret once; commands that need none leave that out. Raises MistakesError with every
    mistake, its line and a suggestion.
    """
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MistakesError(str(path), [syntax_mistake(str(path), text, error)]) from None
    config, wrong = _validated(raw, path.absolute().parent)
    found = [(place_of(error), *say(error)) for error in wrong]
    if config is not None:
        at = {place for place, _, _ in found}
        found += [finding for finding in findings(config, secrets=secrets) if finding[0] not in at]
    if config is None or found:
        mistakes = [_mistake(path, text, *each) for each in found]
        raise MistakesError(str(path), sorted(mistakes, key=lambda mistake: mistake.line))
    return config


def _text(path: Path) -> str:
    """The text of the file; a byte order mark, which some editors write, is passed over."""
    try:
        octets = path.read_bytes()
    except OSError as error:
        mistake = Mistake(file=str(path), message=f"cannot be read: {error.strerror}")
        raise MistakesError(str(path), [mistake]) from error
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        mistake = Mistake(file=str(path), line=line, message="not UTF-8", suggestion="save the file as UTF-8")
        raise MistakesError(str(path), [mistake]) from error


def _validated(raw: dict[str, Any], folder: Path) -> tuple[Config | None, list[ErrorDetails]]:
    """The config and no error; or the errors, with what can be made of the rest so that more mistakes are found."""
    config, wrong = _attempt(raw, folder)
    errors = wrong
    for _ in range(2):
        for error in errors:
            _mend(raw, error)
        if config is None:
            config, errors = _attempt(raw, folder)
    return config, wrong


def _attempt(raw: dict[str, Any], folder: Path) -> tuple[Config | None, list[ErrorDetails]]:
    try:
        return Config.model_validate(_tuples(raw), context={"folder": folder}), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    # Of a list with a bad member pydantic also says that it is too short.
    inner = {place_of(each)[:-1] for each in found}
    return None, [each for each in found if place_of(each) not in inner]


def _mend(raw: dict[str, Any], error: ErrorDetails) -> None:
    """Put a stand-in where the error is, give a misspelt key its name, or let the default do."""
    place = place_of(error)
    at: Any = raw
    for part in place[:-1]:
        try:
            at = at[part]
        except (KeyError, IndexError, TypeError):
            return
    last = place[-1]
    if isinstance(at, list) and isinstance(last, int):
        at[last] = _LIST_STAND_INS.get(str(place[-2]), f"support-{last}@stand-in.invalid")
    elif isinstance(at, dict):
        value = at.pop(last, None)
        if error["type"] == "extra_forbidden":
            near = nearest(place)
            if near and near not in at:
                at[near] = value
        elif last == "support" and len(place) == 3:
            at[last] = [f"{place[1]}@stand-in.invalid"]
        elif last in _STAND_INS or place[:2] == ("reply_address", "keys"):
            at[last] = _STAND_INS.get(str(last), _STAND_INS["password"])


def _tuples(value: Any) -> Any:
    """TOML's lists as tuples, which is what a frozen model holds and strict validation asks for."""
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _mistake(path: Path, text: str, place: Place, message: str, suggestion: str) -> Mistake:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return Mistake(file=str(path), line=line_of(text, place), key=key, message=message, suggestion=suggestion)
