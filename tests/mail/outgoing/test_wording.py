"""Dates, languages and standings as a person reads them."""

import pytest

from gatepost.core.party import Standing
from gatepost.mail import wording

NOON = 1_780_315_200_000  # Monday, 1 June 2026, 12:00 UTC


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "UTC", "Monday, 1 June 2026, 12:00 (UTC)"),
        ("en", "Europe/Berlin", "Monday, 1 June 2026, 14:00 (CEST)"),
        ("de", "Europe/Berlin", "Montag, 1. Juni 2026, 14:00 Uhr (CEST)"),
        ("de-AT", "Pacific/Auckland", "Dienstag, 2. Juni 2026, 00:00 Uhr (NZST)"),
        ("xx", "No/Where", "Monday, 1 June 2026, 12:00 (UTC)"),
        ("", "../etc/passwd", "Monday, 1 June 2026, 12:00 (UTC)"),
    ],
)
def test_moments(language, zone, said):
    assert wording.moment(NOON, language, zone) == said


def test_days_follow_the_zone():
    assert wording.day(NOON + 12 * 3_600_000 - 1, "en") == "1 June 2026"
    assert wording.day(NOON + 12 * 3_600_000, "de") == "2. Juni 2026"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_standing_has_its_word(language):
    words = [wording.standing(standing, language) for standing in Standing]
    assert all(words) and len(set(words)) == len(words)


def test_languages_by_name():
    assert [wording.language_name(*pair) for pair in (("de", "en"), ("de-CH", "de"), ("xqq", "de"))] == [
        "German",
        "Deutsch",
        "xqq",
    ]
