"""An operator's own catalogues: their words go before ours, in letters and on pages; what is wrong with them is told."""

import pytest

from gatepost import shipped
from gatepost.core.party import Brand
from gatepost.errors import MistakesError
from gatepost.mail import catalogue
from gatepost.mail.letter_lint import sample
from gatepost.mail.templates import Letters


@pytest.fixture
def words(tmp_path):
    """Writes locale/<place> of an operator; afterwards only ours are spoken again."""

    def write(place, text):
        path = tmp_path / "locale" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path / "locale"

    yield write
    catalogue.use({})


BRAND = Brand(slug="m", name="Market", support=("support@market.example",), languages=("en", "de", "pt"))


def letters(folder):
    return Letters(None, shipped.folder("templates") / "mail", folder)


def text_of(made, language):
    """What a letter says in a language."""
    return sample(made, BRAND, "customer/add-address", language).text


GREETING = 'msgid "Hello,"\nmsgstr "Moin,"\n'


def test_an_operators_words_go_before_ours_and_ours_say_the_rest(words):
    made = letters(words("de/house.po", GREETING))
    assert catalogue.say("de", "Hello,") == "Moin," and catalogue.say("de-AT", "Hello,") == "Moin,"
    assert catalogue.say("de", "yes") == "ja" and catalogue.say("fr", "Hello,") == "Bonjour,"
    mail = sample(made, BRAND, "customer/add-address", "de")
    assert mail.text.startswith("Moin,") and "Moin," in mail.html


def test_a_language_that_we_do_not_speak_is_spoken_by_an_operators_words(words):
    made = letters(words("pt/all.po", 'msgid "Hello,"\nmsgstr "Olá,"\n'))
    assert "pt" in made.languages("add-address") and catalogue.served("pt-BR") == "pt"
    text = text_of(made, "pt")
    assert text.startswith("Olá,") and "Is it not you?" in text
    catalogue.use({})
    assert catalogue.served("pt") == "en"


def test_a_change_counts_at_the_next_reload_and_a_mistake_leaves_what_was(words):
    made = letters(words("de/house.po", GREETING))

    def said():
        return text_of(made, "de")[:5]

    assert said() == "Moin," and made.reload() is False
    words("de/house.po", GREETING.replace("Moin", "Gude"))
    assert said() == "Moin," and made.reload() is True and said() == "Gude,"
    words("de/house.po", GREETING.replace("Moin,", "%(wer)s"))
    with pytest.raises(MistakesError):
        made.reload()
    assert said() == "Gude," and catalogue.say("de", "Hello,") == "Gude,"


@pytest.mark.parametrize(
    ("place", "text", "said"),
    [
        ("de/a.po", 'msgid "Hello,"\nmsgstr "100 % %(name)s"\n', "a per cent sign is written %%"),
        ("de/a.po", '\n\nmsgid "Hello,"\nmsgstr "Hallo %(name)s,"\n', "a.po:3: 'Hallo %(name)s,' wants %(name)s (there is no value)"),
        ("de/a.po", 'msgid "Hello %(name)s,"\nmsgstr "Hallo %(nane)s,"\n', "wants %(nane)s (there is %(name)s)"),
        ("de/a.po", 'msgid "Hello,"\nmsgstr "Hal', "a.po:2: a text in quotes does not end"),
        ("de/a.po", 'msgid "Hello,"\nmsgstr "Hallo"\nWelt\n', "a.po:3: it cannot be read"),
        ("de/a.po", 'msgid "Hello,"\nmsgstr "' + "x" * 2_001 + '"\n', "2,000 characters at most"),
        ("de/a.po", "# " + "x" * 1_100_000, "larger than 1024 KiB"),
        ("klingon/a.po", GREETING, "klingon is no language that we know (name the folder like de, fr or pt)"),
        ("de_AT/a.po", GREETING, "de_AT is more than a language"),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_place(words, place, text, said):
    with pytest.raises(MistakesError) as told:
        letters(words(place, text))
    assert said in str(told.value)


def test_a_file_that_is_no_text_is_told_like_any_other_mistake(words):
    folder = words("de/a.po", "")
    (folder / "de" / "a.po").write_bytes(b'msgid "\xff"\nmsgstr "\xfe"\n')
    with pytest.raises(MistakesError, match=r"a\.po"):
        letters(folder)


def test_a_sentence_that_is_none_of_ours_is_told_and_holds_up_nothing(words):
    made = letters(words("de/house.po", 'msgid "Helo,"\nmsgstr "Moin,"\n\nmsgid "Our shop"\nmsgstr "Unser Laden"\n'))
    first, second = map(str, made.words.unknown)
    assert "house.po:1: 'Helo,' is no sentence of ours (did you mean 'Hello,'?)" in first and "'Our shop'" in second
    assert catalogue.say("de", "Our shop") == "Unser Laden"
