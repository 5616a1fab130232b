"""The words of letters and pages in eight languages, by gettext catalogues: locale/<language>/<area>.po.

English is the source: a message stands in a template or a module, and a language that lacks it says it in English.
A language's files are read when it is first asked for and become one catalogue; the areas exist only so that each
stays short. `.ci/messages.py` finds what is missing. An operator's words (`own_words`) go before ours, in one process
for all: `use` takes them.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from jinja2 import Environment
from jinja2.runtime import Context
from jinja2.utils import pass_context

from .. import shipped
from ..core.phrase import NEAR, Sentence
from ..core.phrase import phrase as phrase  # noqa: PLC0414 - those who say, mark as well
from ..errors import PermanentError

SOURCE = "en"
LANGUAGES = (SOURCE, "de", "fr", "it", "pl", "es", "vi", "nl")
# What is for staff alone: it is written in English, and need not be in every language.
STAFF_LANGUAGES = (SOURCE, "de")


_own: dict[str, Catalog] = {}


def use(own: Mapping[str, Catalog]) -> None:
    """Take these words of the operator's, by language, before ours from now on, in place of those before."""
    _own.clear()
    _own.update(own)
    catalogue.cache_clear()


def languages() -> tuple[str, ...]:
    """Every language that is spoken: ours, and those that only the operator's words are in."""
    return (*LANGUAGES, *sorted(set(_own) - set(LANGUAGES)))


def served(language: str) -> str:
    """The spoken language that `language` gets: `de-AT` gets `de`, one that nobody speaks gets English."""
    short = language.lower().replace("_", "-").partition("-")[0]
    return short if short in LANGUAGES or short in _own else SOURCE


def say(language: str, message: str, **values: object) -> str:
    """`message` in `language`, with its `%(name)s` filled in; plain text, for which HTML is still to be escaped."""
    return catalogue(served(language)).gettext(message) % values


def tell(language: str, sentence: Sentence) -> str:
    """A sentence of the core in `language`, with what was probably meant behind it."""
    told = say(language, sentence.message, **sentence.values)
    return f"{told} {say(language, NEAR, near=sentence.near)}" if sentence.near else told


def holes(message: str) -> frozenset[str] | None:
    """The names that `message` leaves to be filled in; None where a `%` of it is neither `%(name)s` nor `%%`."""
    _, *rest = message.replace("%%", "").split("%")
    found = [piece[1:].partition(")s")[0] for piece in rest if piece.startswith("(") and ")s" in piece]
    sound = len(found) == len(rest) and all(name.isidentifier() for name in found)
    return frozenset(found) if sound else None


@cache
def catalogue(language: str) -> NullTranslations:
    """The catalogue of a language that is spoken. Raises PermanentError where a file of ours cannot be read."""
    files = sorted((shipped.folder("locale") / language).glob("*.po"))
    return _read(language, files) if files or language in _own else NullTranslations()


def install(environment: Environment) -> None:
    """Give templates `_`, `gettext`, `ngettext` and `{% trans %}`, in the language of the value `language`."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext
    )
    environment.globals["_"] = environment.globals["gettext"]


def _read(language: str, files: list[Path]) -> NullTranslations:
    """The operator's words and the files as one catalogue; the first that has a message gives it."""
    joined = Catalog(locale=language)
    for message in _own.get(language, ()):
        if message.id:
            joined.add(message.id, message.string, context=message.context)
    for path in files:
        try:
            with path.open("rb") as file:
                found = read_po(file, locale=language, abort_invalid=True)
        except (OSError, ValueError, PoFileError) as error:
            raise PermanentError(f"{path}: it cannot be read: {error}", "Install gatepost again.") from error
        for message in found:
            if message.id and joined.get(message.id, message.context) is None:
                joined.add(message.id, message.string, context=message.context)
    compiled = BytesIO()
    write_mo(compiled, joined)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _of(context: Context) -> NullTranslations:
    return catalogue(served(str(context["language"])))


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _of(context).gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return _of(context).ngettext(one, many, number)


@pass_context
def _pgettext(context: Context, about: str, message: str) -> str:
    return _of(context).pgettext(about, message)
