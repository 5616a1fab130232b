"""Dates, languages and standings as a person reads them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(
    st.integers(946_684_800_000, 4_102_444_800_000),
    st.sampled_from(["UTC", "Europe/Paris", "Asia/Kathmandu", "Australia/Eucla", "America/St_Johns", "Pacific/Apia"]),
    st.sampled_from(["en", "de", "vi"]),
)
def test_an_instant_is_said_alike_however_many_were_said_in_its_minute(at, zone, language):
    here = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))
    assert f"{here:%H:%M}" in wording.moment(at, language, zone)
    assert str(here.day) in wording.day(at, language, zone) and str(here.year) in wording.day(at, language, zone)
    assert wording.moment(at, language, zone) == wording.moment(at - at % 60_000 + 59_999, language, zone)
