"""Writes the vocabulary for readers, from the tables that the judge uses: for terminals, for docs, for programs."""

from collections.abc import Iterator

from .words import CONDITIONS, GROUPS, STEPS, TYPE_HELP, ConditionWord, StepWord

_Entry = ConditionWord | StepWord


def as_text() -> str:
    """The vocabulary for a terminal."""
    return "\n".join(
        [
            "Conditions, under when:",
            *_lines(CONDITIONS),
            "",
            "Groups of conditions:",
            *(f"  {word:<19} {help}" for word, help in GROUPS.items()),
            "",
            "Steps, under then:",
            *_lines(STEPS),
            "",
            "Types:",
            *(f"  {type.value:<19} {help}" for type, help in TYPE_HELP.items()),
        ]
    )


def as_markdown() -> str:
    """The vocabulary as Markdown tables."""
    return "\n".join(
        [
            "### Conditions\n",
            *_table(CONDITIONS),
            "\n### Groups of conditions\n",
            "| word | what it asks |\n|---|---|",
            *(f"| `{word}` | {help} |" for word, help in GROUPS.items()),
            "\n### Steps\n",
            *_table(STEPS),
            "\n### Types\n",
            "| type | how it is written |\n|---|---|",
            *(f"| {type.value} | {help} |" for type, help in TYPE_HELP.items()),
            "",
        ]
    )


def as_data() -> dict[str, object]:
    """The vocabulary as objects, lists and texts, ready for JSON."""
    return {
        "conditions": [_data(entry) for entry in CONDITIONS.values()],
        "groups": [{"word": word, "help": help} for word, help in GROUPS.items()],
        "steps": [_data(entry) for entry in STEPS.values()],
        "types": [{"type": type.value, "help": help} for type, help in TYPE_HELP.items()],
    }


def _data(entry: _Entry) -> dict[str, object]:
    return {"word": entry.word, "type": entry.type.value, "help": entry.help, "choices": list(entry.choices)}


def _lines(entries: dict[str, ConditionWord] | dict[str, StepWord]) -> Iterator[str]:
    for entry in entries.values():
        yield f"  {entry.word:<19} {entry.type.value:<18} {entry.help}"
        if entry.choices:
            yield f"  {'':<19} {'':<18} {', '.join(map(_quoted, entry.choices))}"


def _table(entries: dict[str, ConditionWord] | dict[str, StepWord]) -> Iterator[str]:
    yield "| word | type | what it says |\n|---|---|---|"
    for entry in entries.values():
        choices = f" One of {', '.join(f'`{_quoted(choice)}`' for choice in entry.choices)}." if entry.choices else ""
        yield f"| `{entry.word}` | {entry.type.value} | {entry.help}{choices} |"


def _quoted(choice: str) -> str:
    return choice or '""'
