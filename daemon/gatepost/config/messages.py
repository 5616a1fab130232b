"""Says what pydantic found wrong with config.toml in the words of the person who wrote the file."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from .model import Config
from .section import Secret

Place = tuple[str | int, ...]

_KINDS = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number without quotes",
    "bool_type": "true or false, without quotes",
    "tuple_type": "a list in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def place_of(error: ErrorDetails) -> Place:
    """The path of the key that `error` is about; a bad key of a table stands for itself."""
    return tuple(part for part in error["loc"] if part != "[key]")


def say(error: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and what to write instead ('' where that is plain from the first)."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    if kind == "missing":
        return _missing(place_of(error))
    if kind == "extra_forbidden":
        return _unknown(place_of(error), given)
    if kind == "model_type" and _is_slug_level(place_of(error)):
        table = place_of(error)[0]
        return f"this key stands in [{table}], but belongs into a table of its own", f"begin one with [{table}.NAME]"
    if model_at(place_of(error)) is Secret and kind == "model_type":
        return "a secret does not stand in this file", 'name where it is: { file = "/path" } or { env = "NAME" }'
    if kind in _KINDS:
        return f"this must be {_KINDS[kind]}, not {_shown(given)}", ""
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        return f"this must be {words} {_number(context[name])}, not {_shown(given)}", ""
    if kind == "literal_error":
        return _choice(str(context["expected"]), given)
    if kind == "too_short":
        return "this must not be empty", ""
    if kind == "value_error":
        return str(context["error"]), ""
    return error["msg"], ""


def _missing(place: Place) -> tuple[str, str]:
    name = place[-1]
    section = model_at(place[:-1])
    if len(place) == 1:
        return f"there is no table [{name}]", f"add one: {_table_hint(str(name))}"
    field = section.model_fields.get(str(name)) if section else None
    return f"the key {name} is missing", (field.description or "").rstrip(".") if field else ""


def _table_hint(name: str) -> str:
    return {"brand": "[brand.NAME]", "team": "[team.triage]"}.get(name, f"[{name}]")


def _unknown(place: Place, given: object) -> tuple[str, str]:
    name, section = str(place[-1]), model_at(place[:-1])
    what = "table" if isinstance(given, dict) else "key"
    names = list(section.model_fields) if section else []
    near = nearest(place)
    shown = f"[{'.'.join(map(str, place))}]" if what == "table" else name
    if near:
        found = ".".join(map(str, (*place[:-1], near)))
        return f"there is no {what} {shown}", f"did you mean {f'[{found}]' if what == 'table' else near}?"
    homes = [table for table, field in Config.model_fields.items() if name in _names(field.annotation)]
    if homes and what == "key":
        return f"there is no key {name} here", "it belongs into " + " or ".join(f"[{home}]" for home in homes)
    return f"there is no {what} {shown}", "known here: " + ", ".join(sorted(names)) if names else ""


def nearest(place: Place) -> str:
    """The key of the table around `place` whose name is most like that of `place`; '' where none is."""
    section = model_at(place[:-1])
    return next(iter(get_close_matches(str(place[-1]), section.model_fields if section else (), n=1)), "")


def _names(annotation: object) -> Sequence[str]:
    model = _model(annotation)
    return list(model.model_fields) if model else []


def _choice(expected: str, given: object) -> tuple[str, str]:
    """`expected` is pydantic's list, like 'plus' or 'subdomain'."""
    names = [part for part in expected.split("'") if part.strip(" ,") not in ("", "or")]
    near = get_close_matches(str(given), names, n=1, cutoff=0.5)
    listed = ", ".join(f'"{name}"' for name in names)
    return f"this must be one of {listed}, not {_shown(given)}", f'did you mean "{near[0]}"?' if near else ""


def model_at(place: Place) -> type[BaseModel] | None:
    """The model of the table at `place`, or None where there is none."""
    model: type[BaseModel] | None = Config
    named = False
    for part in place:
        if named:
            named = False
            continue
        field = model.model_fields.get(str(part)) if model else None
        if field is None:
            return None
        model, named = _model(field.annotation), get_origin(field.annotation) is dict
    return model


def _model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [model for part in get_args(annotation) if (model := _model(part)) is not None]
    return found[0] if found else None


def _is_slug_level(place: Place) -> bool:
    return len(place) == 2 and place[0] in ("brand", "team")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shown(given: object) -> str:
    """A value as it stands in the file, with its kind where that is the mistake; never longer than a line."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return f'the text "{given}"' if len(given) <= 60 else f'the text "{given[:59]}…"'
    if isinstance(given, int | float):
        return f"the number {_number(given)}"
    if isinstance(given, list | tuple):
        return "a list"
    if isinstance(given, Mapping):
        return "a table"
    return "a date"
