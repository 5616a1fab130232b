"""Answers with a file that somebody sent: shut in, never run, never guessed at (G09, G10, C17).

Pictures of the four usual kinds are shown; everything else is saved. What a file says of itself counts for nothing
where its content says otherwise: the reader has looked (`attachment.honest_type`).
"""

from urllib.parse import quote

from starlette.responses import Response

from ..core.letter import Attachment
from ..mail.attachment import sniffed
from .customer.conversation import PICTURES

_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
_SAVED = frozenset({"application/pdf", "application/zip", "text/plain", "text/csv", "application/json"})


def file_answer(file: Attachment, *, save: bool = False) -> Response:
    """The file, with headers under which a browser shows a picture (but not to `save`), or saves it, and no more."""
    kind = file.content_type.lower()
    picture = kind in PICTURES and sniffed(file.content) == kind
    if not picture and kind not in _SAVED:
        kind = "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in ".-_ ") else "_" for c in file.filename)
    how = "inline" if picture and not save else "attachment"
    headers = {
        "content-disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.filename, safe='')}",
        "content-security-policy": _POLICY,
        "content-type": kind,
    }
    return Response(file.content, headers=headers)
