"""Replaces in a text what may name a person, by something of the same shape: addresses, places, numbers, known names.

For examples that leave the house, such as those of rules. What only a reader understands, such as the name of a friend
in the middle of a sentence, it cannot find: a person reads the result.
"""

from collections.abc import Iterable
from functools import cache

import re2

from ..core.rules.tokens import TEXT_LIMIT, tokenise
from .secrets import mask

ADDRESS = "customer@shop.example"
_PLACE = "shop.example"
_NAME = "Jo"
_SHORTEST_NAME = 2
_FAR_NUMBER = "1234567890"
_FAR_LETTERS = "ABCDEFGHIJ"
_LONG = 200
_CLOSING = 12
"""Lines at the end of a mail among which its close is looked for."""
_BEHIND = 3
"""Words that may stand behind a close in its line: a name."""
_CLOSE_WORDS = (
    "best, best regards, best wishes, kind regards, many thanks, regards, respectfully, sincerely, thank you, "
    "thanks, thx, warm regards, yours, beste grüße, danke, freundliche grüße, gruß, grüße, herzliche grüße, "
    "hochachtungsvoll, lg, liebe grüße, mfg, mit freundlichem gruß, mit freundlichen grüßen, schöne grüße, vg, "
    "viele grüße, vielen dank, avec mes remerciements, bien cordialement, bien à vous, cordialement, merci, "
    "merci d'avance, salutations, sincères salutations, atentamente, cordialmente, gracias, muchas gracias, "
    "saludos, un saludo, cordiali saluti, distinti saluti, grazie, saluti, un saluto, dziękuję, pozdrawiam, z "
    "góry dziękuję, z poważaniem, alvast bedankt, bedankt, groet, groeten, hartelijke groet, met vriendelijke "
    "groet, met vriendelijke groeten, mvg, cảm ơn, thân mến, trân trọng, xin cảm ơn"
)
_CLOSES = tuple(tuple(tokenise(close)) for close in _CLOSE_WORDS.split(", "))
_ENDINGS = (
    "com|net|org|info|biz|shop|store|online|io|dev|app|cloud|agency|eu|de|at|ch|fr|be|nl|it|es|pt|pl|cz|sk|hu|ro|bg|gr|"
    "dk|se|no|fi|ee|lv|lt|ie|uk|us|ca|mx|br|ar|cl|au|nz|jp|cn|kr|tw|hk|sg|vn|th|id|in|za|tr|ua|ru|il|ae"
)
# A port, a path and a query belong to the place; a full stop at the end does not.
_REST = r"(?:[:/?#][^\s<>\"')\]]*)?"


@cache
def _forms() -> tuple[tuple["re2._Regexp", str], ...]:
    """What is replaced whole, in this order, and by what."""
    forms = (
        (r"[\pL\pN._%+'-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+", ADDRESS),
        (rf"https?://[^\s/?#<>\"')\]]+{_REST}", f"https://{_PLACE}/"),
        (rf"\b(?:[\pL\pN-]+\.)+(?:{_ENDINGS})\b{_REST}", _PLACE),
        (r"\b(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\b", "2001:db8::1"),
    )
    return tuple((_compiled(pattern), put) for pattern, put in forms)


def without_private(text: str, names: Iterable[str] = ()) -> str:
    """`text` without credentials, addresses, URLs, hosts, long numbers and codes, and without `names` and their words.

    A number or code keeps its length and its kinds of characters, so that a pattern that finds it finds its stand-in.
    """
    text = mask(text[:TEXT_LIMIT])[0]
    for form, put in _forms():
        text = str(form.sub(put, text))
    text = _numbers().sub(lambda found: _shape(found.group(0)), text)
    known = _names(names)
    if known is not None:
        for _ in range(2):  # What parts two names belongs to the first one's match alone.
            text = str(known.sub(rf"\1{_NAME}\2", text))
    return text


def without_close(text: str) -> str:
    """`text` up to the line with which its writer takes leave: below it stand names, streets and telephones."""
    lines = text.rstrip().split("\n")
    for at in range(max(1, len(lines) - _CLOSING), len(lines)):
        words = tuple(tokenise(lines[at][:_LONG]))
        if any(words[: len(close)] == close and len(words) <= len(close) + _BEHIND for close in _CLOSES):
            return "\n".join(lines[:at]).rstrip()
    return text


@cache
def _numbers() -> "re2._Regexp":
    """Runs of four digits and more, also in groups as telephone numbers are, and codes of letters and digits."""
    return _compiled(
        r"\+?\p{Nd}(?:[\pZ()/.\p{Pd}]{0,2}\p{Nd}){3,}|\b[A-Z0-9]{2,}(?:-[A-Z0-9]{2,})+\b|\b[A-Z]{2}\d{2}[A-Z0-9]{8,}\b"
    )


def _shape(code: str) -> str:
    """Other digits and letters in the same places."""
    if not any(character.isdigit() for character in code):
        return code
    return "".join(
        _FAR_NUMBER[at % 10] if one.isdigit() else _FAR_LETTERS[at % 10] if "A" <= one <= "Z" else one
        for at, one in enumerate(code)
    )


def _names(names: Iterable[str]) -> "re2._Regexp | None":
    """One pattern for the whole names and for each word of them, where no letter or digit touches it; None for none."""
    found = {name.strip() for name in names}
    found |= {word.strip(".,") for name in found for word in name.split()}
    wanted = sorted((name for name in found if len(name) >= _SHORTEST_NAME), key=lambda name: (-len(name), name))
    if not wanted:
        return None
    # A name of two letters, such as An or Do, is mostly a word where it is not written just so.
    alternatives = "|".join(re2.escape(name) if len(name) > 2 else f"(?-i:{re2.escape(name)})" for name in wanted)
    return _compiled(rf"(?i)(^|[^\pL\pN])(?:{alternatives})($|[^\pL\pN])")


def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)
