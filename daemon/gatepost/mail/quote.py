"""Finds the new words of a reply, for display, and what of it may go on to the other side (M2).

Our own delimiter line comes first, for it is exact in every language; then a cutter that goes by lines. What is not
surely quoted stays: inline answers, forwarded mails, logs and code with their indentation. The whole text is kept
elsewhere. All functions are linear in the text and never raise.
"""

from collections.abc import Container, Sequence

from . import quote_signs as signs

DELIMITER_MARK = "##~"
_SIGNATURE_LINES = 20
_INTRODUCTION_LINES = 16
_SELECTED_LINES = 3
_FAREWELL_CAP = 40
_DAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})


def delimiter(sentence: str) -> str:
    """The line for outgoing mails above which answers are written; `sentence` says so to the reader."""
    return f"{DELIMITER_MARK} {' '.join(sentence.split())} {DELIMITER_MARK[::-1]}"


def parted(text: str) -> tuple[str, str]:
    """`reply_text` and `relay_text` of the text, by one look at its lines."""
    lines = _lines(text)
    mark = _delimiter_at(lines) if DELIMITER_MARK in text else None
    return _reply(lines, mark), _relay(lines, mark)


def reply_text(text: str) -> str:
    """The new words of `text`: no quote, no signature; the whole where trimming would leave nothing."""
    return parted(text)[0]


def relay_text(text: str) -> str:
    """What of `text` may go on: the part above our delimiter line where no new words stand below it, else the whole."""
    return parted(text)[1]


def _reply(lines: Sequence[str], mark: int | None) -> str:
    if mark is not None:
        new = _trimmed(lines[:mark], quote_follows=True)
        if new:
            return new
    return _trimmed(lines, quote_follows=False) or _joined(lines)


def _relay(lines: Sequence[str], mark: int | None) -> str:
    if mark is None:
        return _joined(lines)
    above = lines[:mark]
    cut = _introduction(above)
    return _joined(above[:cut]) or _joined(lines)


def _lines(text: str) -> list[str]:
    """The lines of the text; where an attribution follows words on their line, it gets a line of its own."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = text.split("\n")
    if "wrote:" not in text:
        return plain
    lines: list[str] = []
    for line in plain:
        place = line.rfind("On ", 1, signs.LINE_CAP) if line.rstrip().endswith("wrote:") else -1
        dated = line[place + 3 : place + 6].lower() in _DAYS or line[place + 3 : place + 4].isdigit()
        if place > 0 and dated and line[place - 1] in " -" and not signs.is_quoted(line) and line[:place].strip(" -"):
            lines += [line[:place].rstrip(" -"), line[place:]]
        else:
            lines.append(line)
    return lines


def _joined(lines: Sequence[str]) -> str:
    """The lines without blank ones at both ends; indentation stays."""
    start, end = 0, len(lines)
    while start < end and signs.is_blank(lines[start]):
        start += 1
    while end > start and signs.is_blank(lines[end - 1]):
        end -= 1
    return "\n".join(lines[start:end]).rstrip()


def _delimiter_at(lines: Sequence[str]) -> int | None:
    """The first delimiter line of ours with words above it and none below; None where there is no such line."""
    for number, line in enumerate(lines):
        if DELIMITER_MARK not in line:
            continue
        quoted = signs.is_quoted(line)
        if all(signs.is_blank(above) or signs.is_quoted(above) for above in lines[:number]):
            return None
        return None if quoted and _words_below(lines)[number] else number
    return None


def _introduction(above: Sequence[str]) -> int:
    """Where the lines begin that only introduce the quote below `above`: an attribution, a header block, a rule."""
    floor = max(len(above) - _INTRODUCTION_LINES, 0)
    attributed = _attributions(above, quote_follows=True, start=floor)
    for number in range(floor, len(above)):
        if not signs.is_blank(above[number]) and _begins_quote(above, number, attributed):
            return _without_rules(above[:number])
    return len(above)


def _trimmed(lines: Sequence[str], *, quote_follows: bool) -> str:
    if not any(">" in line and signs.is_quoted(line) for line in lines):
        return _trimmed_unquoted(lines, quote_follows=quote_follows)
    below = _words_below(lines)
    block = _single_block(lines, below)
    if block is not None:
        start, end = block
        apart = [""] if start else []
        rest = [*_joined(lines[:start]).split("\n"), *apart, *_joined(lines[end:]).split("\n")]
        return _trimmed(rest, quote_follows=quote_follows)
    attributed = _attributions(lines, quote_follows=quote_follows)
    kept: list[str] = []
    skip = 0
    for number, line in enumerate(lines):
        if signs.is_forward_mark(line):
            return _joined(lines)
        if number < skip:
            continue
        if signs.is_quoted(line) and not signs.is_original_mark(line):
            if not below[number] and _is_block(lines, number):
                break
        elif not signs.is_blank(line) and _begins_quote(lines, number, attributed):
            skip = _answered(lines, number, below)
            if not skip:
                break
            continue
        kept.append(line)
    return _finished(kept, lines)


def _trimmed_unquoted(lines: Sequence[str], *, quote_follows: bool) -> str:
    """The same for lines of which none bears a quote mark: only those that can open a quote are looked at."""
    attributed = _attributions(lines, quote_follows=quote_follows)
    end = len(lines)
    for number in sorted(attributed.union(n for n, line in enumerate(lines) if not signs.is_plain(line))):
        if signs.is_forward_mark(lines[number]):
            return _joined(lines)
        if not signs.is_blank(lines[number]) and _begins_quote(lines, number, attributed):
            end = number
            break
    return _finished(lines[:end], lines)


def _finished(kept: Sequence[str], lines: Sequence[str]) -> str:
    """What is kept of the lines, without what closes it: rules above what was cut away, and the signature."""
    if len(kept) < len(lines):
        kept = kept[: _without_rules(kept)]
    return _joined(_without_signature(kept)) or _joined(kept)


def _single_block(lines: Sequence[str], below: Sequence[bool]) -> tuple[int, int] | None:
    """The one introduced quote of a mail that is answered below it: (start of the attribution, end of the quote).

    None where there are several, for then they are answered one by one; where it is not introduced, for then the marks
    may be the person's own; and where it is a few lines within the words, which they need to be understood (a farewell
    does not).
    """
    first = next((n for n, line in enumerate(lines) if signs.is_quoted(line)), None)
    if first is None or not below[first]:
        return None
    last = first
    for number in range(first, len(lines)):
        if signs.is_quoted(lines[number]):
            if any(_is_new(line) for line in lines[last + 1 : number]):
                return None
            last = number
    floor = max(first - 6, 0)
    attributed = _attributions(lines[: first + 1], quote_follows=False, start=floor)
    opens = (n for n in range(floor, first) if not signs.is_blank(lines[n]) and _begins_quote(lines, n, attributed))
    introduction = next(opens, None)
    if introduction is None:
        return None
    leads = all(signs.is_blank(line) for line in lines[:introduction])
    answer = [line for line in lines[last + 1 :] if not signs.is_blank(line)]
    farewell = len(answer) <= 2 and all(len(line) <= _FAREWELL_CAP for line in answer)
    return (introduction, last + 1) if leads or farewell or last - first >= _SELECTED_LINES else None


def _is_new(line: str) -> bool:
    return not signs.is_blank(line) and not signs.is_quoted(line)


def _begins_quote(lines: Sequence[str], number: int, attributed: Container[int]) -> bool:
    """Whether the unquoted line `number` is the first of what introduces a quote; `attributed` are the attributions."""
    line = lines[number]
    if number in attributed:
        return True
    if signs.is_plain(line):
        return False
    if signs.is_original_mark(line) or signs.is_above_this_line(line):
        return True
    return signs.header_block(lines, number) or signs.header_line(line)


def _attributions(lines: Sequence[str], *, quote_follows: bool, start: int = 0) -> set[int]:
    """The first lines of the attributions from `start` on."""
    found = set()
    quoting = quote_follows or any(">" in line and signs.is_quoted(line) for line in lines)
    for end in range(start, len(lines)):
        line = lines[end]
        if not quoting and not signs.may_end_attribution(line):
            continue
        if signs.is_blank(line) or signs.is_quoted(line):
            continue
        after = _next_seen(lines, end + 1)
        quote = quote_follows if after is None else signs.is_quoted(lines[after])
        found.add(signs.attribution_start(lines, end, quote_follows=quote))
    return {number for number in found if number is not None}


def _answered(lines: Sequence[str], number: int, below: Sequence[bool]) -> int:
    """The first quoted line after the attribution at `number` where new words stand between the quotes, or 0."""
    for place in range(number + 1, min(number + 7, len(lines))):
        if signs.is_quoted(lines[place]):
            return place if below[place] else 0
    return 0


def _next_seen(lines: Sequence[str], start: int) -> int | None:
    """The next line with anything on it, at most three lines on."""
    return next((n for n in range(start, min(start + 3, len(lines))) if not signs.is_blank(lines[n])), None)


def _is_block(lines: Sequence[str], number: int) -> bool:
    """Whether the quote at `number` has more than one line: a single marked one may be a shell's prompt."""
    return number + 1 < len(lines) and signs.is_quoted(lines[number + 1])


def _words_below(lines: Sequence[str]) -> list[bool]:
    """For each line whether new words, neither quoted nor a footer, stand below it."""
    found = [False] * len(lines)
    end = _footer(lines)
    words = False
    for number in range(len(lines) - 1, -1, -1):
        found[number] = words
        if number < end and not words and not signs.is_quoted(lines[number]) and not signs.is_blank(lines[number]):
            words = not _is_noise(lines, number)
    return found


def _footer(lines: Sequence[str]) -> int:
    """Where a footer below the last quote begins: a signature, a list's or a scanner's lines under a rule."""
    last_quote = next((n for n in range(len(lines) - 1, -1, -1) if signs.is_quoted(lines[n])), None)
    if last_quote is None:
        return len(lines)
    for number in range(last_quote + 1, len(lines)):
        if signs.is_signature_mark(lines[number]) or signs.is_rule(lines[number]):
            return number
    return len(lines)


def _is_noise(lines: Sequence[str], number: int) -> bool:
    """Unquoted lines within a quote that are no answers: a phone's line, an attribution, the rest of a broken line."""
    line = lines[number]
    if signs.is_sent_from(line) or signs.is_rule(line):
        return True
    after = _next_seen(lines, number + 1)
    introduces = after is not None and signs.is_quoted(lines[after])
    if introduces and signs.attribution_start(lines, number, quote_follows=True) is not None:
        return True
    before = lines[number - 1] if number else ""
    link = line.lstrip(" (<").startswith("http") or ("http" in before and " " not in line.strip())
    if link and signs.is_quoted(before):
        return True
    broken = signs.is_quoted(before) and 60 <= len(before) <= 82 and before.rstrip()[-1:] not in ".?!:"
    return broken and len(line) <= 30 and line[:1].islower()


def _without_rules(lines: Sequence[str]) -> int:
    """How many of the lines are left without blank ones and drawn rules at their end."""
    end = len(lines)
    while end and (signs.is_blank(lines[end - 1]) or signs.is_rule(lines[end - 1])):
        end -= 1
    return end


def _without_signature(lines: Sequence[str]) -> Sequence[str]:
    """The lines above the last signature mark and without a phone's own line at the end."""
    for number in range(len(lines) - 1, max(len(lines) - _SIGNATURE_LINES, -1), -1):
        after = lines[number + 1] if number + 1 < len(lines) else ""
        mark = signs.is_signature_mark(lines[number]) and signs.is_signature(lines[number:])
        if mark or signs.is_list_footer(lines[number], after):
            lines = lines[:number]
            break
    end = len(lines)
    while end and (signs.is_blank(lines[end - 1]) or signs.is_sent_from(lines[end - 1])):
        end -= 1
    return lines[:end]
