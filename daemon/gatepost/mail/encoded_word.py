"""Encoded words (RFC 2047): the text they mean, forgiving what real mail does to them. Linear, never raises."""

import binascii
from collections.abc import Iterable

from .charset import decode

_WORD_OCTETS = 65_536


def decode_words(text: str, hints: Iterable[str] = ()) -> str:
    """Decode the encoded words of `text` (RFC 2047), forgiving what real mail does to them.

    Neighbouring words of one charset are joined before they are decoded, since senders cut inside a character; blanks
    between neighbours vanish; words may touch other text, hold blanks, lack padding. What is no word stays as it is.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    pending: list[tuple[str, bytes]] = []
    at = 0
    hints = tuple(hints)
    while (start := text.find("=?", at)) >= 0:
        word = _word(text, start)
        between = text[at:start]
        if word is None:
            _flush(out, pending, hints)
            out.append(between + "=?")
            at = start + 2
            continue
        if between and not (pending and between.isspace()):
            _flush(out, pending, hints)
            out.append(between)
        charset, octets, at = word
        pending.append((charset, octets))
    _flush(out, pending, hints)
    out.append(text[at:])
    return "".join(out)


_MASKS = range(0xE000, 0xF8FF)
_NO_MASKS = dict.fromkeys(_MASKS, "\ufffd")


def masked(text: str) -> tuple[str, list[str]]:
    """The text with each encoded word as one private letter, and the words: their commas confuse list grammars."""
    if "=?" not in text:
        return text, []
    text = text.translate(_NO_MASKS)
    out: list[str] = []
    words: list[str] = []
    at = 0
    while (start := text.find("=?", at)) >= 0 and len(words) < len(_MASKS):
        word = _word(text, start)
        end = start + 2 if word is None else word[2]
        out.append(text[at:start] + ("=?" if word is None else chr(_MASKS[len(words)])))
        if word is not None:
            words.append(text[start:end])
        at = end
    out.append(text[at:])
    return "".join(out), words


def unmasked(text: str, words: list[str]) -> str:
    """The text with its words put back."""
    return text.translate({_MASKS[number]: word for number, word in enumerate(words)}) if words else text


def _word(text: str, start: int) -> tuple[str, bytes, int] | None:
    """The encoded word at `start`: charset, octets, and where it ends; None where there is none."""
    first = text.find("?", start + 2, start + 80)
    if first < 0 or text[first + 2 : first + 3] != "?" or text[first + 1] not in "bBqQ":
        return None
    charset = text[start + 2 : first].partition("*")[0]
    end = text.find("?=", first + 3, first + _WORD_OCTETS)
    # '=?utf-8?Q??=' is empty; '=?utf-8?Q?=41?=' begins with '=', and the '?=' before it is not its end.
    if not charset or " " in charset:
        return None
    if end < 0:
        again = text.find("=?", first + 3)
        end = again if again >= 0 else len(text)
        after = end
        if text[first + 1] in "qQ" and "=" not in text[first + 3 : end]:
            return None
    else:
        after = end + 2
    content = text[first + 3 : end]
    octets = _q(content) if text[first + 1] in "qQ" else _b(content)
    return None if octets is None else (charset, octets, after)


def _flush(out: list[str], pending: list[tuple[str, bytes]], hints: tuple[str, ...]) -> None:
    """Decode the pending words: runs of one charset together, so that a cut character is whole again."""
    at = 0
    while at < len(pending):
        charset = pending[at][0]
        run = [pending[at][1]]
        at += 1
        while at < len(pending) and pending[at][0].lower() == charset.lower():
            run.append(pending[at][1])
            at += 1
        out.append(decode(b"".join(run), charset, hints)[0])
    pending.clear()


def _q(content: str) -> bytes:
    """The Q encoding (RFC 2047 4.2); an '=' that begins no pair of hex digits is itself."""
    octets = content.replace("_", " ").encode("utf-8", "surrogateescape")
    if b"=" not in octets:
        return octets
    first, *rest = octets.split(b"=")
    out = [first]
    for piece in rest:
        try:
            out.append(binascii.unhexlify(piece[:2]) + piece[2:])
        except ValueError:
            out.append(b"=" + piece)
    return b"".join(out)


def _b(content: str) -> bytes | None:
    """The B encoding (RFC 2047 4.1); foreign characters are passed over, missing padding is added."""
    letters = bytes(octet for octet in content.encode("ascii", "replace") if octet in _BASE64)
    if not letters and content.strip("= "):
        return None
    usable = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:usable] + b"=" * (-usable % 4))


_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
