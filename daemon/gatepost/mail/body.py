"""Which parts of a mail are its text and which are files; the text in the order in which a person reads it."""

from dataclasses import dataclass, field

from ..core.letter import Attachment
from . import attachment, html
from .charset import decode
from .markup import tokens
from .mime import Part, Tree

TEXT_CHARACTERS = 262_144
# How much of a mail's text parts is read at all, transfer encoding included: four times what is kept.
_TEXT_OCTETS = 1_048_576
_TEXTS = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/x-markdown")
# An alternative of one of these is another form of the text, never a file.
_FORMS = (*_TEXTS, "text/x-amp-html", "text/watch-html", "text/markdown", "text/x-web-markdown")
_STUBS = ("html", "mime", "not support", "unterstützt", "ne supporte pas", "no soporta", "view this", "browser")
_STUB_LOOKS = 8
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F, *range(0x80, 0xA0)])
_CONTROLS[0x0C] = ord("\n")


@dataclass(slots=True)
class Body:
    """The text of a mail, its files in their order, and whether a charset was guessed or text was cut."""

    text: str = ""
    files: list[Part] = field(default_factory=list)
    guessed: bool = False
    cut: bool = False
    left: int = _TEXT_OCTETS


@dataclass(slots=True)
class _Chosen:
    """The text parts in reading order and the files, while the tree is walked."""

    texts: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    # How many alternatives may still be looked into for a stub; shared by the whole mail.
    looks: list[int] = field(default_factory=lambda: [_STUB_LOOKS])


def read(tree: Tree, hints: tuple[str, ...] = ()) -> Body:
    """The body of the mail. Pictures of related parts are named where the HTML shows them."""
    chosen = _Chosen()
    _choose(tree.root, chosen, hints, alone=True)
    if not chosen.texts:
        _promote(chosen)
    body = Body(files=chosen.files)
    images = _image_names(chosen.files, hints)
    pieces = [(part.type, piece) for part in chosen.texts if (piece := _text(part, body, images, hints))]
    text = "\n\n".join(_without_repeats(pieces))
    body.cut = body.cut or len(text) > TEXT_CHARACTERS
    body.text = text[:TEXT_CHARACTERS]
    return body


def _choose(part: Part, chosen: _Chosen, hints: tuple[str, ...], *, alone: bool = False) -> None:
    """Sort a part and what is below it into texts and files. Depth is bounded by the tree."""
    if part.children:
        if part.type == "multipart/alternative":
            _choose_alternative(part, chosen, hints)
        elif part.type == "multipart/related":
            _choose_related(part, chosen, hints)
        else:
            for child in part.children:
                _choose(child, chosen, hints, alone=alone and len(part.children) == 1)
    elif _is_text(part, hints, alone=alone):
        chosen.texts.append(part)
    elif not _is_nothing(part):
        chosen.files.append(part)


def _promote(chosen: _Chosen) -> None:
    """In a mail without any text, named text that asks to be shown inline is its text (RFC 2183 2.1).

    So is a first part that is named and says nothing of its disposition, as scripts send it.
    """
    chosen.texts = [
        part
        for place, part in enumerate(chosen.files)
        if part.type == "text/plain" and (part.disposition == "inline" or (not part.disposition and not place))
    ]
    chosen.files = [part for part in chosen.files if part not in chosen.texts]


def _without_repeats(pieces: list[tuple[str, str]]) -> list[str]:
    """The texts, without HTML that only says again what a plain text beside it says.

    Programs that know no multipart/alternative send both forms in a mixed one.
    """
    if len(pieces) < 2:
        return [text for _, text in pieces]
    plain = set().union(*(text.split() for kind, text in pieces if kind == "text/plain"))
    kept = []
    for kind, text in pieces:
        words = set(text.split())
        if kind == "text/html" and len(words) > 4 and len(words & plain) * 10 >= len(words) * 9:
            continue
        kept.append(text)
    return kept


def _is_text(part: Part, hints: tuple[str, ...], *, alone: bool) -> bool:
    """Whether a leaf is text to read: text/plain or text/html that is not named or marked as a file."""
    if part.type not in _TEXTS or part.disposition == "attachment":
        return False
    return alone or not attachment.declared_name(part, hints)


def _is_nothing(part: Part) -> bool:
    """An empty leaf without a name, which list software and scanners leave behind."""
    if part.octets > 1_000 or part.body.strip():
        return False
    return part.disposition != "attachment" and not attachment.declared_name(part)


def _choose_alternative(part: Part, chosen: _Chosen, hints: tuple[str, ...]) -> None:
    """The plainest form that says it all; the files of every form; forms that are no text as files (RFC 2046 5.1.4)."""
    forms: list[_Chosen] = []
    for child in part.children:
        form = _Chosen(looks=chosen.looks)
        if not child.children and child.type in _FORMS and child.disposition != "attachment":
            form.texts.append(child)
        else:
            _choose(child, form, hints)
        forms.append(form)
        chosen.files.extend(form.files)
    chosen.texts.extend(_best([form.texts for form in forms if form.texts], chosen.looks, hints))


def _best(forms: list[list[Part]], looks: list[int], hints: tuple[str, ...]) -> list[Part]:
    """Plain text first, unless it is empty or only says that the mail is HTML."""
    if not forms:
        return []
    plain = [texts for texts in forms if any(text.type == "text/plain" for text in texts)]
    rich = [texts for texts in forms if any(text.type == "text/html" for text in texts) and texts not in plain]
    readable = [texts for texts in forms if any(text.type in _TEXTS for text in texts)] or forms
    if plain:
        looks[0] -= 1
        if not rich or looks[0] < 0 or not _is_stub(plain[0], rich[-1], hints):
            return plain[0]
    return rich[-1] if rich else readable[0]


def _is_stub(plain: list[Part], rich: list[Part], hints: tuple[str, ...]) -> bool:
    """Whether the plain form is empty, or short and about HTML while the HTML form has much more to say."""
    if sum(part.octets for part in plain) > 4_000:
        return False
    text = " ".join(_decoded(part, hints)[0] for part in plain).strip()
    if not any(character.isalnum() for character in text):
        return True
    if len(text) > 400 or not any(word in text.lower() for word in _STUBS):
        return False
    other = " ".join(html.to_text(_decoded(part, hints)[0]) for part in rich)
    return len(other.split()) > 2 * len(text.split()) and text.lower()[:60] not in other.lower()


def _choose_related(part: Part, chosen: _Chosen, hints: tuple[str, ...]) -> None:
    """The root of a related group is its text, the rest are its pictures (RFC 2387)."""
    wanted = part.params.get("start", "").strip("<>")
    ids = [child.head.first("content-id").decode("latin-1").strip(" <>\r\n\t") for child in part.children]
    root = ids.index(wanted) if wanted and wanted in ids else 0
    if part.children[root].type.split("/")[0] not in ("text", "multipart"):
        root = next(
            (n for n, child in enumerate(part.children) if child.type.startswith(("text/", "multipart/"))), root
        )
    for number, child in enumerate(part.children):
        if number == root:
            _choose(child, chosen, hints, alone=True)
        elif child.children or child.type == "text/plain":
            _choose(child, chosen, hints)
        elif not _is_nothing(child):
            chosen.files.append(child)


def _image_names(files: list[Part], hints: tuple[str, ...]) -> dict[str, str]:
    names = {}
    for part in files:
        content_id = part.head.first("content-id").decode("latin-1").strip(" <>\r\n\t")
        if content_id and (name := attachment.safe_name(attachment.declared_name(part, hints))):
            names[content_id] = name
    return names


def _decoded(part: Part, hints: tuple[str, ...]) -> tuple[str, bool]:
    return decode(part.content(_TEXT_OCTETS), part.params.get("charset", ""), hints)


def _text(part: Part, body: Body, images: dict[str, str], hints: tuple[str, ...]) -> str:
    """One text part as clean text: LF line ends, no controls, capped before anything reads it."""
    body.cut = body.cut or part.octets > body.left
    content, tail = part.text(body.left)
    body.left = max(body.left - part.octets, 0)
    label = part.params.get("charset", "")
    if part.type == "text/html" and (own := _meta_charset(content)):
        label, hints = label or own, (own, *hints)
    text, guessed = decode(content, label, hints)
    body.guessed = body.guessed or guessed
    text = clean(text)
    if tail:
        text += "\n\n" + clean(decode(tail, "", hints)[0])
    if part.type == "text/html":
        body.cut = body.cut or len(text) > html.MARKUP_CHARACTERS
        return html.to_text(text, images)
    if part.type in ("text/enriched", "text/richtext"):
        return _enriched(text)
    if part.params.get("format", "").lower() == "flowed":
        return _flowed(text, delsp=part.params.get("delsp", "").lower() == "yes").strip("\n")
    return text.rstrip().strip("\n")


def clean(text: str) -> str:
    """Text with LF line ends and without control characters."""
    # Splitting and joining takes half the time of replacing, in lines of the usual length.
    text = "\n".join(text.split("\r\n")).replace("\r", "\n").removeprefix("\ufeff")
    return text.translate(_CONTROLS)


def _meta_charset(content: bytes) -> str:
    """The charset that an HTML page declares of itself, looked for in its first kilobytes."""
    start = content[:4_096].lower()
    at = start.find(b"charset=")
    if at < 0:
        return ""
    value = start[at + 8 : at + 48].lstrip(b"\"' ")
    end = next((n for n, octet in enumerate(value) if octet in b"\"'; />\r\n"), len(value))
    return value[:end].decode("ascii", "replace")


def _enriched(text: str) -> str:
    """text/enriched as plain text (RFC 1896): commands dropped, single line ends are blanks, n of them n - 1."""
    out: list[str] = []
    silent = 0
    for name, rest in tokens(text.replace("<<", "&lt;")[: html.MARKUP_CHARACTERS]):
        if name in ("param", "/param"):
            silent += 1 if name == "param" else -1
        elif not name and silent <= 0:
            out.append(rest.replace("&lt;", "<"))
    lines = "".join(out).split("\n\n")
    return "\n".join(" ".join(line.split("\n")) for line in lines).strip()


def _flowed(text: str, *, delsp: bool) -> str:
    """format=flowed unwrapped (RFC 3676 4): lines of one quote depth that end in a blank go on in the next."""
    out: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if delsp and flows:
            content = content[:-1]
        if open_depth == depth and content != "-- ":
            out[-1].append(content)
        else:
            out.append([f"{'>' * depth} {content}" if depth else content])
        open_depth = depth if flows else -1
    lines = ("".join(pieces) for pieces in out)
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in lines)


def attachments(body: Body, most: int, hints: tuple[str, ...]) -> tuple[Attachment, ...]:
    """The files of the body, the first `most` of them."""
    return tuple(attachment.read(part, place, hints) for place, part in enumerate(body.files[:most], 1))
