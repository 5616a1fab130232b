"""Reads the cells of a marketplace's tables: each function takes the text of a cell and gives its value or refuses it.

A refusal is a ValueError with one sentence, as for a person; nothing here knows rows, files or the store.
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ..config.types import zone as known_zone
from ..core import Millis, address
from ..core.away_plan import CLOCKS

_SLUG = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
_NAME_CHARACTERS = 200
_TEXT_CHARACTERS = 2_000


def slug(text: str) -> str:
    """A short name, as in web addresses."""
    if not _SLUG.fullmatch(text) or len(text) > 100:
        near = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        raise ValueError(f"{text!r} is not a slug" + (f"; write it like {near}" if near else ""))
    return text


def name(text: str) -> str:
    """A name on one line."""
    if not text:
        raise ValueError("this must not be empty")
    return optional_name(text)


def optional_name(text: str) -> str:
    """A name on one line, or nothing."""
    if len(text) > _NAME_CHARACTERS or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text):
        raise ValueError(f"a name is one line of at most {_NAME_CHARACTERS} characters")
    return text


def words(text: str) -> str:
    """Text for a reader, of several lines if need be."""
    lines = "\n".join(text.splitlines())
    if len(lines) > _TEXT_CHARACTERS or any(ord(c) < 32 and c not in "\n\t" for c in lines):
        raise ValueError(f"this is text of at most {_TEXT_CHARACTERS} characters, without control characters")
    return lines


def stops(text: str) -> bool:
    """What the clock does during an absence: whether it stops."""
    if text not in CLOCKS:
        raise ValueError(f"{text!r} is neither stops nor runs")
    return text == "stops"


def senders(text: str) -> tuple[str, ...]:
    """Addresses and @domains, separated by spaces, in lower case."""
    return tuple(dict.fromkeys(_sender(word) for word in text.replace(",", " ").split()))


def _sender(word: str) -> str:
    return "@" + address.domain(word[1:]) if word.startswith("@") else address.plain(word).lower()


def aliases(text: str) -> tuple[str, ...]:
    """Names, separated by |."""
    return tuple(dict.fromkeys(name(each.strip()) for each in text.split("|") if each.strip()))


def language(text: str) -> str:
    """A language code."""
    lowered = text.lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(lowered):
        raise ValueError(f"{text!r} is not a language code like en, de or pt-br")
    return lowered


def country(text: str) -> str:
    """A country code of two letters."""
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise ValueError(f"{text!r} is not a country code like DE or US")
    return text.upper()


def zone(text: str) -> str:
    """The name of a time zone."""
    return known_zone(text)


def minute(text: str) -> int:
    """A time of the day as minutes after midnight; 24:00 is the end of the day."""
    hit = _TIME.fullmatch(text)
    if hit is None or int(hit[1]) * 60 + int(hit[2]) > 1440:
        raise ValueError(f"{text!r} is not a time of the day; write it like 09:00 or 17:30")
    return int(hit[1]) * 60 + int(hit[2])


def hundredths(text: str) -> int:
    """An amount of money with at most two decimals, in hundredths."""
    hit = _AMOUNT.fullmatch(text)
    if hit is None:
        raise ValueError(f"{text!r} is not an amount; write it like 49 or 49.90, without a currency")
    sign, whole, part = hit[1], hit[2], (hit[3] or "").ljust(2, "0")
    return int(f"{sign}{whole}{part}")


def currency(text: str) -> str:
    """A currency code of three letters (ISO 4217)."""
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise ValueError(f"{text!r} is not a currency code like EUR or USD")
    return text.upper()


def yes_or_no(text: str) -> bool:
    """true or false."""
    if text.lower() not in _YES + _NO:
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() in _YES


def instant(text: str, zone: str = "UTC") -> Millis:
    """A date, as its first instant in `zone`, or a date-time with its offset (ISO 8601), in milliseconds."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write it like 2026-12-31 or 2026-12-31T18:00:00Z") from None
    if _DATE.fullmatch(text):
        found = found.replace(tzinfo=ZoneInfo(zone))
    elif found.tzinfo is None:
        raise ValueError(f"{text!r} says no time zone; write {text}Z for UTC, or an offset like +01:00")
    if not 1970 <= found.year <= 9998:
        raise ValueError(f"{text!r} lies before 1970 or after 9998")
    return round((found.astimezone(UTC) - _EPOCH).total_seconds() * 1000)
