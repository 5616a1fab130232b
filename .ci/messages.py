"""Finds every message of the templates and modules, and which of them a language lacks: `make messages`.

    .ci/messages.py missing            lists what is missing, stale or at odds; exit code 1 where there is anything
    .ci/messages.py update [AREA]      writes what is missing into locale/<language>/<area>.po, to be filled in, and
                                       takes out what no template says any more or another area says already;
                                       without AREA the template's folder decides: mail, or that below
                                       templates/portal

What only staff reads (templates/mail/staff, templates/portal/staff) is English and may be translated.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from gatepost.mail.catalogue import LANGUAGES, SOURCE, holes

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
_TEMPLATES = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false", "trim_blocks": "true"}
_TEMPLATE_WORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_MODULE_WORDS = {"say": (2,), "phrase": None}
# What a module imports that has words for people.
_SPEAKS = ("catalogue import", "phrase import", "def phrase(")
TRANSLATED = tuple(language for language in LANGUAGES if language != SOURCE)

# Context, and the message with its plural or ''.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """Where a message stands first, and whether a customer, vendor or collaborator may read it."""

    area: str
    place: str
    wanted: bool


def said() -> dict[Key, Said]:
    """Every message of the house."""
    found: dict[Key, Said] = {}
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        parts = path.relative_to(ROOT / "templates").parts
        area = "mail" if parts[0] == "mail" else parts[1] if len(parts) > 2 else "portal"
        staff = parts[1] == "staff"
        _note(found, path, "jinja2.ext:babel_extract", _TEMPLATE_WORDS, "staff" if staff else area, not staff)
    for path in sorted((ROOT / "daemon").rglob("*.py")):
        if not any(words in path.read_text(encoding="utf-8") for words in _SPEAKS):
            continue
        area = path.stem if (LOCALE / "de" / f"{path.stem}.po").exists() else "mail"
        _note(found, path, "python", _MODULE_WORDS, area if "portal" not in path.parts else "portal", True)
    return found


def _note(found: dict[Key, Said], path: Path, method: str, words: dict[str, object], area: str, wanted: bool) -> None:
    with path.open("rb") as file:
        for line, message, _, context in extract(method, file, words, options=_TEMPLATES):
            one, many = (message, "") if isinstance(message, str) else message[:2]
            key = (context or "", one, many)
            before = found.get(key)
            if before is None or (wanted and not before.wanted):
                found[key] = Said(area, f"{path.relative_to(ROOT)}:{line}", wanted)


def translated(language: str) -> Iterator[tuple[Path, Key, tuple[str, ...]]]:
    """Every entry of a language's catalogues: the file, the message, and its forms."""
    for path in sorted((LOCALE / language).glob("*.po")):
        for message in _po(path, language):
            if message.id:
                ids = (message.id, "") if isinstance(message.id, str) else message.id
                forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
                yield path, (message.context or "", *ids), forms


def faults(language: str, known: dict[Key, Said]) -> Iterator[str]:
    """What is wrong with a language, one line each."""
    given: dict[Key, tuple[str, ...]] = {}
    for path, key, forms in translated(language):
        place = f"{path.relative_to(ROOT)}: {key[1]!r}"
        if key not in known:
            yield f"{place} stands nowhere any more"
        if given.setdefault(key, forms) != forms:
            yield f"{place} is said in another way in another area"
        for form in filter(None, forms):
            if holes(form) != holes(key[1]) and holes(form) != holes(key[2] or key[1]):
                yield f"{place} does not fill in the same values: {form!r}"
            if form != form.strip() and key[1] == key[1].strip():
                yield f"{place} begins or ends with a space: {form!r}"
    for key, where in known.items():
        if where.wanted and not all(given.get(key, ("",))):
            yield f"locale/{language}/{where.area}.po lacks {key[1]!r} ({where.place})"


def update(area: str) -> None:
    """Write what is missing, with nothing said for it yet, and take out what is stale."""
    known = said()
    for language in TRANSLATED:
        present = set()
        for path in sorted((LOCALE / language).glob("*.po")):
            catalogue = _po(path, language)
            kept = Catalog(locale=language)
            for message in catalogue:
                ids = (message.id, "") if isinstance(message.id, str) else message.id
                key = (message.context or "", *ids)
                if message.id and key in known and key not in present:
                    present.add(key)
                    kept.add(message.id, message.string, context=message.context)
            _write(path, kept)
        for key, where in known.items():
            if where.wanted and key not in present:
                path = LOCALE / language / f"{area or where.area}.po"
                catalogue = _po(path, language)
                catalogue.add((key[1], key[2]) if key[2] else key[1], context=key[0] or None)
                _write(path, catalogue)


def _po(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _write(path: Path, catalogue: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, no_location=True, omit_header=True, ignore_obsolete=True)


def main(words: list[str]) -> int:
    """Run the command; returns its exit code."""
    if words[:1] == ["update"]:
        update(words[1] if len(words) > 1 else "")
        return 0
    known = said()
    lines = [line for language in TRANSLATED for line in faults(language, known)]
    print("\n".join(lines) if lines else f"{len(known)} messages, all said in {', '.join(TRANSLATED)}")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
