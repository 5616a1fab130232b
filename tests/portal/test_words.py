"""People's words on pages: links, and the words of a search, in time that grows with the text alone."""

import time

import pytest

from gatepost.portal.words import holds, marked, shown, words_of


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("see https://a.example/b, or", ('<a href="https://a.example/b"', "</a>, or")),
        ("HTTP://A.example http: httpx https://", ('<a href="HTTP://A.example"', "</a> http: httpx https://")),
        ("http://a.example https://b.example", ('href="http://a.example"', 'href="https://b.example"')),
    ],
)
def test_links_are_made_to_be_followed(text, page):
    assert all(part in shown(text) for part in page)


@pytest.mark.parametrize(
    ("text", "question", "found"),
    [
        ("The Printer jams", "print JAM", True),
        ("The Printer jams", "rinter", False),
        ("a sprinter, a printer", "printer", True),
        ("Größe und Élan", "grosse elan", True),
        ("Élan", "lan", False),
        ("", "a", False),
    ],
)
def test_a_word_is_found_where_one_begins_so(text, question, found):
    assert holds(text, words_of(question)) is found


def test_the_line_about_the_first_hit_is_shown():
    text = "x " * 500 + "the <b>printer</b> jams" + " y" * 500
    line = marked(text, ("printer",), around=True)
    assert "<mark>printer</mark>" in line and "<b>" not in line and len(line) < 400
    assert "<mark>Größe</mark>" in marked("z " * 300 + "Größe", ("grosse",), around=True)
    assert marked("nothing of it", ("printer",), around=True) == "nothing of it"


@pytest.mark.catalogue("I24")
@pytest.mark.parametrize("text", ["https://a.b ", "http://a.b ", "https://", "httphttp", "a ", "é ", "aé"])
def test_the_longest_text_that_a_mail_can_bring_is_no_work(text):
    whole = (text * 262_144)[:262_130] + " needle here"
    before = time.process_time()
    shown(whole)
    for _ in range(10):
        holds(whole, ("needle", "here"))
        marked(whole, ("needle",), around=True)
    assert time.process_time() - before < 1.5
