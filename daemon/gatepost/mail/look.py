"""An outgoing mail taken apart for a person to look at: fields, text, HTML and files; nothing is decided by it.

It reads with the same bounded reader as `parse`, so a mail that is not ours harms nothing. The HTML comes as it is:
whoever shows it puts it into a sandboxed frame without scripts and without the network (G02, G03).
"""

from dataclasses import dataclass

from ..core.letter import Attachment
from . import body, header, mime
from .charset import decode

FILES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a mail holds. `headers` are (name in lower case, readable value) in their order, repeated ones too."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[Attachment, ...]

    def header(self, name: str) -> str:
        """The first value of the field `name` (any case), or ''."""
        return next((value for key, value in self.headers if key == name.lower()), "")


def parts(raw: bytes) -> Parts:
    """The parts of the mail `raw`. Never raises; linear in its size."""
    head = header.split(raw)
    tree = mime.read(raw, head)
    read = body.read(tree)
    return Parts(
        headers=tuple((name, header.readable(value, most=4_000)) for name, value in head.fields),
        text=read.text,
        html=_html(tree),
        attachments=body.attachments(read, FILES, ()),
    )


def _html(tree: mime.Tree) -> str:
    """The first HTML form of the text, '' where there is none."""
    for part in tree.leaves():
        if part.type == "text/html" and part.disposition != "attachment":
            return decode(part.content()[: body.TEXT_CHARACTERS * 4], part.params.get("charset", ""))[0]
    return ""
