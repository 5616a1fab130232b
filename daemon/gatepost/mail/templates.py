"""The letters of templates/mail: found (the operator's file first), vetted, compiled once, rendered.

A letter is `<audience>/<name>.txt.j2`: header lines, a blank line, the text; beside it may stand `<name>.html.j2`.
It is written in English and speaks every language by its catalogue. `<name>.<language>.txt.j2`, and likewise the HTML,
goes before it in that language. Nothing is read between two calls of `reload`, and a set with a mistake in it never
replaces a sound one (H08).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.environment import Template
from jinja2.exceptions import TemplateError as JinjaError

from ..clock import Clock
from ..errors import Mistake, MistakesError, PermanentError
from . import catalogue, own_words
from .catalogue import SOURCE, STAFF_LANGUAGES
from .flatten import flat
from .quote import delimiter
from .sandbox import LetterEnvironment, Unbounded, counted
from .spoken import spoken
from .vetting import vet

AUDIENCES = ("customer", "vendor", "staff", "collaborator")
FILE_OCTETS = 256 * 1024
_TEXT, _HTML = ".txt.j2", ".html.j2"
_FAULTS = (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)


class TemplateError(PermanentError):
    """A letter cannot be made: which template file, which line (0 where unknown), and why. The mail is not sent."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}", "Correct the template.")
        self.file = file
        self.line = line
        self.why = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A letter with its values filled in; `html` is '' where there is none. `subject` may still hold anything."""

    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Letter:
    subject: Template
    text: Template
    html: Template | None
    lead: int


class Letters:
    """The letters of the operator's folder `own` (which may be absent) and of the folder `shipped`.

    `words` is the operator's folder of catalogues; what lies there is taken for every page of this process too.
    """

    def __init__(
        self,
        own: Path | None,
        shipped: Path,
        words: Path | None = None,
        *,
        monotonic: Callable[[], float] = Clock.monotonic,
    ) -> None:
        """Reads every file. Raises MistakesError with each file that cannot be used."""
        self._folders = [folder for folder in (shipped, own) if folder is not None]
        self._monotonic = monotonic
        self._words_folder = words
        self.words = own_words.OwnWords()
        self.words, self._shelf = self._take(_read(self._folders), own_words.read(words))

    def _take(self, files: Mapping[str, str], words: own_words.OwnWords) -> tuple[own_words.OwnWords, "_Shelf"]:
        """Speak these words, and make a shelf of the files; where that cannot be, the words of before are spoken on."""
        if self._words_folder is None:
            return words, _Shelf(files)
        catalogue.use(words.languages)
        try:
            return words, _Shelf(files, words.digest)
        except MistakesError:
            catalogue.use(self.words.languages)
            raise

    def names(self) -> tuple[str, ...]:
        """The letters' names, without audience, in order."""
        return tuple(sorted({key.partition("/")[2] for key in self._shelf.languages}))

    def languages(self, name: str) -> tuple[str, ...]:
        """The languages of the letter `name`, in order; empty where there is no such letter."""
        return self._shelf.languages.get(self._shelf.key(name), ())

    def all(self) -> tuple[tuple[str, str], ...]:
        """Every letter as (`audience/name`, language), in order."""
        return tuple((key, language) for key, has in sorted(self._shelf.languages.items()) for language in has)

    def file(self, key: str, language: str, *, html: bool = False) -> str:
        """The file that the letter `audience/name` is made of in `language`: that language's own before the common."""
        return self._shelf.file(key, language, _HTML if html else _TEXT)

    def source(self, file: str) -> str:
        """The template text of the file `audience/name.txt.j2` or the like; '' where there is none."""
        return self._shelf.files.get(file, "")

    def digest(self) -> str:
        """The hash of every file in use: what the letters looked like, for a trace."""
        return self._shelf.digest

    def reload(self) -> bool:
        """Read the folders again; whether anything changed. Raises MistakesError and keeps the letters it had."""
        files, words = _read(self._folders), own_words.read(self._words_folder)
        if _digest(files, words.digest) == self._shelf.digest:
            return False
        self.words, self._shelf = self._take(files, words)
        return True

    def render(self, name: str, languages: Iterable[str], values: Mapping[str, object]) -> Rendered:
        """The letter `name`, or `audience/name`, in the first of `languages` that it has, else in English.

        A bare name is looked for in the audiences' order. Raises TemplateError, which is permanent, for an unknown
        letter, a value that is missing, or a text that grows beyond its bounds; HTML that does is left out.
        """
        shelf = self._shelf
        key = shelf.key(name)
        language = shelf.choose(key, languages)
        if not key:
            raise TemplateError(f"templates/mail/*/{name}{_TEXT}", 0, "there is no such letter")
        values = {**values, "language": language}
        try:
            letter = shelf.letter(key, language)
            return Rendered(
                language=language,
                subject=counted(letter.subject, values, self._monotonic),
                text=counted(letter.text, values, self._monotonic)[letter.lead :],
                html=self._html(letter, values),
            )
        except _FAULTS as error:
            raise shelf.told(error, key, values) from error

    def _html(self, letter: _Letter, values: Mapping[str, object]) -> str:
        """The HTML form; '' where there is none, or where escapes and markup make it grow beyond its bounds.

        A sender chooses the words: 262,144 characters of `>` are four times that as HTML. The text says the same.
        """
        if letter.html is None:
            return ""
        try:
            return counted(letter.html, values, self._monotonic)
        except Unbounded:
            return ""


class _Shelf:
    """One consistent set of files, and what was compiled of them."""

    def __init__(self, files: Mapping[str, str], words: str = "") -> None:
        self.files = files
        self.digest = _digest(files, words)
        self.languages = _languages(files)
        self._letters: dict[tuple[str, str, str], _Letter] = {}
        self._environment = LetterEnvironment(_Files(files), delimiter)
        mistakes = sorted(self._mistakes(), key=lambda mistake: (mistake.file, mistake.line))
        if mistakes:
            raise MistakesError("the letters cannot be used", mistakes)

    def key(self, name: str) -> str:
        """`audience/name` of the letter called `name`; '' for none."""
        if name in self.languages:
            return name
        return next((f"{a}/{name}" for a in AUDIENCES if f"{a}/{name}" in self.languages), "")

    def choose(self, key: str, wanted: Iterable[str]) -> str:
        """The first wanted language that the letter has (`de-AT` also takes `de`), else English, else its first."""
        has = self.languages.get(key, ())
        for language in wanted:
            for form in (language.lower(), language.lower().partition("-")[0]):
                if form in has:
                    return form
        return SOURCE if SOURCE in has or not has else has[0]

    def file(self, key: str, language: str, end: str) -> str:
        """The file of a letter's form in `language`; it need not exist."""
        own = f"{key}.{language}{end}"
        return own if own in self.files else key + end

    def letter(self, key: str, language: str) -> _Letter:
        """The compiled letter `audience/name`, its sentences said in `language`."""
        text, html = self.file(key, language, _TEXT), self.file(key, language, _HTML)
        found = self._letters.get((text, html, language))
        if found is None:
            found = self._letters[text, html, language] = self._compile(text, html, language)
        return found

    def _compile(self, text: str, html: str, language: str) -> _Letter:
        subject, body = _split(self.files[text])
        return _Letter(
            subject=self._template(spoken(self._environment.parse(subject, text, text), language), text),
            text=self._template(spoken(flat(text, self._parse), language), text),
            html=self._template(spoken(flat(html, self._parse), language), html) if html in self.files else None,
            lead=len(body) - len(body.lstrip("\n")),
        )

    def _parse(self, name: str) -> nodes.Template:
        return self._environment.parse(_pieces(name, self.files[name])[-1], name, name)

    def _template(self, tree: nodes.Template, name: str) -> Template:
        environment: Environment = self._environment
        code = environment.compile(tree, name, name)
        return Template.from_code(environment, code, environment.make_globals(None))

    def told(self, error: Exception, key: str, values: Mapping[str, object]) -> TemplateError:
        """The error with its file and line, for which the letter is rendered once more, file by file."""
        files = [self.file(key, str(values["language"]), end) for end in (_TEXT, _HTML)]
        try:
            for name in files:
                if name in self.files:
                    counted(self._environment.get_template(name), values, Clock.monotonic)
        except _FAULTS as again:
            return _told(again, files[0])
        return _told(error, files[0])

    def _mistakes(self) -> Iterator[Mistake]:
        sources: dict[str, tuple[str, ...]] = {}
        for name, source in self.files.items():
            try:
                sources[name] = _pieces(name, source)
            except TemplateSyntaxError as error:
                yield Mistake(file=name, line=error.lineno, message=error.message or "it cannot be read")
        yield from vet(self._environment, sources)


class _Files(BaseLoader):
    """Gives the files of one shelf by their plain names; there is no path to walk out of (H07)."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        if template not in self._files:
            raise TemplateNotFound(template)
        return _pieces(template, self._files[template])[-1], template, None


def _read(folders: Iterable[Path]) -> dict[str, str]:
    """Every .j2 file below the folders by its relative name; a later folder's file replaces an earlier one's."""
    files: dict[str, str] = {}
    mistakes = []
    for folder in folders:
        for path in sorted(folder.rglob("*.j2")):
            name = path.relative_to(folder).as_posix()
            try:
                source = path.read_bytes()
                if len(source) > FILE_OCTETS:
                    raise ValueError(f"it is larger than {FILE_OCTETS // 1024} KiB")
                files[name] = source.decode("utf-8").replace("\r\n", "\n")
            except (OSError, ValueError) as error:
                mistakes.append(Mistake(file=str(path), message=f"it cannot be read: {error}"))
    if mistakes:
        raise MistakesError("the letters cannot be used", mistakes)
    return files


def _digest(files: Mapping[str, str], words: str) -> str:
    return sha256((repr(sorted(files.items())) + words).encode("utf-8")).hexdigest()


def _is_letter(name: str) -> bool:
    audience, _, rest = name.partition("/")
    return audience in AUDIENCES and rest.count(".") in (2, 3) and "/" not in rest


def _languages(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The languages of each letter: those of its own files, and where it has a common file, those of the catalogues."""
    found: dict[str, set[str]] = {}
    for file in files:
        if file.endswith(_TEXT) and _is_letter(file):
            key, _, language = file.removesuffix(_TEXT).partition(".")
            every = STAFF_LANGUAGES if key.startswith("staff/") else catalogue.languages()
            found.setdefault(key, set()).update((language,) if language else every)
    return {key: tuple(sorted(languages)) for key, languages in sorted(found.items())}


def _pieces(name: str, source: str) -> tuple[str, ...]:
    return _split(source) if name.endswith(_TEXT) and _is_letter(name) else (source,)


def _split(source: str) -> tuple[str, str]:
    """Subject and text of a letter's source; the text is preceded by as many empty lines as the header has."""
    head, blank, text = source.partition("\n\n")
    first, _, rest = head.partition("\n")
    name, colon, subject = first.partition(":")
    if not blank or colon != ":" or name.strip().lower() != "subject" or rest:
        raise TemplateSyntaxError("a letter opens with the line `Subject: …` and a blank line", 1)
    return subject.strip(), "\n\n" + text


def _told(error: Exception, file: str) -> TemplateError:
    """The error with the template's file and line: those of the innermost frame that is a template."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    message = str(error) if isinstance(error, JinjaError) else f"{type(error).__name__}: {error}"
    return TemplateError(file, line, message or type(error).__name__)
