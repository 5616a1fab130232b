"""Keys are found on their lines, however the TOML is laid out."""

import tomllib

import pytest

from gatepost.toml_lines import line_of, syntax_mistake

TEXT = '''# a comment
first = 1
[table]
a = "x"
b = """
two
lines"""
c = { inside = 1 }
[table.deeper]
list = [
  1,
  2,
]
[[rule]]
name = "one"
[[rule]]
name = "two"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("first",), 2),
        (("table",), 3),
        (("table", "a"), 4),
        (("table", "b"), 5),
        (("table", "c", "inside"), 8),
        (("table", "deeper"), 9),
        (("table", "deeper", "list", 1), 10),
        (("rule", 1, "name"), 17),
        (("rule", 0), 14),
        (("table", "absent"), 3),
        (("absent",), 0),
    ],
)
def test_a_key_is_on_its_line(path, line):
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = 1\nb = x@y\n", 2, "text stands in quotes"),
        ('a = "open\nb = 1\n', 1, "does not end on this line"),
        ("a = 1\na = 2\n", 2, "stands here twice"),
        ("[a]\n[a]\n", 2, "stands here twice"),
        ("a = [1,\n", 2, "at the end of the file"),
    ],
)
def test_what_is_not_toml_is_told_with_line_and_remedy(text, line, words):
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    mistake = syntax_mistake("x.toml", text, caught.value)
    assert mistake.line == line and words in str(mistake)
