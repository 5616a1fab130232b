"""The sandbox of the letters, the operator's folder before ours, and a broken set that never replaces a sound one."""

from pathlib import Path

import pytest

from gatepost.errors import MistakesError
from gatepost.mail.templates import Letters, TemplateError
from gatepost.mail.vetting import FIGURES

GOOD = "Subject: Hello {{ author }}\n\nDear {{ author }}\n"


def write(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        path = folder / (name.replace("__", "/").replace("_DOT_", ".") + ".j2")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return folder


def letter(folder: Path, source: str, name: str = "customer/x.en.txt.j2") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return folder


def test_a_letter_is_subject_text_and_html(tmp_path):
    letter(tmp_path, GOOD)
    letter(tmp_path, "<p>{{ author }}</p>", "customer/x.en.html.j2")
    got = Letters(None, tmp_path).render("x", ["en"], {"author": "A & <B>"})
    assert (got.subject, got.text, got.html) == ("Hello A & <B>", "Dear A & <B>\n", "<p>A &amp; &lt;B&gt;</p>")


def test_the_operators_file_goes_before_ours_file_by_file(tmp_path):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    letter(shipped, GOOD)
    letter(shipped, GOOD, "customer/y.en.txt.j2")
    letter(own, "Subject: Own\n\nOwn\n")
    letters = Letters(own, shipped)
    assert letters.render("x", ["en"], {}).text == "Own\n"
    assert letters.render("y", ["en"], {"author": "J"}).text == "Dear J\n"
    assert Letters(tmp_path / "absent", shipped).names() == ("x", "y")


def test_the_language_falls_back_to_english(tmp_path):
    letter(tmp_path, GOOD)
    letter(tmp_path, "Subject: Hallo\n\nLiebe {{ author }}\n", "customer/x.de.txt.j2")
    letters = Letters(None, tmp_path)
    chosen = [
        letters.render("x", wanted, {"author": "J"}).language
        for wanted in (["de-AT"], ["fr", "de"], ["fr"], ["", "en"], ["DE"])
    ]
    assert chosen == ["de", "de", "en", "en", "de"]
    assert letters.languages("x") == ("de", "en") and letters.languages("none") == ()


def test_the_same_name_for_two_audiences_is_told_apart(tmp_path):
    letter(tmp_path, "Subject: v\n\nvendor\n", "vendor/overdue.en.txt.j2")
    letter(tmp_path, "Subject: s\n\nstaff\n", "staff/overdue.en.txt.j2")
    letters = Letters(None, tmp_path)
    assert [letters.render(n, ["en"], {}).text for n in ("overdue", "vendor/overdue", "staff/overdue")] == [
        "vendor\n",
        "vendor\n",
        "staff\n",
    ]


@pytest.mark.catalogue("F16")
@pytest.mark.parametrize("name", ["none", "../x", "pieces/base", "customer/x.en", ""])
def test_an_unknown_letter_is_a_permanent_error(tmp_path, name):
    with pytest.raises(TemplateError, match="no such letter"):
        Letters(None, letter(tmp_path, GOOD)).render(name, ["en"], {})


@pytest.mark.catalogue("H08")
def test_a_broken_set_does_not_replace_a_sound_one(tmp_path):
    letters = Letters(None, letter(tmp_path, GOOD))
    before = letters.digest()
    assert not letters.reload()
    letter(tmp_path, "Subject: x\n\n{% if %}\n")
    letter(tmp_path, "no header\n", "customer/y.en.txt.j2")
    with pytest.raises(MistakesError) as error:
        letters.reload()
    assert [(m.file, m.line) for m in error.value.mistakes] == [
        ("customer/x.en.txt.j2", 3),
        ("customer/y.en.txt.j2", 1),
    ]
    assert letters.digest() == before and letters.render("x", ["en"], {"author": "J"}).text == "Dear J\n"
    (tmp_path / "customer/y.en.txt.j2").unlink()
    letter(tmp_path, "Subject: New\n\nNew\n")
    assert letters.reload() and letters.render("x", ["en"], {}).text == "New\n"


@pytest.mark.catalogue("H04", "H05")
@pytest.mark.parametrize(
    "payload",
    [
        "{{ author.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ author|attr('__class__') }}", "{{ '{0.__class__}'.format(author) }}",
        "{{ author.upper() }}", "{{ self.__init__ }}", "{{ cycler.__init__ }}", "{{ lipsum(99) }}", "{{ range(9) }}", "{{ [1].append(2) }}",
        "{{ topics.pop() }}", "{{ (author.format)() }}", "{{ delimiter.__globals__ }}", "{{ author['__class__'] }}", "{% set x = 1 %}",
        "{% macro m() %}{% endmacro %}", "{% filter upper %}x{% endfilter %}", "{{ author|safe }}", "{{ author|format }}", "{{ author|center(9) }}",
        "{% autoescape false %}{% endautoescape %}", "{% do x %}", "{% import 'pieces/y' as y %}", "{% for a in topics recursive %}{% endfor %}",
    ],
)  # fmt: skip
def test_a_letter_reaches_nothing_but_its_values(tmp_path, payload):
    with pytest.raises((MistakesError, TemplateError)):
        Letters(None, letter(tmp_path, f"Subject: x\n\n{payload}\n")).render(
            "x", ["en"], {"author": "J", "topics": [1]}
        )


@pytest.mark.catalogue("H04")
@pytest.mark.parametrize("text", ["{{ 7 }}", "{% raw %}", "{{ author.__class__ }}", "<script>alert(1)</script>", "{#"])
def test_a_customers_words_are_never_a_template(tmp_path, text):
    letter(tmp_path, GOOD)
    letter(tmp_path, "<b>{{ author }}</b>", "customer/x.en.html.j2")
    got = Letters(None, tmp_path).render("x", ["en"], {"author": text})
    assert got.text == f"Dear {text}\n" and "<script" not in got.html


@pytest.mark.catalogue("H06")
@pytest.mark.parametrize(
    "payload",
    [
        "{{ 'a' * 10**9 }}", "{{ 10**10**7 }}", "{{ author ** 2 }}", "{{ '%99999999d' % 1 }}", "{{ author.ljust(99999999) }}", "{{ author + author }}",
        "{% for a in topics %}{% for b in topics %}{% for c in topics %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in topics %}{% include 'customer/x.en.txt.j2' %}{% endfor %}", "{% include 'customer/x.en.txt.j2' %}",
        "{% for a in topics %}{% for b in topics %}{{ author }}{% endfor %}{% endfor %}",
    ],
)  # fmt: skip
def test_a_letter_without_end_ends(tmp_path, payload):
    with pytest.raises((MistakesError, TemplateError)):
        Letters(None, letter(tmp_path, f"Subject: x\n\n{payload}\n")).render(
            "x", ["en"], {"author": "J" * 100, "topics": [1] * 300}
        )


@pytest.mark.catalogue("H06")
def test_a_letter_that_takes_too_long_is_stopped(tmp_path):
    ticks = iter(range(10))
    letters = Letters(
        None,
        letter(tmp_path, "Subject: x\n\n{% for a in topics %}.{% endfor %}\n"),
        monotonic=lambda: float(next(ticks)),
    )
    with pytest.raises(TemplateError, match="longer than 2 seconds"):
        letters.render("x", ["en"], {"topics": [1] * 1_000})


@pytest.mark.catalogue("H06")
@pytest.mark.parametrize("words", [">" * 262_144, "&" * 262_144, ">\na\n" * 65_536])
def test_words_whose_html_grows_beyond_its_bounds_go_out_as_text(tmp_path, words):
    letter(tmp_path, "Subject: x\n\n{{ words }}\n")
    html = "{% for block in words|blocks %}<p style='margin:0 0 14px'>{{ block.lines|broken }}</p>{% endfor %}"
    letter(tmp_path, html, "customer/x.en.html.j2")
    got = Letters(None, tmp_path).render("x", ["en"], {"words": words})
    assert (got.text, got.html) == (words + "\n", "")


@pytest.mark.catalogue("H07")
@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "customer/../../x", "pieces/none.j2"])
@pytest.mark.parametrize("word", ["include", "extends"])
def test_a_letter_includes_nothing_from_outside(tmp_path, path, word):
    with pytest.raises(MistakesError, match="there is no file") as error:
        Letters(None, letter(tmp_path, f"Subject: x\n\n{{% {word} '{path}' %}}\n"))
    assert [(m.file, m.line) for m in error.value.mistakes] == [("customer/x.en.txt.j2", 3)]


def test_every_mistake_is_told_at_once_with_line_and_suggestion(tmp_path):
    letter(tmp_path, "Subject: x\n\n{{ custmer.name }}\n")
    letter(tmp_path, "Subject: {{ authr }}\n\n\n{{ x|uper }}\n", "customer/y.en.txt.j2")
    letter(tmp_path, "{% include 'pieces/b.j2' %}", "pieces/a.j2")
    letter(tmp_path, "{% include 'pieces/a.j2' %}", "pieces/b.j2")
    with pytest.raises(MistakesError) as error:
        Letters(None, tmp_path)
    assert [str(mistake) for mistake in error.value.mistakes] == [
        "customer/x.en.txt.j2:3: letters know no value custmer; did you mean customer?",
        "customer/y.en.txt.j2:1: letters know no value authr; did you mean author?",
        "customer/y.en.txt.j2:4: letters know no filter uper",
        "pieces/a.j2:1: with pieces/b.j2 it takes more than 50 files, or itself",
        "pieces/b.j2:1: with pieces/a.j2 it takes more than 50 files, or itself",
    ]


def test_the_figures_that_letters_may_name_are_those_that_they_get(draft, letters, values):
    assert {*values(), "brand", "number", "subject", "language"} == FIGURES


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (letter(tmp_path, GOOD) / "customer" / "x.de.txt.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(MistakesError, match="cannot be read"):
        Letters(None, tmp_path)


def test_includes_and_blocks_stand_where_they_were_named(tmp_path):
    letter(
        tmp_path,
        "<{% block a %}a{% endblock %}|{% if first %}{% block b %}b{% include 'pieces/c.j2' %}{% endblock %}{% endif %}>",
        "pieces/base.html.j2",
    )
    letter(tmp_path, "({{ author }})", "pieces/c.j2")
    letter(
        tmp_path,
        "{% extends 'pieces/base.html.j2' %}{% block a %}A{% include 'pieces/c.j2' %}{% endblock %}",
        "pieces/middle.html.j2",
    )
    letter(
        tmp_path,
        "{% extends 'pieces/middle.html.j2' %}not shown{% block b %}B{% for a in topics %}{{ a }}{% else %}-{% endfor %}{% endblock %}",
        "customer/x.en.html.j2",
    )
    letters = Letters(None, letter(tmp_path, GOOD))
    shown = [
        letters.render("x", ["en"], {"author": "<J>", "first": f, "topics": t}).html
        for f, t in ((True, [1, 2]), (True, []), (False, []))
    ]
    assert shown == ["<A(&lt;J&gt;)|B12>", "<A(&lt;J&gt;)|B->", "<A(&lt;J&gt;)|>"]


def test_an_error_in_an_included_file_names_that_file(tmp_path):
    letter(tmp_path, "1\n2\n{{ customer.nothing }}\n", "pieces/c.txt.j2")
    letter(tmp_path, "Subject: x\n\n{% if first %}{% include 'pieces/c.txt.j2' %}{% endif %}\n")
    with pytest.raises(TemplateError) as error:
        Letters(None, tmp_path).render("x", ["en"], {"customer": {}, "first": True})
    assert (error.value.file, error.value.line) == ("pieces/c.txt.j2", 3)
    assert "'dict object' has no attribute 'nothing'" in str(error.value)
