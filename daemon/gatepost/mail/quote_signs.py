"""The forms in which mail programs begin a quote: attribution, header block, framed separator, quote marks.

Each question looks at a few lines around one place and at no more than a fixed number of characters of each, so that a
walk over all lines of a mail is linear. No regular expressions touch mail text here.
"""

from collections.abc import Sequence

from . import quote_words as words

LINE_CAP = 600
_ATTRIBUTION_LINES = 4
_HEADER_LINES = 14
# What programs and keyboards put in the place of an apostrophe, a blank, or nothing (marks of writing direction).
_PLAIN = {ord("’"): "'", 0xA0: " ", 0x202F: " ", **dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), 0xFEFF))}
_COLONS = (":", "：", ":*", ": *", ":_", "wrote", "写道", "寫道", "<>:", ":\\")
# The last characters that a line of ASCII must have for one of those, or for blanks behind it.
_LASTS = frozenset((">", "E", *(end[-1] for end in _COLONS if end.isascii()), *" \t\r\v\f\x1c\x1d\x1e\x1f", ""))
_FRAME = " \t-_=*~#>—–─━‐•|:."
_FRAME_BEGINS = tuple("-_=*~—–─━<•")
_RULE = frozenset("-_=*~—–─━")
_WROTE_PHRASES = tuple(word for word in words.WROTE if not word.isalpha() or not word.isascii())
_WROTE_WORDS = frozenset(word for word in words.WROTE if word.isalpha())
_FROM, _DATE, _OTHER = (frozenset(labels) for labels in (words.FROM_LABELS, words.DATE_LABELS, words.OTHER_LABELS))


def folded(line: str) -> str:
    """A line as it is compared: capped, lower-cased, with plain apostrophes and blanks."""
    capped = line[:LINE_CAP].strip()
    return capped.lower() if capped.isascii() else capped.translate(_PLAIN).strip().lower()


def is_blank(line: str) -> bool:
    """Whether nothing can be seen on the line."""
    return not line.strip(" \t\r\u00a0\u200b\ufeff")


def is_quoted(line: str) -> bool:
    """Whether the line bears a quote mark, at most three blanks in."""
    head = line[:4]
    return ">" in head and head.lstrip(" ").startswith(">")


def is_plain(line: str) -> bool:
    """Whether the line begins with a letter or digit and has no colon: then it is no mark, label or header of any form.

    Most lines are, and nothing else needs to be asked of them.
    """
    return line[:1].isalnum() and ":" not in line and "：" not in line


def is_rule(line: str) -> bool:
    """Whether the line is a drawn rule of at least five characters."""
    bare = line.strip()
    return len(bare) >= 5 and set(bare[:LINE_CAP]) <= _RULE


def may_end_attribution(line: str) -> bool:
    """Whether the line could be an attribution's last one where no quote stands below it: a quick no for most lines."""
    if line[-1:] not in _LASTS and line.isascii() and len(line) <= LINE_CAP:
        return False
    return not line.isascii() or len(line) > LINE_CAP or line.rstrip().lower().endswith((*_COLONS, ">"))


def attribution_start(lines: Sequence[str], end: int, *, quote_follows: bool) -> int | None:
    """Where the attribution begins whose last line is `end`, or None where there is none.

    With a quote right below, the end of the line and one sign (a verb, an address, a date) are enough; without, a verb
    and an address or date are needed, since a person may end any line with a colon.
    """
    last = folded(lines[end])
    if not last or is_quoted(lines[end]):
        return None
    colon = last.endswith(_COLONS)
    if not colon and not quote_follows and not last.endswith(">"):
        return None
    joined = ""
    fallback: int | None = None
    for start in range(end, max(end - _ATTRIBUTION_LINES, -1), -1):
        line = folded(lines[start])
        if not line or is_quoted(lines[start]):
            break
        joined = f"{line} {joined}"
        if not _attributes(joined, colon=colon, quote_follows=quote_follows):
            continue
        if _begins(line):
            return start
        if fallback is None or _continues(lines[fallback]):
            fallback = start
    return fallback


def _attributes(joined: str, *, colon: bool, quote_follows: bool) -> bool:
    digits = sum(map(str.isdigit, joined))
    located = "@" in joined or digits >= 4
    if not colon:
        # Old Gmail: “2013/10/3 Jane Doe <jane@example.com>”, and programs that leave the colon out.
        dated = joined[0].isdigit() and digits >= 6 and len(joined) < 200
        named = joined.rstrip().endswith(">") and "@" in joined
        return (dated and (named or quote_follows)) or (quote_follows and located and _wrote(joined))
    return (located or _wrote(joined)) if quote_follows else (located and _wrote(joined))


def _wrote(joined: str) -> bool:
    separated = joined.replace(":", " ").replace(",", " ").replace("(", " ").replace(">", " ").replace("：", " ")
    return not _WROTE_WORDS.isdisjoint(separated.split()) or any(phrase in joined for phrase in _WROTE_PHRASES)


def _begins(line: str) -> bool:
    """Whether an attribution may begin with the line: with a word for “on”, with a date, or with a quoted name."""
    dated = line[0].isdigit() and any(mark in line[1:6] for mark in "-/. :年월日")
    return line.startswith(words.BEGINS) or dated or line[0] in '"['


def _continues(line: str) -> bool:
    """Whether the line can only be the rest of another: it begins in the middle of a name, an address or a sentence."""
    bare = line.strip(" *")
    return bare[:1] in "<(" or bare[:1].islower() or folded(line).startswith(words.WROTE)


def header_block(lines: Sequence[str], start: int) -> bool:
    """Whether a header block begins at `start`: a From line, a date line and a third, within a few lines."""
    first = _label(lines[start])
    if first not in (_FROM, _DATE, _OTHER):
        return False
    seen: set[int] = set()
    count = blanks = 0
    for line in lines[start : start + _HEADER_LINES]:
        if is_blank(line):
            blanks += 1
            if blanks > 1:
                break
            continue
        kind = _label(line)
        if kind is None and not (count and (line[:1] in " \t" or "@" in line or ";" in line)):
            break
        if kind is not None:
            blanks, count = 0, count + 1
            seen.add(id(kind))
    return id(_FROM) in seen and count >= 3 and (id(_DATE) in seen or (first is _FROM and count >= 4))


def _label(line: str) -> frozenset[str] | None:
    """Which set of labels the line begins with: `From: …`, `*Von:* …`, `发件人： …`."""
    if ":" not in line and "：" not in line:
        return None
    name, colon, _ = folded(line).lstrip("*_|> ").replace("：", ":").partition(":")
    name = name.strip("* _\t")
    if not colon or not name or len(name) > 30:
        return None
    return next((labels for labels in (_FROM, _DATE, _OTHER) if name in labels), None)


def header_line(line: str) -> bool:
    """Whether a whole header block stands on one line: `Date: … From: … To: … Subject: …`."""
    if _label(line) is None:
        return False
    found = [word[:-1] for word in folded(line).replace("*", "").split() if word.endswith(":")]
    return any(word in _FROM for word in found) and any(word in _DATE for word in found) and len(found) >= 3


def is_original_mark(line: str) -> bool:
    """Whether the line is a framed `-----Original Message-----`, or a framed attribution `---- Jane wrote ----`."""
    bare = line.lstrip()
    if bare[:1].isalnum():
        return False
    if _framed(line, words.ORIGINALS):
        return True
    text = folded(line)
    if text.startswith(">>> ") and text.endswith(" >>>"):
        # GroupWise: “>>> Jane Doe <jane@example.com> 3/5/2024 9:12 AM >>>”.
        return "@" in text or any(character.isdigit() for character in text)
    return text.startswith("--") and text.endswith("--") and len(text) < 300 and _wrote(text.strip("- "))


def is_forward_mark(line: str) -> bool:
    """Whether the line opens a forwarded mail."""
    if line[:1].isalnum():
        return ":" in line and folded(line).startswith(words.APPLE_FORWARDS)
    return _framed(line, words.FORWARDS) or folded(line).startswith(words.APPLE_FORWARDS)


def _framed(line: str, inner: Sequence[str]) -> bool:
    """Whether the words stand between dashes, or after at least two: a bullet with the same words is a person's."""
    bare = line.lstrip("> \t").rstrip()
    if bare[:1] not in _FRAME_BEGINS or len(bare) > 160:
        return False
    text = folded(bare)
    if not (text[1:2] in _FRAME_BEGINS or text[-1:] in _FRAME_BEGINS):
        return False
    words_inside = text.strip(_FRAME)
    return words_inside.startswith(tuple(inner)) and (len(words_inside) <= 60 or "----" in text)


def is_above_this_line(line: str) -> bool:
    """Whether the line is a help desk's own: “##- Please type your reply above this line -##”."""
    if len(line) > 300 or line.lstrip()[:1].isalnum():
        return False
    text = folded(line)
    return (text.startswith("##-") and text.endswith("-##")) or (
        bool(text) and not text[-1].isalnum() and any(phrase in text for phrase in words.ABOVE_THIS_LINE)
    )


def is_signature_mark(line: str) -> bool:
    """Whether the line is the signature mark `-- ` (RFC 3676 4.3), or that mark after a program took its blank."""
    return line.rstrip() in ("--", "—") and not line.startswith(" ")


def is_signature(lines: Sequence[str]) -> bool:
    """Whether what begins with a signature mark is short enough for one; without its blank, the mark may be a rule."""
    seen = [line for line in lines[1:] if not is_blank(line)]
    if lines[0].rstrip("\r") == "-- ":
        return len(seen) <= 20
    return len(seen) <= 8 and all(len(line) <= 100 for line in seen)


def is_sent_from(line: str) -> bool:
    """Whether the line is a phone's or free mailer's own: “Sent from my desk, it is easier” is a person's."""
    text = folded(line).lstrip("*_-–—<[( ")
    limit = 200 if "http" in text else 90
    if len(text) > limit or not text.startswith(words.SENT_FROM):
        return False
    return " is " not in text and (not text.startswith("sent from my ") or any(word in text for word in words.DEVICES))


def is_list_footer(line: str, after: str) -> bool:
    """Whether the two lines are the footer of a mailing list: a long rule, then the list's name (Mailman)."""
    ruled = "_" * 20 in line and len(line.rstrip()) >= 40 and set(line.strip()) == {"_"}
    return ruled and folded(after).endswith("mailing list")
