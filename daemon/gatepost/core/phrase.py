"""Sentences of the core for people: written in English, and said in the reader's language where they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A message with what fills its `%(name)s` in. `near` is what was probably meant, '' for nothing."""

    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    near: str = ""


def phrase(message: str) -> str:
    """`message` as it stands: marks words that are translated where they are shown, so that they are found."""
    return message


NEAR = phrase("Did you mean %(near)s?")
