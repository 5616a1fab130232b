"""Bytes to text: the charsets that mail declares, the ones it means, and what to do where it declares none.

Nothing here raises on a strange label or a broken byte, and no codec is looked up by a name that a sender wrote: labels
are matched against a closed table (WHATWG Encoding 4.2 for the supersets, Python's own aliases for the rest).
"""

from collections.abc import Iterable
from encodings.aliases import aliases as _python_aliases

from .charset_guess import guess

# What a label means in practice: the superset that the writing program really used.
_MEANT = {
    "us-ascii": "utf-8", "ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8",
    "utf8mb4": "utf-8", "x-utf-8": "utf-8", "utf-8-mac": "utf-8", "utf-8-sig": "utf-8", "unicode": "utf-8",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "l1": "cp1252", "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252", "iso-latin-1": "cp1252", "8859-1": "cp1252", "windows-1252": "cp1252",
    "x-ansi": "cp1252", "ansi": "cp1252", "cp-1252": "cp1252", "win-1252": "cp1252", "iso88591": "cp1252",
    "iso-8859-9": "cp1254", "latin5": "cp1254", "iso_8859-9": "cp1254", "windows-1254": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "tis620": "cp874", "windows-874": "cp874", "x-windows-874": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "chinese": "gb18030",
    "cp936": "gb18030", "gb-2312": "gb18030", "x-gb2312": "gb18030", "euc-cn": "gb18030", "gb18030": "gb18030",
    "windows-936": "gb18030", "csgb2312": "gb18030", "ms936": "gb18030", "iso-ir-58": "gb18030",
    "big5": "big5hkscs", "big-5": "big5hkscs", "x-x-big5": "big5hkscs", "cp950": "big5hkscs", "csbig5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "windows-950": "big5hkscs", "cn-big5": "big5hkscs", "x-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "ksc_5601": "cp949", "euc-kr": "cp949",
    "euckr": "cp949", "korean": "cp949", "windows-949": "cp949", "ks_c_5601-1989": "cp949", "x-windows-949": "cp949",
    "ksc5601-1987": "cp949", "ms949": "cp949", "iso-ir-149": "cp949", "cseuckr": "cp949", "uhc": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "ms_kanji": "cp932",
    "windows-31j": "cp932", "cp932": "cp932", "csshiftjis": "cp932", "ms932": "cp932", "sjis-win": "cp932",
    "iso-2022-jp": "iso-2022-jp", "csiso2022jp": "iso-2022-jp", "iso-2022-jp-ms": "iso-2022-jp",
    "cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "iso-2022-jp-1": "iso-2022-jp",
    "x-euc-jp": "euc_jp", "euc-jp": "euc_jp", "eucjp": "euc_jp", "eucjp-win": "euc_jp", "x-eucjp": "euc_jp",
    "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8", "logical": "iso8859_8", "visual": "iso8859_8",
    "iso-8859-6-i": "iso8859_6", "iso-8859-6-e": "iso8859_6",
    "macintosh": "mac_roman", "mac": "mac_roman", "x-mac-roman": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2", "x-mac-greek": "mac_greek", "x-mac-turkish": "mac_turkish",
    "koi8-ru": "koi8_u", "koi": "koi8_r", "koi8": "koi8_r", "cskoi8r": "koi8_r", "x-cp1251": "cp1251",
    "win-1251": "cp1251", "cp-1251": "cp1251", "win1251": "cp1251", "x-cp1250": "cp1250", "win-1250": "cp1250",
    "dos-866": "cp866", "ibm866": "cp866", "hz-gb-2312": "hz", "hz": "hz", "utf-7": "utf_7",
    "unicode-1-1-utf-7": "utf_7", "x-unicode-2-0-utf-7": "utf_7", "utf-16": "utf_16", "utf-32": "utf_32",
}  # fmt: skip

# Codecs that are no charset of mail: they transform, execute escapes, or cost more than they read.
_NEVER = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "rot_13", "uu_codec"}
_NEVER |= {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "zlib_codec", "tactis"}

_KNOWN = {_name.replace("_", "-"): _codec for _name, _codec in _python_aliases.items() if _codec not in _NEVER}
_KNOWN |= {_codec.replace("_", "-"): _codec for _codec in set(_python_aliases.values()) - _NEVER}
_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I")


def codec(label: str) -> str | None:
    """The Python codec that a charset label means, or None for a label nobody knows."""
    name = label.strip().strip("\"'").strip().lower()
    if name.startswith("charset="):
        name = name[8:].strip("\"'")
    if name in _MEANT:
        return _MEANT[name]
    plain = name.replace("_", "-")
    plain = plain.replace("windows-", "cp").replace("cp-", "cp") if plain not in _MEANT else plain
    return _MEANT.get(plain) or _KNOWN.get(plain) or _begun(name)


def _begun(name: str) -> str | None:
    """The codec of the longest known label with a number that `name` begins with: senders forget what ends it."""
    for end in range(min(len(name), 20), 4, -1):
        if not name[end - 1].isdigit():
            continue
        if (known := _MEANT.get(name[:end]) or _KNOWN.get(name[:end].replace("_", "-"))) is not None:
            return known
    return None


def decode(octets: bytes, label: str = "", hints: Iterable[str] = ()) -> tuple[str, bool]:
    """The text of `octets`, and whether its charset had to be guessed.

    `label` is what the part declares, `hints` the labels seen elsewhere in the same mail, tried where the declared one
    is missing or wrong. The text holds no lone surrogate; a byte that nothing can read becomes U+FFFD.
    """
    if octets.isascii() and not _shifts(octets, label):
        return octets.decode("ascii"), False
    declared = codec(label) if label else None
    if declared is not None and declared != "utf-8" and _is_plainly_utf8(octets, declared):
        return octets.decode("utf-8"), True
    text = _strictly(octets, declared) if declared is not None else None
    if text is not None and not (declared in _DOUBLE and _only_marks(octets)):
        return text, label.strip().lower() in ("us-ascii", "ascii")
    return _guessed(octets, declared, tuple(hints)), True


# The curly quotes, dashes and the euro of Windows-1252: octets that are all of these are in no double-byte charset.
_MARKS = frozenset((0x80, 0x85, *range(0x91, 0x98), 0x99, 0xA0))
_DOUBLE = {"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp"}


def _only_marks(octets: bytes) -> bool:
    return _MARKS.issuperset(octet for octet in octets if octet > 127)


def _is_plainly_utf8(octets: bytes, declared: str) -> bool:
    """Whether the octets are UTF-8 whatever they are declared as: programs mislabel it as the charset of their page.

    Text in a single-byte charset is never valid UTF-8 by chance; a few characters in a double-byte charset may be.
    """
    if declared in ("iso-2022-jp", "hz", "utf_7", "utf_16", "utf_16_le", "utf_16_be", "utf_32"):
        return False
    text = _strictly(octets, "utf-8")
    if text is None:
        return False
    beyond = sum(1 for character in text if character > "\u07ff")
    return beyond >= 3 if declared in _DOUBLE else True


def _shifts(octets: bytes, label: str) -> bool:
    """Whether seven-bit octets are not ASCII: ISO-2022 and HZ shift by escapes, UTF-7 by '+', UTF-16 by zeros."""
    if b"\x1b" in octets or b"\x00" in octets:
        return True
    return bool(label) and codec(label) in ("utf_7", "hz", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "cp037")


def _strictly(octets: bytes, name: str) -> str | None:
    if name == "iso-2022-jp":
        return _iso_2022_jp(octets)
    if name == "cp1252":
        return _cp1252(octets)
    if name == "utf_7":
        return _utf_7(octets)
    try:
        text = octets.decode(name)
        text.encode("utf-8")
    except (UnicodeError, LookupError, ValueError):
        return None
    return text


def _guessed(octets: bytes, declared: str | None, hints: tuple[str, ...]) -> str:
    """UTF-8 where it holds; then line by line, since gateways append footers in other charsets than the text's."""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return octets.decode("utf-16", "replace")
    if _escaped(octets):
        return _iso_2022_jp(octets) or octets.decode("iso2022_jp_ext", "replace")
    if (text := _strictly(octets, "utf-8")) is not None:
        return text
    lines = octets.split(b"\n")
    bad = sum(1 for line in lines if _bad(line))
    right = sum(1 for line in lines if not line.isascii()) - bad
    if 3 * right < bad:
        mostly = octets.decode("utf-8", "replace")
        return mostly if _good(mostly) > 2 * mostly.count("\ufffd") else _guessed_whole(octets, declared, hints)
    return "\n".join(
        _guessed_whole(line, declared, hints) if _bad(line) else line.decode("utf-8", "replace") for line in lines
    )


def _bad(line: bytes) -> bool:
    return not line.isascii() and _strictly(line, "utf-8") is None


def _guessed_whole(octets: bytes, declared: str | None, hints: tuple[str, ...]) -> str:
    """No UTF-8 in it: what the rest of the mail uses, else what reads like a language, else the declared with gaps."""
    names = [
        name for hint in hints if (name := codec(hint)) not in (None, "utf-8", "utf_7", "utf_16", "utf_32", declared)
    ]
    # cp1252 reads anything and proves nothing, so that it comes last.
    for name in sorted(filter(None, names), key=lambda name: name == "cp1252"):
        if (text := _strictly(octets, name)) is not None:
            return text
    if declared not in (None, "utf-8", "iso-2022-jp", "cp1252"):
        assert declared is not None
        patched = octets.decode(declared, "replace")
        if _good(patched) > 4 * patched.count("\ufffd") and not _only_marks(octets):
            return patched.encode("utf-8", "replace").decode("utf-8")
    guessed = guess(octets)
    return (_strictly(octets, guessed) if guessed is not None else None) or _cp1252(octets)


def _escaped(octets: bytes) -> bool:
    return any(escape in octets for escape in _ESCAPES)


def _good(text: str) -> int:
    """How many characters beyond ASCII were read."""
    return sum(1 for character in text if character > "\x7f" and character != "\ufffd")


def _cp1252(octets: bytes) -> str:
    """Windows-1252 as browsers read it: its five holes are the C1 controls of their number, here U+FFFD."""
    return octets.decode("cp1252", "replace")


def _utf_7(octets: bytes) -> str:
    """UTF-7 line by line: a line that is none, such as one of Base64, stays as it is."""
    lines = []
    for line in octets.split(b"\n"):
        try:
            text = line.decode("utf_7")
            text.encode("utf-8")
        except UnicodeError:
            text = _cp1252(line)
        lines.append(text)
    return "\n".join(lines)


def _iso_2022_jp(octets: bytes) -> str | None:
    """ISO-2022-JP with the vendors' rows that Python's codec refuses (circled digits, half-width kana).

    Each two-byte run is moved to Shift_JIS by arithmetic (JIS X 0208 annex 1) and read as cp932.
    """
    try:
        return octets.decode("iso2022_jp")
    except UnicodeDecodeError:
        pass
    first, *runs = octets.split(b"\x1b")
    text = [first.decode("ascii", "replace")]
    for run in runs:
        if run[:2] in (b"$B", b"$@"):
            text.append(_shifted(run[2:]))
        elif run[:2] == b"(I":
            text.append(bytes(octet | 0x80 for octet in run[2:]).decode("cp932", "replace"))
        elif run[:2] in (b"(B", b"(J"):
            text.append(run[2:].decode("cp932", "replace"))
        else:
            return None
    return "".join(text)


def _shifted(run: bytes) -> str:
    """One run of JIS row and cell pairs. A line end ends the run: senders forget the escape back."""
    end = next((at for at, octet in enumerate(run) if octet in b"\r\n"), len(run))
    octets = bytearray()
    for row, cell in zip(run[0:end:2], run[1:end:2], strict=False):
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
        if row % 2:
            trail = cell + (0x1F if cell < 0x60 else 0x20)
        else:
            trail = cell + 0x7E
        octets += bytes((lead & 0xFF, trail & 0xFF))
    return octets.decode("cp932", "replace") + run[end:].decode("ascii", "replace")
