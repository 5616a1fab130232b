"""What stands behind a word for a password, and whether it is taken for one; everything here is of a fixed length."""

from dataclasses import dataclass, replace

from . import secret_words as words
from .secret_forms import compiled
from .secret_looks import is_known, is_placeholder, looks_like_one, looks_strong
from .secret_talk import TALK, phrase

_LONGEST = 64
_CLOSES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "«": "»", "‹": "›", "”": "”", "‘": "’"}
_SPACE = " \t\u00a0\u2009\u202f"
_BETWEEN = r"(?:[^\n:=.!?\"„«“]|https?://[^\s]*[^\s:]|\.[\pL\pN])"
_COLON = compiled(rf"^(?:[\"'`*_\])>”»“]{{0,3}})({_BETWEEN}{{0,60}}?)[\s\x{{a0}}>]*?(:=|=>|->|→|[:：=])(?:[^/]|$)")
_IS = compiled(rf"(?i)^({_BETWEEN}{{0,40}}?)\s(?:{words.one_of(words.IS)})\s*:?\s")
# `<td>Password</td><td>…`, `<password>…`.
_TAGS = compiled(r"^[ \t:]{0,3}</[A-Za-z0-9]{1,10}>[\s:]{0,9}<[A-Za-z]|^>[^<>\s]")
_DASH = compiled(r"^[ \x{a0}]+[-–—][ \x{a0}]+")
_COMMA = compiled(r"^['\"]\s*,\s*['\"]")
_NEXT = compiled(r"^(?:\s?\([^)\n]{0,40}\))?[ \t\x{a0}]+")
_BOTH = compiled(rf"(?i)(?:{words.one_of(words.LOGIN)})\s?(?:and|und|et|e|y|i|en|và|/|&|\+)\s?$")
_ADJECTIVE = compiled(r"^[ \x{a0}]+\p{Ll}{4,16}[ \x{a0}]+")
_AS = compiled(rf"(?i)(\S{{6,64}})\s+(?:{words.one_of(words.AS)})\s+(?:\pL{{2,4}}\s+)?$")
_TOKEN = compiled(
    rf"(?i)^[\"'`*_\]>)]{{0,3}}(?:[^\n:=.!?]{{0,40}}?[\s\x{{a0}}]*(?::|=>?)"
    rf"|[^\n:=.!?]{{0,40}}?\s(?:{words.one_of(words.IS)})\s|\s)"
    r"[\s\x{a0}\"'`*<„“«]*([A-Za-z0-9_.+/=~-]{12,})"
)


@dataclass(frozen=True, slots=True)
class Value:
    """What stands behind a word, where, and how plainly it is named: by a colon, directly, alone on its line."""

    text: str
    start: int
    end: int
    colon: bool = False
    direct: bool = False
    quoted: bool = False
    ends_line: bool = False
    code: bool = False
    phrase: bool = False


def behind(before: str, rest: str) -> Value | None:
    """The word that may be the password whose name is followed by `rest` and preceded by `before`; None for none.

    A place below 0 is one before the name.
    """
    octets = rest.encode("utf-8", "surrogatepass")
    if (found := _COMMA.search(octets)) is not None:
        return _value(rest, length(octets, found.end()) - 1, colon=True, direct=True, code=True)
    if (found := _TAGS.search(octets)) is not None and (octets[:1] != b">" or before.endswith("<")):
        return _value(rest, length(octets, found.end()) - (2 if octets[:1] != b">" else 1), colon=True, direct=True)
    if (found := _COLON.search(octets)) is not None:
        between = found.group(1).decode("utf-8", "surrogatepass").strip(" \t\"'`*_)]>”»“(")
        if between and found.group(2) == b"=" and octets[found.start(2) - 1 : found.start(2)] != b" ":
            return None  # An attribute of HTML: name="pwd" id="user_pass".
        said = not between or between.casefold() in words.IS
        value = _value(rest, length(octets, found.end(2)), colon=True, direct=said or _is_of(between))
        if value is not None and (value.direct or looks_like_one(value.text)):
            return (
                _whole(value, rest, _BOTH.search(before.encode("utf-8", "surrogatepass")) is not None)
                if said
                else value
            )
    for pattern in (_IS, _DASH, _NEXT):
        if (found := pattern.search(octets)) is not None:
            value = _value(rest, length(octets, found.end()), direct=pattern is _NEXT)
            if value is not None and (looks_like_one(value.text) or (value.quoted and value.direct)):
                return value
    if (found := _ADJECTIVE.search(octets)) is not None:
        value = _value(rest, length(octets, found.end()))
        if value is not None and looks_strong(value.text):
            return value
    if (found := _AS.search(before.encode("utf-8", "surrogatepass"))) is not None:
        text = found.group(1).decode("utf-8", "surrogatepass")
        start = before.rindex(text) - len(before)
        return Value(text, start, start + len(text)) if looks_like_one(text) else None
    return None


def is_secret(value: Value, *, login: bool, before: str) -> bool:
    """Whether the word is taken for a password."""
    text = value.text
    if is_placeholder(text):
        return False
    if looks_like_one(text):
        return True
    if value.code:
        return before.endswith("_") and len(text) > 3
    if value.phrase:
        return login
    alone = value.direct and ((value.colon and value.ends_line) or value.quoted) and len(text) > 3
    if not alone or _is_said(text) or is_known(text):
        return False
    digits = text.isdigit()
    return (login or digits) and text.casefold() not in words.NEVER and not _names_same(text, before)


def is_cell(text: str, *, login: bool) -> bool:
    """Whether a table's cell below a word for a password is one; beside a column of logins a plain word is."""
    if is_placeholder(text) or text.casefold() in words.NEVER:
        return False
    return looks_like_one(text) or (login and len(text) > 3 and " " not in text)


def _is_said(text: str) -> bool:
    """Whether quoted words are talk: `the button Password "is missing"`."""
    return " " in text and (len(text.split()) > 3 or any(word.casefold() in TALK for word in text.split()))


def _whole(value: Value, rest: str, both: bool) -> Value:
    """The pass phrase that begins with this word and fills its line; else the word. `both`: the second of two."""
    if value.quoted or value.ends_line or looks_like_one(value.text):
        return value
    said = phrase(rest[value.start :].split("\n", 1)[0])
    if said is not None and both:
        second = said.split()[1]
        start = rest.index(second, value.end)
        return replace(value, text=second, start=start, end=start + len(second))
    return value if said is None else replace(value, text=said, end=value.start + len(said), phrase=True)


def _is_of(between: str) -> bool:
    """Whether these words only say what the password is of: `Password for the test shop: …`, `pw ftp = …`."""
    said = between.casefold().split()
    return len(said) < 5 and (said[0] in words.OF or all(word in words.PLACES for word in said))


def token_behind(rest: str) -> Value | None:
    """The long word behind a word for a key or token."""
    octets = rest.encode("utf-8", "surrogatepass")
    found = _TOKEN.search(octets)
    if found is None:
        return None
    text = found.group(1).decode("ascii").rstrip(".")
    start = length(octets, found.start(1))
    return Value(text, start, start + len(text))


def _value(rest: str, at: int, *, colon: bool = False, direct: bool = False, code: bool = False) -> Value | None:
    """The word at `at`, without the quotes or marks around it; on the next line where this one ends."""
    breaks = 0
    while at < len(rest) and (rest[at] in _SPACE or rest[at] in "\r\n>*" or rest.startswith("&nbsp;", at)):
        breaks += rest[at] == "\n"
        at += 6 if rest[at] == "&" else 1
    if breaks > 2:
        return None
    while rest[at : at + 1] == "<" and 0 < rest.find(">", at) - at < 40:
        at = rest.find(">", at) + 1
        while rest[at : at + 1] == " ":
            at += 1
    closing = _CLOSES.get(rest[at : at + 1], "")
    if closing:
        ends = [place for mark in closing if 0 < (place := rest.find(mark, at + 1)) <= at + _LONGEST]
        if ends and "\n" not in (inside := rest[at + 1 : min(ends)]):
            start = at + 1 + len(inside) - len(inside.lstrip())
            text = inside.strip()
            return Value(text, start, start + len(text), colon, direct, True, code=code) if text else None
    end = at
    while end < len(rest) and not rest[end].isspace() and end - at < _LONGEST and rest[end] not in "<`":
        end += 1
    if end == len(rest) and end - at >= _LONGEST:
        return None
    text = _trimmed(rest[at:end])
    line = rest[at + len(text) :].split("\n", 1)[0]
    ends_line = not line.strip(" \t\r.,;)*_\"'”»“`")
    return Value(text, at, at + len(text), colon, direct, False, ends_line, code) if text else None


def _trimmed(text: str) -> str:
    """A word without what belongs to the sentence or to the line of settings around it."""
    for mark in (";", "&"):
        head, found, tail = text.partition(mark)
        if found and "=" in tail and tail.split("=")[0].replace("_", "").isalpha():
            text = head
    text = text.rstrip(".,;:\"'”»“’")
    for opens, closes in ("()", "[]"):
        while text.endswith(closes) and text.count(opens) < text.count(closes):
            text = text[:-1].rstrip(".,;:\"'”»“’")
    return text


def _names_same(text: str, before: str) -> bool:
    """Whether the login has the same words: `Login: wymagany`, `Hasło: wymagane`."""
    line = before.rstrip().rsplit("\n", 2)[-2:]
    login = line[0].rpartition(":")[2].strip().casefold() if line else ""
    return len(login) > 5 and login[:5] == text.casefold()[:5]


def length(octets: bytes, end: int) -> int:
    return len(octets[:end].decode("utf-8", "surrogatepass"))
