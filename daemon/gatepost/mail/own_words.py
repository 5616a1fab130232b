"""Reads the operator's catalogues, TEMPLATES/locale/<language>/<name>.po: their words go before ours, and a language
that we do not speak is spoken by them. Every mistake is told at once, with its file and line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from .. import shipped
from ..errors import Mistake, MistakesError
from .catalogue import SOURCE, holes

FILE_OCTETS = 1024 * 1024
MESSAGE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    """The operator's words by language. `unknown` are messages that none of our letters and pages says."""

    languages: Mapping[str, Catalog] = field(default_factory=dict)
    unknown: list[Mistake] = field(default_factory=list)
    digest: str = ""


def read(folder: Path | None) -> OwnWords:
    """What lies in the folder, nothing where it is not there. Raises MistakesError."""
    languages: dict[str, Catalog] = {}
    mistakes: list[Mistake] = []
    unknown: list[Mistake] = []
    seen = sha256()
    for path in sorted(folder.glob("*/*.po")) if folder is not None else ():
        language = path.parent.name
        found, wrong = _file(path, language)
        mistakes += wrong
        if found is None:
            continue
        seen.update(repr((str(path), [(m.id, m.context, m.string) for m in found])).encode())
        unknown += _unknown(path, found)
        into = languages.setdefault(language, Catalog(locale=language))
        for message in found:
            if message.id and message.string and into.get(message.id, message.context) is None:
                into.add(message.id, message.string, context=message.context)
    if mistakes:
        raise MistakesError("the catalogues cannot be used", mistakes)
    return OwnWords(languages=languages, unknown=unknown, digest=seen.hexdigest() if languages else "")


def _file(path: Path, language: str) -> tuple[Catalog | None, list[Mistake]]:
    """One catalogue, and what is wrong with it."""
    if why := _no_language(language):
        return None, [Mistake(file=str(path), message=why, suggestion="name the folder like de, fr or pt")]
    try:
        octets = path.read_bytes()
        if len(octets) > FILE_OCTETS:
            raise ValueError(f"it is larger than {FILE_OCTETS // 1024} KiB")
        if line := _unclosed(octets.decode("utf-8")):
            return None, [Mistake(file=str(path), line=line, message="a text in quotes does not end on its line")]
        catalogue = read_po(BytesIO(octets), locale=language, abort_invalid=True)
    except PoFileError as error:
        return None, [Mistake(file=str(path), line=error.lineno + 1, message=f"it cannot be read: {error.args[0]}")]
    except (OSError, ValueError) as error:
        return None, [Mistake(file=str(path), message=f"it cannot be read: {error}")]
    return catalogue, [mistake for message in catalogue if message.id for mistake in _faults(path, message)]


def _unclosed(text: str) -> int:
    """The first line whose quotes do not close, which the reader would take for a shorter text; 0 where all do."""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if '"' in bare and not bare.startswith("#") and (not bare.endswith('"') or bare.count('"') == 1):
            return number
    return 0


def _no_language(name: str) -> str:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return f"{name} is no language that we know"
    return "" if name.isalpha() and name.islower() else f"{name} is more than a language"


def _faults(path: Path, message: Message) -> Iterator[Mistake]:
    given = frozenset[str]().union(*(holes(one) or () for one in _forms(message.id)))
    for form in _forms(message.string):
        said, hint = holes(form), ""
        if said is None:
            why = f"in {form[:60]!r} a per cent sign is written %%, a value %(name)s"
        elif not said <= given:
            why = f"{form[:60]!r} wants %({min(said - given)})s"
            hint = "there is " + (", ".join(f"%({name})s" for name in sorted(given)) or "no value")
        elif len(form) > MESSAGE_CHARACTERS:
            why = f"a text has {MESSAGE_CHARACTERS:,} characters at most"
        else:
            continue
        yield Mistake(file=str(path), line=message.lineno or 0, message=why, suggestion=hint)


def _forms(said: object) -> tuple[str, ...]:
    """A message's texts: one, or one for each number."""
    return (said,) if isinstance(said, str) else tuple(map(str, said)) if isinstance(said, list | tuple) else ()


def _unknown(path: Path, catalogue: Catalog) -> Iterator[Mistake]:
    """Messages that we do not say: an operator's own template may, or the English has changed."""
    ours = _ours()
    for message in catalogue:
        first = "".join(_forms(message.id)[:1])
        if first and first not in ours:
            near = get_close_matches(first, ours, n=1, cutoff=0.8)
            yield Mistake(
                file=str(path), line=message.lineno or 0, message=f"{first[:60]!r} is no sentence of ours",
                suggestion=f"did you mean {near[0]!r}?" if near else "",
            )  # fmt: skip


def _ours() -> frozenset[str]:
    """Every message of ours, as any of our own languages has them."""
    folder = shipped.folder("locale")
    found: set[str] = set()
    for path in sorted(folder.glob("de/*.po")):
        with path.open("rb") as file:
            found |= {form for one in read_po(file, locale=SOURCE) for form in _forms(one.id)[:1]}
    return frozenset(found)
