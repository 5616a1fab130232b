"""Small words that letters need in several languages: dates, languages, the standing of a subscription.

English stands in for a language that is not here; whole sentences belong into the letters, not into this file.
"""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..core import Millis
from ..core.party import Standing

T = TypeVar("T")

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
}
_DAY = {"en": "{day} {month} {year}", "de": "{day}. {month} {year}"}
_MOMENT = {"en": "{weekday}, {date}, {time} ({zone})", "de": "{weekday}, {date}, {time} Uhr ({zone})"}
_STANDING = {
    "en": {
        Standing.ACTIVE: "active", Standing.EXPIRED: "expired", Standing.CANCELLED: "cancelled",
        Standing.PENDING: "not yet started", Standing.NONE: "none", Standing.UNKNOWN: "unknown",
    },
    "de": {
        Standing.ACTIVE: "aktiv", Standing.EXPIRED: "abgelaufen", Standing.CANCELLED: "gekündigt",
        Standing.PENDING: "noch nicht begonnen", Standing.NONE: "keines", Standing.UNKNOWN: "unbekannt",
    },
}  # fmt: skip
_SCORES = {
    "en": ("Very bad", "Bad", "So-so", "Good", "Very good"),
    "de": ("Sehr schlecht", "Schlecht", "Mittelmäßig", "Gut", "Sehr gut"),
}
_LANGUAGES = {
    "en": {
        "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
        "pt": "Portuguese", "pl": "Polish", "sv": "Swedish", "da": "Danish", "ja": "Japanese", "zh": "Chinese",
    },
    "de": {
        "en": "Englisch", "de": "Deutsch", "fr": "Französisch", "es": "Spanisch", "it": "Italienisch",
        "nl": "Niederländisch", "pt": "Portugiesisch", "pl": "Polnisch", "sv": "Schwedisch", "da": "Dänisch",
        "ja": "Japanisch", "zh": "Chinesisch",
    },
}  # fmt: skip


def day(at: Millis, language: str = "en", zone: str = "UTC") -> str:
    """The date of the instant `at` in `zone`: `1 March 2026`."""
    here = _local(at, zone)
    month = _of(_MONTHS, language).split(" ")[here.month - 1]
    return _of(_DAY, language).format(day=here.day, month=month, year=here.year)


def day_of(iso: str, language: str = "en") -> str:
    """The date written YYYY-MM-DD, in words; '' stays ''."""
    if not iso:
        return ""
    return day(int(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp()) * 1000, language)


def iso_day(at: Millis, zone: str = "UTC") -> str:
    """The date of the instant `at` in `zone` as YYYY-MM-DD."""
    return _local(at, zone).date().isoformat()


def moment(at: Millis, language: str = "en", zone: str = "UTC") -> str:
    """The instant `at` for a person in `zone`: `Monday, 2 March 2026, 17:00 (CET)`."""
    here = _local(at, zone)
    weekday = _of(_WEEKDAYS, language).split(" ")[here.weekday()]
    return _of(_MOMENT, language).format(
        weekday=weekday, date=day(at, language, zone), time=f"{here:%H:%M}", zone=here.tzname()
    )


def score(value: int, language: str = "en") -> str:
    """A rating of 1 to 5 in words."""
    return _of(_SCORES, language)[value - 1]


def standing(value: Standing, language: str = "en") -> str:
    """What a subscription is worth, in one word."""
    return _of(_STANDING, language)[value]


def language_name(code: str, language: str = "en") -> str:
    """The language `code` by its name in `language`; the code itself where we have no name for it."""
    return _of(_LANGUAGES, language).get(code.lower().partition("-")[0], code)


def _of(table: dict[str, T], language: str) -> T:
    return table.get(language.lower().partition("-")[0], table["en"])


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _local(at: Millis, zone: str) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(_zone(zone))
