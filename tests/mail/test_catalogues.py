"""Every message of letters and pages is said in every language, with the values of the English; a catalogue's faults show."""

import importlib.util
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from gatepost import shipped
from gatepost.core.confirmation import says_yes
from gatepost.core.party import Standing
from gatepost.errors import MistakesError, PermanentError
from gatepost.mail import catalogue, wording
from gatepost.mail.quote import delimiter, reply_text
from gatepost.mail.templates import Letters

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("messages", ROOT / ".ci" / "messages.py")
assert _SPEC is not None and _SPEC.loader is not None
messages = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(messages)
NOON = 1_780_315_200_000


@pytest.fixture(scope="module")
def known():
    return messages.said()


@pytest.mark.parametrize("language", [code for code in catalogue.LANGUAGES if code != "en"])
def test_every_message_is_said_in_every_language_with_the_same_values(known, language):
    assert len(known) > 30
    assert list(messages.faults(language, known)) == []


@pytest.fixture
def locale(tmp_path, monkeypatch):
    """A house with the messages A and `%(n)s left`, and the catalogue de/x.po that a test writes."""
    (tmp_path / "templates" / "portal" / "x").mkdir(parents=True)
    (tmp_path / "templates" / "portal" / "x" / "page.html.j2").write_text(
        '{{ _("A") }}{{ ngettext("%(num)s ticket", "%(num)s tickets", n) }}{% trans n=n %}{{ n }} left{% endtrans %}'
    )
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")

    def write(po: str, name: str = "x") -> list[str]:
        folder = tmp_path / "locale" / "de"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.po").write_text(po)
        return list(messages.faults("de", messages.said()))

    return write


GOOD = (
    'msgid "A"\nmsgstr "Ah"\n\nmsgid "%(n)s left"\nmsgstr "noch %(n)s"\n\n'
    'msgid "%(num)s ticket"\nmsgid_plural "%(num)s tickets"\nmsgstr[0] "ein Ticket"\nmsgstr[1] "%(num)s Tickets"\n'
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ""),
        ("noch %(n)s", "noch %(m)s", "does not fill in the same values: 'noch %(m)s'"),
        ('msgstr "Ah"', 'msgstr ""', "locale/de/x.po lacks 'A' (templates/portal/x/page.html.j2:1)"),
        ('msgstr[1] "%(num)s Tickets"', 'msgstr[1] ""', "lacks '%(num)s ticket'"),
        ('msgid "A"', 'msgid "B"', "locale/de/x.po: 'B' stands nowhere any more"),
        ('msgstr "Ah"', 'msgstr "Ah "', "begins or ends with a space"),
    ],
)
def test_a_fault_of_a_catalogue_is_told(locale, old, new, told):
    found = locale(GOOD.replace(old, new).replace("ein Ticket", "%(num)s Ticket"))
    assert any(told in line for line in found) if told else not found


def test_two_areas_say_a_message_alike(locale):
    good = GOOD.replace("ein Ticket", "%(num)s Ticket")
    assert locale(good) == []
    assert any("in another way in another area" in line for line in locale('msgid "A"\nmsgstr "Ach"\n', "y"))


def test_update_writes_what_is_missing_into_its_area_and_takes_out_what_is_stale(locale, tmp_path):
    locale(GOOD.replace('msgid "A"', 'msgid "B"'))
    messages.main(["update"])
    written = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "locale").rglob("*.po")}
    assert written == {f"locale/{language}/x.po" for language in messages.TRANSLATED}
    german = (tmp_path / "locale/de/x.po").read_text()
    assert 'msgid "A"\nmsgstr ""' in german and '"B"' not in german and "noch %(n)s" in german


@pytest.mark.parametrize(
    ("language", "is_served"),
    [("de-AT", "de"), ("PL", "pl"), ("nl_BE", "nl"), ("pt", "en"), ("", "en"), ("../de", "en"), ("vi-VN", "vi")],
)
def test_a_language_is_served_by_its_own_or_in_english(language, is_served):
    assert catalogue.served(language) == is_served


def test_a_page_speaks_the_language_of_the_value_language_with_plurals_and_escaped_values():
    environment = Environment(
        loader=DictLoader(
            {"x.html": '{% trans subject=who %}Your ticket: {{ subject }}{% endtrans %}|{{ _("Done") }}'}
        ),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue.install(environment)
    said = [environment.get_template("x.html").render(language=code, who="<b>") for code in ("en", "de-CH", "xx")]
    assert said == ["Your ticket: &lt;b&gt;|Done", "Ihr Ticket: &lt;b&gt;|Erledigt", "Your ticket: &lt;b&gt;|Done"]


def test_a_catalogue_that_cannot_be_read_says_which(tmp_path, monkeypatch):
    (tmp_path / "locale" / "fr").mkdir(parents=True)
    (tmp_path / "locale" / "fr" / "mail.po").write_text('msgid "A\n')
    monkeypatch.setattr(shipped, "folder", lambda kind: tmp_path / kind)
    with pytest.raises(PermanentError, match=r"fr/mail\.po: it cannot be read"):
        catalogue.catalogue.__wrapped__("fr")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "mardi 2 juin 2026, 00:00 (NZST)"), ("it", "martedì 2 giugno 2026, 00:00 (NZST)"),
        ("pl", "wtorek, 2 czerwca 2026, 00:00 (NZST)"), ("es", "martes, 2 de junio de 2026, 00:00 (NZST)"),
        ("vi", "Thứ Ba, 2 tháng 6, 2026, 00:00 (NZST)"), ("nl", "dinsdag 2 juni 2026, 00:00 (NZST)"),
    ],
)  # fmt: skip
def test_moments_in_the_readers_language_and_zone(language, said):
    assert wording.moment(NOON, language, "Pacific/Auckland") == said


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_small_words_differ_within_each_language(language):
    scores = [wording.score(value, language) for value in range(1, 6)]
    standings = [wording.standing(standing, language) for standing in Standing]
    assert len(set(scores)) == 5 and len(set(standings)) == len(standings)
    assert language == "en" or wording.standing(Standing.ACTIVE, language) != "active"


def letter(folder: Path, source: str, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return folder


COMMON = 'Subject: {{ _("Thank you") }}\n\n{{ _("Your ticket: %(subject)s", subject=subject) }}\n'


def test_a_common_letter_speaks_every_language_and_the_operators_own_file_goes_before_it(tmp_path):
    letter(tmp_path, COMMON, "customer/x.txt.j2")
    letter(tmp_path, '<p>{{ _("Your ticket: %(subject)s", subject=subject|strong) }}</p>', "customer/x.html.j2")
    own = letter(tmp_path / "own", "Subject: Eigener\n\nEigener\n", "customer/x.de.txt.j2")
    letter(own, "Subject: Olá\n\nOlá\n", "customer/x.pt.txt.j2")
    letters = Letters(own, tmp_path)
    assert letters.languages("x") == ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "vi")
    made = {code: letters.render("x", [code], {"subject": "<1>"}) for code in ("en", "fr", "de", "pt")}
    assert made["fr"].subject == "Merci" and made["fr"].text == "Votre ticket\u00a0: <1>\n"
    assert made["fr"].html == "<p>Votre ticket\u00a0: <strong>&lt;1&gt;</strong></p>"
    assert (made["en"].text, made["de"].text, made["pt"].text) == ("Your ticket: <1>\n", "Eigener\n", "Olá\n")
    assert made["pt"].html == "<p>Your ticket: <strong>&lt;1&gt;</strong></p>"


def test_a_letter_to_staff_is_in_english_or_german(tmp_path):
    letters = Letters(None, letter(tmp_path, COMMON, "staff/x.txt.j2"))
    assert letters.languages("x") == ("de", "en")


@pytest.mark.catalogue("H04")
@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("{{ _(words) }}", "one text in quotes"),
        ("{{ _('%(words)999999999s', words=words) }}", "a value is %(name)s"),
        ("{{ _('%d', words=words) }}", "a value is %(name)s"),
        ("{{ _('100 % sure') }}", "% is written %%"),
        ("{{ _('%(word)s', words=words) }}", "wants word"),
        ("{{ _('a', **customer) }}", "names each of its arguments"),
        ("{{ ngettext('a', words, 2) }}", "one text in quotes"),
        ("{{ _('" + "%(words)s" * 300 + "', words=words) }}", "2,000 characters at most"),
        ("{% trans count=topics|length %}{{ words }}{% pluralize %}{{ count }}{% endtrans %}{{ custmer }}", "custmer"),
    ],
)
def test_what_a_letter_translates_is_fixed_text_with_named_values(tmp_path, said, fault):
    with pytest.raises(MistakesError) as error:
        Letters(None, letter(tmp_path, f"Subject: x\n\n{said}\n", "customer/x.txt.j2"))
    assert [m.line for m in error.value.mistakes] == [3]
    assert fault in error.value.mistakes[0].message


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_the_word_for_yes_that_a_letter_asks_for_is_understood(language):
    assert says_yes(catalogue.say(language, "yes")) and says_yes(catalogue.say(language, "yes").capitalize() + ".")


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_the_line_above_which_an_answer_is_written_is_cut_in_every_language(language):
    line = delimiter(catalogue.say(language, "Please write your answer above this line"))
    assert reply_text(f"The answer.\n\n> {line}\n>\n> the mail").strip() == "The answer."


@pytest.mark.parametrize(
    ("said", "text", "html"),
    [
        ("{{ _('100 %% sure') }}", "100 % sure", "100 % sure"),
        ("{{ _('%(a)s, %(b)s and %(a)s', a=words, b=author) }}", "<w>, J and <w>", "&lt;w&gt;, J and &lt;w&gt;"),
        ("{{ _('%(a)s', a=words) }}", "<w>", "&lt;w&gt;"),
        ("{{ _('<b>%(a)s</b>', a=words) }}", "<b><w></b>", "<b>&lt;w&gt;</b>"),
        ("{{ _('%(a)s!', a='<c>') }}", "<c>!", "&lt;c&gt;!"),
        ("{{ _('%(a)s!', a=words|strong) }}", "<strong>&lt;w&gt;</strong>!", "<strong>&lt;w&gt;</strong>!"),
        ("{% if first %}{{ _('a') }}{% else %}{{ _('b') }}{% endif %}{{ _('it\\'s') }}", "ait's", "ait's"),
        ("{% for t in topics %}{{ _('%(t)s;', t=t) }}{% endfor %}", "1;2;", "1;2;"),
        ("{% trans count=topics|length %}one{% pluralize %}{{ count }} of <b>{% endtrans %}", "2 of <b>", "2 of <b>"),
        ("{{ _('%(a)s:', a=_('Done')) }}", "Done:", "Done:"),
    ],
)  # fmt: skip
def test_a_sentence_is_filled_in_and_its_values_escaped_once(tmp_path, said, text, html):
    letter(tmp_path, f"Subject: x\n\n{said}\n", "customer/x.txt.j2")
    letter(tmp_path, said, "customer/x.html.j2")
    values = {"words": "<w>", "author": "J", "first": True, "topics": [1, 2]}
    made = Letters(None, tmp_path).render("x", ["en"], values)
    assert (made.text.strip("\n"), made.html) == (text, html)
