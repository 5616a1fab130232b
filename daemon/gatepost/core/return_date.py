"""Finds the day on which the writer of an absence notice is back (M5), in the usual spellings of many languages.

A wrong date would be told to the other side as a promise, so that an ambiguous one (3/4/2024) is none, and so is one
that lies before the notice or more than a year after it. Whether a mail is such a notice is not asked here.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

_TEXT_CAP = 4_000
_HORIZON = timedelta(days=366)
# How many words before a date may tell what it is, as in “I will be back in the office on Monday, 12 March”.
_REACH = 8

_MONTHS = (
    "january jan januar jänner janvier enero gennaio janeiro januari jan. janv leden ledna stycznia "
    "styczeń január januára ianuarie ocak января январь січня януари ιανουαρίου tammikuu tammikuuta ינואר "
    "يناير siječnja",
    "february feb februar février fev febrero febbraio fevereiro februari únor února lutego luty február "
    "februára februarie şubat февраля февраль лютого февруари φεβρουαρίου helmikuu helmikuuta פברואר "
    "فبراير veljače",
    "march mar märz mrz mars marzo março maart marts březen března marca marzec március martie mart марта "
    "март березня μαρτίου maaliskuu maaliskuuta מרץ مارس ožujka",
    "april apr avril avr abril aprile duben dubna kwietnia kwiecień április apríla aprilie nisan апреля "
    "апрель квітня април απριλίου huhtikuu huhtikuuta אפריל أبريل travnja",
    "may mai mayo maggio mag maio mei maj květen května maja május mája mayıs мая май травня μαΐου "
    "toukokuu toukokuuta מאי مايو svibnja",
    "june jun juni juin junio giugno giu junho červen června czerwca czerwiec június júna iunie haziran "
    "июня июнь червня юни ιουνίου kesäkuu kesäkuuta יוני يونيو lipnja",
    "july jul juli juillet juil julio luglio lug julho červenec července lipca lipiec július júla iulie "
    "temmuz июля июль липня юли ιουλίου heinäkuu heinäkuuta יולי يوليو srpnja",
    "august aug août agosto ago augusti augustus srpen srpna sierpnia sierpień augusztus augusta ağustos "
    "августа август серпня αυγούστου elokuu elokuuta אוגוסט أغسطس kolovoza",
    "september sep sept septembre septiembre settembre set setembro září września wrzesień szeptember "
    "septembra septembrie eylül сентября сентябрь вересня септември σεπτεμβρίου syyskuu syyskuuta ספטמבר "
    "سبتمبر rujna",
    "october oct oktober okt octobre octubre ottobre ott outubro out říjen října października październik "
    "október októbra octombrie ekim октября октябрь жовтня октомври οκτωβρίου lokakuu lokakuuta אוקטובר "
    "أكتوبر",
    "november nov novembre noviembre novembro listopad listopadu listopada noiembrie kasım ноября ноябрь "
    "листопада ноември νοεμβρίου marraskuu marraskuuta נובמבר نوفمبر studenoga novembra",
    "december dec dezember dez décembre déc diciembre dicembre dic dezembro prosinec prosince grudnia "
    "grudzień decembra decembrie aralık декабря декабрь грудня декември δεκεμβρίου joulukuu joulukuuta "
    "דצמבר ديسمبر prosinca",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_WEEKDAYS = (
    "monday montag lundi lunes lunedì maandag segunda-feira måndag mandag maanantai pondělí poniedziałek "
    "pazartesi понедельник",
    "tuesday dienstag mardi martes martedì dinsdag terça-feira tisdag tirsdag tiistai úterý wtorek salı вторник",
    "wednesday mittwoch mercredi miércoles mercoledì woensdag quarta-feira onsdag keskiviikko středa "
    "środa çarşamba среду",
    "thursday donnerstag jeudi jueves giovedì donderdag quinta-feira torsdag torstai čtvrtek czwartek perşembe четверг",
    "friday freitag vendredi viernes venerdì vrijdag sexta-feira fredag perjantai pátek piątek cuma пятницу",
    "saturday samstag samedi sábado sabato zaterdag lördag lørdag lauantai sobota cumartesi субботу",
    "sunday sonntag dimanche domingo domenica zondag söndag søndag sunnuntai neděle niedziela pazar воскресенье",
)
_WEEKDAY_OF = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
# What stands before the day of return, as beginnings of words.
_BACK = (
    "until", "till", "til", "back", "return", "through", "thru", "bis", "zurück", "wieder", "ab", "jusqu", "retour",
    "hasta", "regres", "vuelta", "fino", "rientr", "torner", "tot", "terug", "até", "volt", "tillbaka", "tilbage",
    "tilbake", "asti", "palaa", "takaisin", "do", "wrac", "zpět", "späť", "vissza", "până", "revin", "kadar", "döne",
    "до", "вернусь", "буду", "включительно", "верн", "повер", "връщ", "έως", "μέχρι", "επιστρ", "עד", "אחזור", "حتى",
    "سأعود",
)  # fmt: skip
_BETWEEN = frozenset({"of", "de", "del", "di", "den", "the", "der", "dem"})


def return_date(text: str, today: date) -> date | None:
    """The day of return that `text` names, seen from `today`; the last of several, None where none is sure."""
    words = _words(text)
    found = [
        day
        for place, day in [*_written(words, today), *_weekdays(words, today)]
        if today <= day <= today + _HORIZON and _tells_of_return(words, place)
    ]
    return max(found, default=None) or _eastern(text[:_TEXT_CAP], today)


def _words(text: str) -> list[str]:
    return [
        word.strip(",;:!?()[]<>*\"'„“”")
        for word in text[:_TEXT_CAP].lower().replace("’", " ").replace("'", " ").split()
    ]


def _tells_of_return(words: Sequence[str], place: int) -> bool:
    """Whether one of the words before (or, as in Turkish and Hungarian, right after) speaks of an end or a return."""
    around = (*words[max(place - _REACH, 0) : place], *words[place + 1 : place + 5])
    return any(word.startswith(_BACK) for word in around)


def _written(words: Sequence[str], today: date) -> Iterator[tuple[int, date]]:
    """Dates in figures, and those with a month's name before or after the day."""
    for place, word in enumerate(words):
        day = _figures(word, today)
        month = _MONTH_OF.get(word.rstrip("."))
        if day is None and month is not None:
            before = next((w for w in reversed(words[max(place - 2, 0) : place]) if w not in _BETWEEN), "")
            after = next((w for w in words[place + 1 : place + 3] if w not in _BETWEEN), "")
            number = _day_number(before) or _day_number(after)
            beside = [*words[place + 1 : place + 4], *words[max(place - 1, 0) : place]]
            years = [int(w) for w in (one.rstrip(".") for one in beside) if len(w) == 4 and w.isascii() and w.isdigit()]
            day = _made(years[0] if years else 0, month, number, today)
        if day is not None:
            yield place, day


def _figures(word: str, today: date) -> date | None:
    """A date in figures: 2024-03-12, 12.03.2024, 12.3., 12/03/2024 where only one reading is possible."""
    for mark in ("-", ".", "/"):
        pieces = [piece for piece in word.rstrip(".").split(mark) if piece]
        if len(pieces) not in (2, 3) or not all(p.isascii() and p.isdigit() and len(p) <= 4 for p in pieces):
            continue
        numbers = [int(piece) for piece in pieces]
        if len(pieces[0]) == 4:
            return _made(numbers[0], numbers[1], numbers[2], today) if len(numbers) == 3 else None
        if len(numbers) == 2:
            # “12.3.” is a date in Central Europe; “2.4” is a version, and “3/12” may be either day.
            return _made(0, numbers[1], numbers[0], today) if mark == "." and word.endswith(".") else None
        first, second, year = numbers[0], numbers[1], numbers[2] + (2000 if numbers[2] < 100 else 0)
        if mark != "." and first <= 12 and second <= 12 and first != second:
            return None
        return _made(year, second, first, today) or (_made(year, first, second, today) if mark == "/" else None)
    return None


def _weekdays(words: Sequence[str], today: date) -> Iterator[tuple[int, date]]:
    """The next such day after `today`, where no date in figures or with a month stands beside it."""
    for place, word in enumerate(words):
        weekday = _WEEKDAY_OF.get(word.rstrip("."))
        beside = words[place + 1 : place + 5]
        dated = any(w.rstrip(".") in _MONTH_OF or any(c.isdigit() for c in w) for w in beside)
        if weekday is not None and not dated:
            yield place, today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _eastern(text: str, today: date) -> date | None:
    """Dates of the form 3月12日 and 3월 12일, with or without a year; the last one."""
    found: list[date] = []
    for month_mark, day_mark, year_mark in (("月", "日", "年"), ("월", "일", "년")):
        at = text.find(month_mark)
        while at >= 0:
            end = text.find(day_mark, at, at + 6)
            before = text[max(at - 10, 0) : at]
            year, _, month = before.rpartition(year_mark)
            digits = "".join(c for c in year[-4:] if c.isdigit()) if year else ""
            number = _trailing(month)
            day = _made(int(digits or 0), number, _day_number(text[at + 1 : end].strip()) if end > 0 else 0, today)
            if day is not None and today <= day <= today + _HORIZON:
                found.append(day)
            at = text.find(month_mark, at + 1)
    return max(found, default=None)


def _trailing(text: str) -> int:
    digits = text.strip()[-2:]
    digits = digits if digits.isdigit() else digits[-1:]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _day_number(word: str) -> int:
    """1..31 of `12`, `12.`, `12th`, `1er`, `12-án`; 0 for anything else."""
    digits = ""
    for character in word[:3]:
        if not (character.isascii() and character.isdigit()):
            break
        digits += character
    rest = word[len(digits) :].lstrip(".")
    number = int(digits or 0)
    return number if 1 <= number <= 31 and len(digits) <= 2 and len(rest) <= 4 and not rest[:1].isdigit() else 0


def _made(year: int, month: int, day: int, today: date) -> date | None:
    """The date, in the given year or else in the nearest one; None where there is no such day."""
    try:
        if year:
            return date(year, month, day)
        this_year = date(today.year, month, day)
        # “Since 4 March”, said in March, means the past one; “7 January”, said in December, the coming one.
        gone = this_year < today - timedelta(days=150)
        return date(today.year + 1, month, day) if gone else this_year
    except ValueError:
        return None
