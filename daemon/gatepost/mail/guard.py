"""Masks the credentials of a mail while it is read, so that no Letter ever holds one (S1, F17).

What a person reads is masked in the text, the subject and the names of files; files of text are masked inside, and an
attached mail in which that is not enough is kept as its readable words. Pictures, archives and office files are left as
they are: nothing looks into them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from ..core.letter import Attachment
from ..core.secret import MASK, Kind
from . import look, secrets

FILE_OCTETS = 4_194_304
_FIELDS = frozenset({"subject", "thread-topic", "comments", "keywords"})
_TYPES = ("text/", "application/json", "application/xml", "application/x-sh", "application/x-php", "application/sql",
          "application/x-pem-file", "application/x-yaml", "application/toml", "message/")  # fmt: skip
_ENDINGS = ("txt", "log", "csv", "tsv", "json", "xml", "html", "htm", "php", "env", "ini", "cfg", "conf", "config",
            "yml", "yaml", "toml", "sql", "sh", "md", "pem", "key", "ppk", "eml", "htaccess", "bak", "js")  # fmt: skip
_KEY_FILES = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env", "wp-config")
_PRINTED = bytes((9, 10, 12, 13, 27, *range(32, 127), *range(128, 256)))
_MESSAGES = ("message/rfc822", "message/global")


class Guard:
    """Masks one part of a mail after the other, and remembers the kinds that it met."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, None] = {}

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of credentials that were masked so far, in the order in which they were met."""
        return tuple(self._kinds)

    def text(self, text: str) -> str:
        """`text` without credentials."""
        masked, kinds = secrets.mask(text)
        self._kinds.update(dict.fromkeys(kinds))
        return masked

    def fields(self, fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header fields, masked where people write into them."""
        return tuple((name, self.text(value) if name in _FIELDS else value) for name, value in fields)

    def files(self, files: Iterable[Attachment]) -> tuple[Attachment, ...]:
        """Attachments without credentials in their names, and in their contents where those are text."""
        return tuple(self._file(file) for file in files)

    def _file(self, file: Attachment) -> Attachment:
        stem, dot, ending = file.filename.rpartition(".")
        named = self.text(stem or ending)
        if named != (stem or ending):
            file = replace(file, filename=(named + dot + ending if stem else named).replace(MASK, "removed"))
        if not is_text(file):
            return file
        if file.content_type in _MESSAGES:
            return self._attached_mail(file)
        content = self._octets(file.content)
        return file if content is file.content else with_content(file, content)

    def _octets(self, content: bytes) -> bytes:
        """Text of an unknown charset without credentials; the very same bytes where there are none."""
        charset = charset_of(content)
        text = content.decode(charset)
        masked = self.text(text)
        if masked == text:
            return content
        mark = MASK if charset != "latin-1" else MASK.replace("•", "*")
        return masked.replace(MASK, mark).encode(charset)

    def _attached_mail(self, file: Attachment) -> Attachment:
        """An attached mail, masked where its words stand as they are read; else its readable words, masked."""
        words = look.parts(file.content).text
        masked = self.text(words)
        content = self._octets(file.content)
        if masked != words and secrets.find(look.parts(content).text):
            kept = with_content(file, masked.encode())
            return replace(kept, content_type="text/plain", filename=f"{file.filename.removesuffix('.eml')}.txt")
        return file if content is file.content else with_content(file, content)


def is_text(file: Attachment) -> bool:
    """Whether a file is text, by what it says and by its looks, and small enough to be looked into."""
    if len(file.content) > FILE_OCTETS or (b"\0" in file.content[:1_024] and not _utf16(file.content)):
        return False
    name = file.filename.casefold()
    ending = name.rpartition(".")[2]
    named = file.content_type.startswith(_TYPES) or ending in _ENDINGS or name.startswith(_KEY_FILES)
    return named or _looks_like_text(file.content[:4_096])


def _looks_like_text(head: bytes) -> bool:
    """Whether a file that says nothing of itself begins like text: without control characters, and no PDF."""
    return bool(head) and not head.startswith(b"%PDF") and not head.translate(None, _PRINTED)


def _utf16(content: bytes) -> bool:
    return content[:2] in (b"\xff\xfe", b"\xfe\xff")


def charset_of(content: bytes) -> str:
    """The charset in which these bytes are text: every content has one."""
    if _utf16(content) and len(content) % 2 == 0:
        charset = "utf-16"
    else:
        charset = "utf-8"
    try:
        content.decode(charset)
    except UnicodeDecodeError:
        return "latin-1"
    return charset


def with_content(file: Attachment, content: bytes) -> Attachment:
    """The file with other bytes in it."""
    return replace(file, content=content, size=len(content), sha256=hashlib.sha256(content).hexdigest())
