"""Takes the files of a form, and the mark by which a form that is sent twice is known."""

import secrets
from dataclasses import replace

from starlette.datastructures import FormData, UploadFile

from ..core.letter import Attachment
from ..from_page import file_of
from ..mail.attachment import sniffed

_MARK = 32


async def taken(form: FormData, name: str, most: int) -> tuple[Attachment, ...] | None:
    """The files of the form's field `name`; None where they have more than `most` octets together."""
    found: list[Attachment] = []
    left = most
    for given in form.getlist(name):
        if not isinstance(given, UploadFile) or not given.filename:
            continue
        content = await given.read(left + 1)
        left -= len(content)
        if left < 0:
            return None
        kind = (given.content_type or "application/octet-stream").partition(";")[0].strip().lower()
        # A picture that was sent along is shown with the words.
        picture = sniffed(content).startswith("image/")
        found.append(replace(file_of(given.filename, kind, content), inline=picture))
    return tuple(found)


def once_of(form: FormData) -> str:
    """The mark that the form has carried since it was shown; a new one where it is missing or no mark of ours."""
    given = form.get("once", "")
    sound = isinstance(given, str) and len(given) == _MARK and all(c in "0123456789abcdef" for c in given)
    return str(given) if sound else secrets.token_hex(_MARK // 2)
