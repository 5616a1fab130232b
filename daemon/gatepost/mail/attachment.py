"""Attachments: the parts that are files, with names that are safe to store and types that do not lie.

A name is the same each time a mail is read; a part without one gets a name by its place and type. Content is never
unpacked.
"""

import hashlib

from ..core.letter import Attachment
from .encoded_word import decode_words
from .header import one_line, readable, split, unfold
from .mime import Part
from .parameter import parameters

NAME_CHARACTERS = 120

_EXTENSIONS = {
    "application/pdf": "pdf", "application/zip": "zip", "application/json": "json", "application/xml": "xml",
    "application/msword": "doc", "application/rtf": "rtf", "application/ms-tnef": "dat", "application/gzip": "gz",
    "application/vnd.ms-tnef": "dat", "application/vnd.ms-excel": "xls", "application/x-zip-compressed": "zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/pgp-signature": "asc", "application/pgp-encrypted": "asc", "application/pgp-keys": "asc",
    "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m", "application/ics": "ics", "text/calendar": "ics", "text/csv": "csv",
    "text/plain": "txt", "text/html": "html", "text/xml": "xml", "text/vcard": "vcf", "text/x-vcard": "vcf",
    "text/directory": "vcf", "text/x-diff": "diff", "text/x-patch": "patch", "text/rfc822-headers": "txt",
    "text/markdown": "md", "text/css": "css", "text/rtf": "rtf",
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/pjpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/webp": "webp", "image/bmp": "bmp", "image/tiff": "tif", "image/svg+xml": "svg", "image/heic": "heic",
    "audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg", "audio/mp4": "m4a",
    "video/mp4": "mp4", "video/quicktime": "mov", "video/mpeg": "mpg",
    "message/rfc822": "eml", "message/global": "eml", "message/delivery-status": "txt",
    "message/disposition-notification": "txt", "message/feedback-report": "txt",
}  # fmt: skip
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"), (b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/zip"),
    (b"MZ", "application/x-msdownload"), (b"\x7fELF", "application/x-executable"), (b"BM", "image/bmp"),
)  # fmt: skip
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def read(part: Part, place: int, hints: tuple[str, ...] = ()) -> Attachment:
    """The attachment that `part` is, the `place`-th of its mail (from 1)."""
    message = part.type.startswith("message/")
    content = _message_content(part) if message else part.content()
    kind = honest_type(part.type, content)
    name = safe_name(declared_name(part, hints)) or _made_name(part, kind, content, place, hints)
    content_id = one_line(unfold(part.head.first("content-id"))).strip("<> ")
    return Attachment(
        filename=name,
        content_type=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content_id=content_id,
        inline=sniffed(content) in _PICTURES and (bool(content_id) or part.disposition == "inline"),
        content=content,
    )


def _message_content(part: Part) -> bytes:
    """An attached mail as it stood. Only base64 and quoted-printable, which RFC 2046 5.2.1 forbids here, are undone."""
    return part.content() if part.encoding in ("base64", "quoted-printable") else part.body


def declared_name(part: Part, hints: tuple[str, ...] = ()) -> str:
    """The name that the part claims: of the disposition, else of the type; encoded words decoded though forbidden."""
    disposition, kind = part.disposition_params, part.params
    raw_fields = part.head.first("content-disposition"), part.head.first("content-type")
    if hints and not (raw_fields[0].isascii() and raw_fields[1].isascii()):
        (_, disposition), (_, kind) = (parameters(field, hints) for field in raw_fields)
    raw = disposition.get("filename") or kind.get("name") or disposition.get("name")
    return decode_words(raw or "", hints)


def safe_name(name: str) -> str:
    """The last component of `name` without anything that a file system or a header could trip over; '' if none is left.

    RFC 2183 2.3: only the terminal component counts. Device names of Windows get an underscore.
    """
    name = "".join(" " if character.isspace() else character for character in one_line(name, 1_000))
    name = name.replace("\\", "/").rstrip("/ .")
    name = name.rpartition("/")[2].strip(" .") if name.strip("/. ") else ""
    name = "".join("_" if character in '<>:"|?*' else character for character in name)
    name = name.encode("utf-8", "replace").decode("utf-8")
    if name.split(".")[0].strip().lower() in _DEVICES:
        name = "_" + name
    return _shortened(name)


def _shortened(name: str) -> str:
    """At most `NAME_CHARACTERS` characters and 240 octets, with the extension kept."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 10:
        stem, dot, extension = name, "", ""
    stem = stem[: NAME_CHARACTERS - len(extension) - 1]
    while len((stem + dot + extension).encode()) > 240:
        stem = stem[:-1]
    return (stem.rstrip(" .") + dot + extension) if stem.strip(" .") or not dot else extension


def _made_name(part: Part, kind: str, content: bytes, place: int, hints: tuple[str, ...]) -> str:
    """A name for a part without one: the inner subject of an attached mail, else by place and type."""
    if part.type in ("message/rfc822", "message/global"):
        subject = safe_name(readable(split(content[:65_536], most=100).first("subject"), hints, 80).replace("/", " "))
        return f"{subject or 'message'}.eml"
    if part.type.startswith("message/"):
        return f"{part.type.partition('/')[2]}.txt"
    extension = _EXTENSIONS.get(kind) or _EXTENSIONS.get(part.type) or "bin"
    stem = {"ics": "invite", "p7s": "smime", "p7m": "smime", "asc": "signature", "dat": "winmail"}.get(extension)
    return f"{stem}.{extension}" if stem else f"attachment-{place}.{extension}"


def sniffed(content: bytes) -> str:
    """The type that the first octets show, '' where they show none that matters here."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")


def honest_type(declared: str, content: bytes) -> str:
    """The declared type, unless the content is a program or a page that calls itself a picture, sound or film."""
    if not declared.startswith(("image/", "audio/", "video/")) or declared == "image/svg+xml":
        return declared
    seen = sniffed(content)
    page = content[:256].lstrip().lower().startswith((b"<!doctype", b"<html", b"<script", b"<svg", b"<?xml"))
    return "application/octet-stream" if page or seen.startswith("application/") else declared
