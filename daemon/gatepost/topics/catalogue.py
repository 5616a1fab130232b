"""The topics by name, shipped and the operator's, and the model that serves: what the daemon takes from this room.

At the start a model that is broken, or of another version, is none, and the log says so. Later it never takes the place
of the one that serves.
"""

import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..changes import Changes
from ..core.topics import BAR, Classifier, Topic
from ..errors import GatepostError, Mistake, MistakesError
from . import model_file

FILE = "topics.toml"
FOLDER = "topics"

_log = logging.getLogger("gatepost.topics")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One topic: its names by language, English first of all, and one sentence on what it is for."""

    names: Mapping[str, str]
    help: str = ""

    def name(self, language: str) -> str:
        """The name in a language, else in English."""
        return self.names.get(language.partition("-")[0]) or self.names["en"]


class Topics:
    """The topics that there are, and what a text is about."""

    def __init__(self, named: Mapping[str, Named] | None = None, classifier: Classifier | None = None) -> None:
        self.named = dict(named or {})
        self.classifier = classifier

    @property
    def digest(self) -> str:
        """The hash of the model, '' without one."""
        return self.classifier.model.digest if self.classifier is not None else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topics) and (self.named, self.digest) == (other.named, other.digest)

    __hash__ = None  # type: ignore[assignment]

    def of(self, text: str) -> tuple[Topic, ...]:
        """At most two topics of a text, best first; none without a model. Only topics that have a name are given."""
        if self.classifier is None:
            return ()
        return tuple(topic for topic in self.classifier.topics(text) if topic.name in self.named)

    def name(self, topic: str, language: str) -> str:
        """What people read for a topic; the word itself where topics.toml does not name it."""
        named = self.named.get(topic)
        return named.name(language) if named is not None else topic


def load(shipped: Path, own: Path | None = None, *, bar: float = BAR) -> Topics:
    """The topics of both folders and the operator's model, or else the shipped one.

    Raises MistakesError for a topics.toml that cannot be used. A model that cannot be used is logged and left out.
    """
    names = named(shipped, own)
    try:
        return Topics(names, _classifier(shipped, own, bar))
    except GatepostError as error:
        _log.error("topics.none: %s", error.message)
        return Topics(names)


class Shelf:
    """The topics that serve. They change all at once, when the files have changed and are sound (R7)."""

    def __init__(self, shipped: Path, own: Path | None = None, *, bar: float = BAR) -> None:
        """Raises MistakesError as `load` does."""
        self._shipped, self._own, self._bar = shipped, own, bar
        self._changes = Changes(self._paths)
        self._topics = load(shipped, own, bar=bar)

    @property
    def topics(self) -> Topics:
        """The topics that serve now."""
        return self._topics

    def poll(self) -> bool:
        """Look whether files have changed, and read them if so; whether other topics serve now."""
        return self._changes.settled() and self.reload()

    def reload(self) -> bool:
        """Read the files; whether others serve now. Those that cannot be used are logged, and the old ones stay."""
        self._changes.taken()
        try:
            topics = Topics(named(self._shipped, self._own), _classifier(self._shipped, self._own, self._bar))
        except GatepostError as error:
            _log.error("topics.refused the old ones stay: %s", error.message)
            return False
        changed = topics != self._topics
        if changed:
            self._topics = topics
            _log.info("topics.reloaded topics=%d model=%s", len(topics.named), topics.digest[:12] or "none")
        return changed

    def _paths(self) -> list[Path]:
        folders = [folder for folder in (self._shipped, self._own) if folder is not None]
        return [folder / name for folder in folders for name in (FILE, f"{FOLDER}/{model_file.NAME}")]


def named(shipped: Path, own: Path | None) -> dict[str, Named]:
    """The topics of both folders by name. Raises MistakesError for a topics.toml that cannot be used."""
    found: dict[str, Named] = {}
    mistakes: list[Mistake] = []
    for folder in filter(None, (shipped, own)):
        found.update(_read(folder / FILE, mistakes))
    if mistakes:
        raise MistakesError("the topics", mistakes)
    return found


def _classifier(shipped: Path, own: Path | None, bar: float) -> Classifier | None:
    path = model_path(shipped, own)
    return Classifier(model_file.read(path)[0], bar=bar) if path is not None else None


def model_path(shipped: Path, own: Path | None = None) -> Path | None:
    """The model file that serves: the operator's, else the shipped one; None where there is neither."""
    places = [folder / FOLDER / model_file.NAME for folder in (own, shipped) if folder is not None]
    return next((place for place in places if place.is_file()), None)


def _read(path: Path, mistakes: list[Mistake]) -> dict[str, Named]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        mistakes.append(Mistake(file=str(path), message=f"cannot be read: {error}"))
        return {}
    named = {}
    for topic, entry in table.items():
        names = entry.get("name") if isinstance(entry, dict) else None
        names = {"en": names} if isinstance(names, str) else names
        if (
            not isinstance(names, dict)
            or not all(isinstance(name, str) for name in names.values())
            or "en" not in names
        ):
            mistakes.append(
                Mistake(file=str(path), key=topic, message="has no name", suggestion='name = { en = "Renewals" }')
            )
            continue
        named[topic] = Named(names=names, help=str(entry.get("help", "")))
    return named
