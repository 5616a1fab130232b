"""Whatever stands in config.toml: a Config, or mistakes; never another error, and never a line that is not there."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gatepost.config import Config, load
from gatepost.config.example import example
from gatepost.errors import MistakesError

# The example with every key live that needs no file: each line `key = value` can be spoilt.
LIVE = re.sub(r"(?m)^# (\w+ = )", r"\1", example())
LINES = [line for line in LIVE.splitlines() if not re.match(r"# |$|(certificate|key|keys|rules|templates) = ", line)]
KEYS = [number for number, line in enumerate(LINES) if " = " in line]
VALUES = [
    *("0", "-1", "1", "1.5", "nan", "inf", "true", '""', '"x"', '"a@b.example"', '"a@b\\u0000.example"', "[]", "{}"),
    *("[1]", "[[]]", '["a", 1]', "[{}]", "{ env = 1 }", '{ env = "A", file = "B" }', "1979-05-27", "07:32:00"),
    *(
        "1979-05-27T07:32:00Z",
        "9" * 30,
        '"' + "x" * 5000 + '"',
        '"\\u0000"',
        '"☃@☃.example"',
        '"/nonexistent"',
        '"[::1]:99999"',
    ),
    *("support", "", "'''\nlines\n'''", '"..@.."', '"Europe/Nowhere"', '"%"', '"-"'),
]
spoil = st.tuples(
    st.sampled_from(KEYS), st.sampled_from(["value", "key", "gone", "twice", "table"]), st.sampled_from(VALUES)
)


def spoilt(changes):
    lines = list(LINES)
    for number, how, value in changes:
        key, _, old = LINES[number].partition(" = ")
        lines[number] = {
            "value": f"{key} = {value}",
            "key": f"{key[:-1]} = {old}",
            "gone": "",
            "twice": f"{key} = {old}\n{key}_ = {old}",
            "table": f"[{key}.{key}]",
        }[how]
    return "\n".join(lines)


@given(st.lists(spoil, max_size=4))
def test_any_spoilt_config_gives_a_config_or_mistakes(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "spoilt.toml"
    text = spoilt(changes)
    path.write_text(text)
    try:
        assert isinstance(load(path, secrets=False), Config)
    except MistakesError as error:
        last = text.count("\n") + 2
        assert error.mistakes and all(0 <= mistake.line <= last and mistake.message for mistake in error.mistakes)


@given(st.binary(max_size=200))
def test_any_octets_give_a_config_or_mistakes(tmp_path_factory, octets):
    path = tmp_path_factory.getbasetemp() / "octets.toml"
    path.write_bytes(octets)
    try:
        load(path, secrets=False)
    except MistakesError as error:
        assert error.mistakes
