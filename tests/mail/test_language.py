"""The language of a mail: the header, then script and small words, and no answer rather than a wrong one."""

import pytest

from gatepost.mail.language import language


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("en", "Hello, I have a problem with the licence, can you help?"),
        ("de", "Guten Tag, ich habe ein Problem mit der Lizenz."),
        ("fr", "Bonjour, je ne peux pas ouvrir le rapport."),
        ("es", "Hola, no puedo abrir el informe, gracias."),
        ("it", "Buongiorno, non riesco ad aprire il file che mi avete inviato, grazie."),
        ("pt", "Olá, não consigo abrir o relatório, obrigado pela ajuda."),
        ("nl", "Hallo, ik kan het rapport niet openen, bedankt."),
        ("sv", "Hej, jag kan inte öppna rapporten, tack för hjälpen."),
        ("da", "Hej, jeg kan ikke åbne rapporten. Tak for hjælpen, venlig hilsen."),
        ("no", "Hei, jeg kan ikke åpne rapporten. Takk for hjelpen, vennlig hilsen."),
        ("fi", "Hei, en voi avata raporttia, mutta ohjelma on asennettu. Kiitos."),
        ("pl", "Dzień dobry, nie mogę otworzyć pliku. Proszę o pomoc, dziękuję."),
        ("cs", "Dobrý den, nemohu otevřít soubor, děkuji."),
        ("sk", "Dobrý deň, neviem otvoriť súbor, ďakujem."),
        ("hu", "Jó napot, nem tudom megnyitni a fájlt, kérem segítsenek. Köszönöm."),
        ("ro", "Bună ziua, nu pot să deschid fișierul, vă mulțumesc."),
        ("tr", "Merhaba, bu dosyayı açamıyorum, lütfen yardım edin. Teşekkürler."),
        ("ru", "Здравствуйте, у меня не открывается отчёт."),
        ("uk", "Вітаю, у мене не відкривається звіт, дякую."),
        ("bg", "Здравейте, не мога да отворя файла, благодаря."),
        ("ja", "こんにちは。レポートが開けません。よろしくお願いします。"),
        ("zh", "您好，我无法打开报告，请帮忙。"),
        ("ko", "안녕하세요, 보고서를 열 수 없습니다."),
        ("he", "שלום, אני לא מצליח לפתוח את הקובץ."),
        ("ar", "مرحبا، لا يمكن فتح الملف من فضلك"),
        ("el", "Γεια σας, δεν μπορώ να ανοίξω το αρχείο."),
    ],
)  # fmt: skip
def test_the_text_tells_its_language(expected, text):
    assert language([], text) == expected


def test_the_header_comes_first():
    assert language([("content-language", "de-AT")], "Hello, this is the report that you asked for.") == "de"


@pytest.mark.parametrize("value", ["de, en", "", "x-unknown", "english"])
def test_a_header_without_one_language_leaves_it_to_the_text(value):
    assert language([("content-language", value)], "Hello, this is the report that you asked for.") == "en"


@pytest.mark.parametrize("text", ["", "ok", "12345 0x7f", "gatepost.core.letter.Letter", "!!!", "Error 500 at line 3"])
def test_no_language_is_guessed_from_nothing(text):
    assert language([], text) == ""
