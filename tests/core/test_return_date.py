"""The day on which the writer of an absence notice is back."""

from datetime import date

import pytest

from gatepost.core.return_date import return_date

TODAY = date(2024, 3, 5)  # A Tuesday.


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (date(2024, 3, 12), "I am out of the office until 12 March 2024."),
        (date(2024, 3, 12), "I'll be back on March 12th, 2024 and will answer then."),
        (date(2024, 3, 12), "I will return on Tuesday, 12 March."),
        (date(2024, 3, 12), "Out until 2024-03-12."),
        (date(2024, 3, 18), "I am away from 8 March and will be back in the office on Monday, 18 March."),
        (date(2024, 3, 18), "Out until 3/18/2024."),
        (date(2024, 3, 18), "Out until 18/03/2024."),
        (date(2024, 3, 11), "I will be back on Monday."),
        (date(2024, 3, 8), "I am back on Friday, thanks."),
        (date(2024, 3, 12), "Ich bin bis 12.03.2024 nicht im Büro."),
        (date(2024, 3, 12), "Ich bin ab dem 12.3. wieder erreichbar."),
        (date(2024, 3, 12), "Ich bin vom 4. März bis zum 12. März im Urlaub."),
        (date(2024, 3, 11), "Ab Montag bin ich wieder für Sie da."),
        (date(2024, 3, 12), "Je suis absent jusqu'au 12 mars 2024."),
        (date(2024, 4, 1), "De retour le 1er avril."),
        (date(2024, 3, 12), "Estaré fuera de la oficina hasta el 12 de marzo de 2024."),
        (date(2024, 3, 12), "Sono in ferie fino al 12 marzo."),
        (date(2024, 3, 12), "Estou de férias até 12 de março."),
        (date(2024, 3, 12), "Ik ben afwezig tot 12 maart."),
        (date(2024, 3, 12), "Jag är tillbaka den 12 mars."),
        (date(2024, 3, 12), "Jeg er tilbage den 12. marts."),
        (date(2024, 3, 12), "Olen lomalla 12. maaliskuuta asti."),
        (date(2024, 3, 12), "Jestem na urlopie do 12 marca."),
        (date(2024, 3, 12), "Jsem na dovolené do 12. března."),
        (date(2024, 3, 12), "2024. március 12-ig nem vagyok; vissza."),
        (date(2024, 3, 12), "Sunt în concediu până pe 12 martie."),
        (date(2024, 3, 12), "12 Mart tarihine kadar izindeyim."),
        (date(2024, 3, 12), "Я в отпуске до 12 марта."),
        (date(2024, 3, 12), "Я у відпустці до 12 березня 2024."),
        (date(2024, 3, 12), "3月12日まで休暇をいただいております。"),
        (date(2024, 3, 12), "我在2024年3月12日前不在办公室。"),
        (date(2024, 3, 12), "3월 12일까지 휴가입니다."),
    ],
)  # fmt: skip
def test_the_day_of_return(expected, text):
    assert return_date(text, TODAY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am out of the office and will answer when I return.",
        "Out until 3/4/2024.",
        "I was back on 1 March 2023.",
        "Back on 12 March 2031.",
        "Back on 31 February.",
        "Version 2.4 comes back with build 12.3",
        "The meeting is on 12 March.",
        "Call +1 555 0100 until 18:00",
        "99.99.9999 until 0000-00-00 back 2024-13-41",
        "月日年月日 월일 0月0日 99月99日",
    ],
)
def test_no_date_rather_than_a_wrong_one(text):
    assert return_date(text, TODAY) is None


def test_a_day_without_a_year_is_the_coming_one_at_the_turn_of_the_year():
    assert return_date("Back on 7 January.", date(2024, 12, 20)) == date(2025, 1, 7)
    assert return_date("Away since 4 March, until further notice.", TODAY) is None
