"""Dates, times, languages and small words as a person reads them in one of our languages and in their zone.

Dates and names of languages are Unicode's (CLDR, through babel); whole sentences belong into the letters.
"""

from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from ..core import MINUTE, Millis
from ..core.party import Standing
from ..core.secret import Kind as SecretKind
from .catalogue import phrase, say, served

_STANDING = {
    Standing.ACTIVE: phrase("active"),
    Standing.EXPIRED: phrase("expired"),
    Standing.CANCELLED: phrase("cancelled"),
    Standing.PENDING: phrase("not yet started"),
    Standing.NONE: phrase("none"),
    Standing.UNKNOWN: phrase("unknown"),
}
_SECRETS = {
    SecretKind.PASSWORD: phrase("a password"),
    SecretKind.WORDPRESS: phrase("a WordPress login"),
    SecretKind.SERVER: phrase("access to a server (FTP or SSH)"),
    SecretKind.DATABASE: phrase("access to a database"),
    SecretKind.PRIVATE_KEY: phrase("a private key"),
    SecretKind.TOKEN: phrase("a key or token"),
    SecretKind.URL: phrase("a web address with a password in it"),
    SecretKind.CARD: phrase("a card number"),
}
_SCORES = (phrase("Very bad"), phrase("Bad"), phrase("So-so"), phrase("Good"), phrase("Very good"))
# What Unicode's data says for a language, but for these.
_LOCALES = {"en": "en_GB"}
_TIMES = {"de": "HH:mm 'Uhr'"}
_TIME = "HH:mm"


def day(at: Millis, language: str = "en", zone: str = "UTC") -> str:
    """The date of the instant `at` in `zone`: `1 March 2026`."""
    # Midnight is at a quarter of an hour of UTC in every zone of today.
    return _day(at - at % (15 * MINUTE), language, zone)


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
    return _moment(at - at % MINUTE, language, zone)


# Letters that leave in the same minute say the same instants, and babel takes its time over each.
@lru_cache(maxsize=4096)
def _moment(at: Millis, language: str, zone: str) -> str:
    here = _local(at, zone)
    date = format_date(here, "full", _locale(language))
    time = format_time(here, _TIMES.get(served(language), _TIME), locale=_locale(language))
    return f"{date}, {time} ({here.tzname()})"


@lru_cache(maxsize=4096)
def _day(at: Millis, language: str, zone: str) -> str:
    return format_date(_local(at, zone), "long", _locale(language))


def percent(value: float, language: str = "en") -> str:
    """A share of so many per cent: `61%`, `61 %`."""
    return format_percent(round(value) / 100, locale=_locale(language))


def number(value: float, language: str = "en") -> str:
    """A number with at most one decimal: `3.5`, `3,5`."""
    return format_decimal(round(value, 1), format="0.#", locale=_locale(language))


def short(at: Millis, language: str = "en", zone: str = "UTC") -> str:
    """The instant `at` for a person in `zone`, where there is little room: `2 Mar 2026, 17:00`."""
    here = _local(at, zone)
    time = format_time(here, _TIME, locale=_locale(language))
    return f"{format_date(here, 'medium', _locale(language))}, {time}"


def score(value: int, language: str = "en") -> str:
    """A rating of 1 to 5 in words."""
    return say(language, _SCORES[value - 1])


def standing(value: Standing, language: str = "en") -> str:
    """What a subscription is worth, in one word."""
    return say(language, _STANDING[value])


def secret_kind(kind: SecretKind, language: str = "en") -> str:
    """A kind of credential, as it is told to whoever wrote one into a mail."""
    return say(language, _SECRETS[kind])


def utc(at: Millis) -> datetime:
    """The instant `at` in UTC."""
    return datetime.fromtimestamp(at // 1000, UTC)


def language_name(code: str, language: str = "en") -> str:
    """The language `code` by its name in `language`; the code itself where we have no name for it."""
    return str(_locale(language).languages.get(code.lower().partition("-")[0], code))


@cache
def _locale(language: str) -> Locale:
    short = served(language)
    return Locale.parse(_LOCALES.get(short, short))


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _local(at: Millis, zone: str) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(_zone(zone))
