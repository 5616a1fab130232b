"""`gatepost topics …`: train the model of topics, say how good it is, correct it, and look at what it sees."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import click

from .. import config, shipped
from ..clock import Clock
from ..config import Config
from ..core.audit import operator
from ..core.topics import BAR, Classifier, Model
from ..errors import PermanentError
from ..keys import audit_key
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..outline import instant
from ..parts import open_database
from ..store import marks, messages, tickets
from ..store.audit import AuditLog
from ..store.database import Tx
from ..store.glance import DESK_FILE
from ..topics import catalogue, corrections, labelled, model_file, report
from ..topics.evaluation import Evaluation, evaluate
from ..topics.labelled import NONE, Example
from ..topics.model_file import Provenance
from ..tray import Question, ask
from . import EX_OK
from .options import config_option, look


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where topics lie: the shipped rules, the operator's, and the config where there is one."""

    shipped: Path
    own: Path | None
    config: Config | None

    @property
    def bar(self) -> float:
        return self.config.topics.bar if self.config is not None else BAR

    @property
    def folders(self) -> list[Path]:
        return [folder / catalogue.FOLDER for folder in (self.shipped, self.own) if folder is not None]


@click.group()
def topics() -> None:
    """Train, evaluate and correct what labels tickets with topics."""


@topics.command()
@config_option
@click.option("--progress/--no-progress", default=None, help="Show how far it is; by itself on a terminal only.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The model file to write.")
def train(config_path: str | None, progress: bool | None, output: Path | None) -> int:
    """Train a model from the labelled examples and the corrections of staff, and write it.

    It is written beside the operator's rules, as topics/model.json, and serves within seconds. Without any config give
    --output. Needs scikit-learn: pip install 'gatepost[topics]'.
    """
    place = _place(config_path)
    target = output or (place.own / catalogue.FOLDER / model_file.NAME if place.own is not None else None)
    if target is None:
        raise PermanentError("there is no config that says where the model goes", "Give --output FILE.")
    corrected = _corrected(place.config) if place.config is not None else ()
    learned, few = labelled.learnable((*labelled.read(place.folders, "train"), *corrected))
    for topic, count in few.items():
        click.echo(f"{topic} is left out: it has {count} of the {labelled.LEAST} examples that it needs", err=True)
    held_out = labelled.read(place.folders, "held-out")
    model = _trained(learned, sys.stderr.isatty() if progress is None else progress)
    provenance = Provenance(
        trained=instant(Clock().now()).replace(" ", "T") + "Z",
        data=labelled.digest(learned),
        held_out=labelled.digest(held_out),
        corrections=len(corrected),
        counts=labelled.counts(learned),
        bar=place.bar,
    )
    found = evaluate(Classifier(model_file.settled(model, provenance), bar=place.bar), held_out)
    digest = model_file.write(target, model, replace(provenance, figures=found.as_data()))
    click.echo(f"{target}: {len(model.features)} features from {len(learned)} examples, {digest[:12]}")
    click.echo(
        f"precision {report.percent(found.precision)}, coverage {report.percent(found.coverage)} at {place.bar:.2f}"
    )
    return EX_OK


@topics.command(name="evaluate")
@config_option
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write the reliability plot there, as PNG."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate_(config_path: str | None, plot: Path | None, as_json: bool) -> int:
    """Say how good the model is on the held-out examples: by topic, by language, and what it confuses.

    --plot needs Pillow: pip install 'gatepost[topics]'.
    """
    place = _place(config_path)
    model, provenance = _model(place)
    held_out = labelled.read(place.folders, "held-out")
    found = evaluate(Classifier(model, bar=place.bar), held_out)
    if plot is not None:
        _drawn(found, plot)
    if as_json:
        print(json.dumps({"model": model.digest, "trained": provenance.trained, **found.as_data()}))
    else:
        click.echo("\n".join(_evaluated(model, provenance, found)))
    return EX_OK


@topics.command()
@config_option
@click.argument("number", metavar="TICKET", type=int)
@click.argument("topic")
def label(config_path: str | None, number: int, topic: str) -> int:
    """Say what a ticket is about, or `none`; the next training learns from it, and the latest word counts."""
    loaded = config.load(config.find(config_path), secrets=False)
    known = catalogue.load(shipped.folder("rules"), Path(loaded.gatepost.rules)).named
    if topic != NONE and topic not in known:
        raise PermanentError(f"there is no topic {topic!r}", f"There are {', '.join([*known, NONE])}.")
    if look(loaded, lambda tx: tickets.find(tx, number)) is None:
        raise PermanentError(f"there is no ticket {number}", "gatepost tickets lists those that are there.")
    _correct(loaded, number, topic, getpass.getuser())
    click.echo(f"ticket {number}: {topic}, kept for the next training")
    return EX_OK


@topics.command()
@config_option
@click.argument("text", metavar="TEXT|FILE")
def show(config_path: str | None, text: str) -> int:
    """Show which topics a text or a file of text would get, how sure the model is, and which words weighed most."""
    place = _place(config_path)
    classifier = Classifier(_model(place)[0], bar=place.bar)
    click.echo("\n".join(_shown(classifier, _text(text))))
    return EX_OK


def _correct(loaded: Config, number: int, topic: str, by: str) -> None:
    """Let the running desk keep the correction, or keep it ourselves where none runs on the data folder."""
    become_owner(loaded.data)
    prepare_data_folder(loaded.data)
    if holder(loaded.data):
        ask(loaded.data, Question.LABEL, {"ticket": number, "topic": topic, "by": by}, Clock.monotonic)
        return
    audit, now = AuditLog(audit_key(loaded.data)), Clock().now()
    with DataLock(loaded.data), closing(open_database(loaded)) as db:
        db.write_now(lambda tx: corrections.correct(tx, audit, number, topic, operator(by), now))


def _place(config_path: str | None) -> _Place:
    """Where topics lie. A config is needed only where one is named."""
    try:
        found = config.find(config_path)
    except PermanentError:
        if config_path is not None:
            raise
        return _Place(shipped=shipped.folder("rules"), own=None, config=None)
    loaded = config.load(found, secrets=False)
    return _Place(shipped=shipped.folder("rules"), own=Path(loaded.gatepost.rules), config=loaded)


def _model(place: _Place) -> tuple[Model, Provenance]:
    path = catalogue.model_path(place.shipped, place.own)
    if path is None:
        raise PermanentError("there is no model of topics", "gatepost topics train makes one.")
    return model_file.read(path)


def _trained(examples: tuple[Example, ...], progress: bool) -> Model:
    try:
        from ..topics.training import train as learn  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _lacking("training", "scikit-learn", error) from error

    def told(what: str, done: int, of: int) -> None:
        if progress:
            click.echo(f"{what} {done}/{of}", err=True)

    try:
        return learn(examples, told)
    except ValueError as error:
        raise PermanentError(str(error), "docs/topics.md says how examples are written.") from error


def _drawn(found: Evaluation, plot: Path) -> None:
    try:
        from ..topics.reliability import draw  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _lacking("the reliability plot", "Pillow", error) from error
    try:
        draw(found, plot)
    except OSError as error:
        raise PermanentError(f"{plot} cannot be written: {error.strerror or error}", "Name another file.") from error


def _lacking(what: str, package: str, error: ModuleNotFoundError) -> PermanentError:
    """The error for an extra that is not installed; pip must be that of the interpreter that runs us."""
    hint = f"{sys.executable} -m pip install 'gatepost[topics]'"
    return PermanentError(f"{what} needs {package}, which is not here ({error.name} is missing)", hint)


def _corrected(loaded: Config) -> tuple[Example, ...]:
    """The tickets that staff corrected, with the words of their first message."""

    def read(tx: Tx) -> Iterator[Example]:
        for number, topic in marks.corrections(tx).items():
            ticket = tickets.find(tx, number)
            first = next(iter(messages.of_ticket(tx, number)), None)
            if ticket is not None and first is not None:
                text = f"{first.subject}\n{first.reply_text or first.text}"
                yield Example(topic=topic, language=ticket.language, text=text)

    return look(loaded, lambda tx: tuple(read(tx))) if (loaded.data / DESK_FILE).exists() else ()


def _evaluated(model: Model, provenance: Provenance, found: Evaluation) -> Iterator[str]:
    yield f"model {model.digest[:12]} of {provenance.trained}, from {sum(provenance.counts.values())} examples"
    yield ""
    yield from report.lines(found)


def _text(given: str) -> str:
    try:
        return Path(given).read_text(encoding="utf-8", errors="replace") if Path(given).is_file() else given
    except OSError:  # A sentence is too long for the name of a file.
        return given


def _shown(classifier: Classifier, text: str) -> Iterator[str]:
    for topic in classifier.ranked(text)[:3]:
        given = "" if topic.confidence >= classifier.bar else f"  below {classifier.bar:.2f}: not given"
        yield f"{topic.confidence:.2f}  {topic.name}{given}"
        weighed = classifier.explain(text, topic.name)
        yield "      " + ", ".join(f"{one.words} {one.weight:+.2f}" for one in weighed)
