"""A row of the audit log as people read it, in lists and in CSV."""

from .core.audit import Entry, Word
from .outline import instant

COLUMNS = ("id", "at", "actor kind", "actor", "on behalf of", "grant", "action", "object", "details")


def cells(entry: Entry) -> tuple[str, ...]:
    """A row's columns; times in UTC."""
    return (
        str(entry.id),
        instant(entry.at),
        entry.actor.kind,
        name(entry.actor),
        name(entry.on_behalf_of),
        str(entry.grant or ""),
        entry.action,
        entry.object,
        entry.details.text if entry.details is not None else "",
    )


def name(word: Word | None) -> str:
    """Who is meant; who was forgotten has a number in place of a name."""
    if word is None:
        return ""
    return word.text or f"forgotten ({word.id})"
