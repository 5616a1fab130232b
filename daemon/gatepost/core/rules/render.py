"""Writes a verdict for people, as a tree of hits and misses with the values seen, and for programs, as plain data."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ..verdict import Condition, Route, RuleTrace, Verdict

_BRANCH = ("├─ ", "└─ ")
_TRUNK = ("│  ", "   ")


def render_verdict(verdict: Verdict) -> str:
    """The verdict as text of several lines: what was decided, then every rule that was asked, in order."""
    return "\n".join([*_decision(verdict), "", *_tree(verdict.trail)])


def verdict_as_data(verdict: Verdict) -> dict[str, object]:
    """The verdict as objects, lists, texts and truth values, ready for JSON."""
    return asdict(verdict)


def where(verdict: Verdict) -> str:
    """The route in words: `team billing`, `quarantine (loop)`, `vendor`."""
    match verdict.route:
        case Route.TEAM:
            return f"team {verdict.team}"
        case Route.QUARANTINE:
            return f"quarantine ({verdict.cause})"
        case _:
            return verdict.route.value


def _decision(verdict: Verdict) -> Iterator[str]:
    yield f"route        {where(verdict)}, by rule {verdict.by!r}"
    yield f"acknowledge  {verdict.acknowledge or 'nothing'}"
    yield f"rating       {_yes(verdict.rating)}"
    yield f"clock        {_yes(verdict.clock)}"
    if verdict.assign:
        yield f"assigned to  {verdict.assign}"
    for name in ("labels", "flags", "unflags", "notes", "copies"):
        values: tuple[str, ...] = getattr(verdict, name)
        if values:
            yield f"{name:<12} {', '.join(values)}"
    for name, value in verdict.fields:
        yield f"{'field':<12} {name} = {value}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _tree(trail: tuple[RuleTrace, ...]) -> Iterator[str]:
    width = max((len(trace.rule) for trace in trail), default=0)
    yield f"{len(trail)} rule{'' if len(trail) == 1 else 's'} asked"
    for at, trace in enumerate(trail):
        last = at == len(trail) - 1
        mark = "✓ hit " if trace.hit else "· miss"
        yield f"{_BRANCH[last]}{mark}  {trace.rule:<{width}}  {trace.file}".rstrip()
        leaves = [*map(_condition, trace.conditions), *((0, f"→ {step}") for step in trace.steps)]
        for place, (depth, leaf) in enumerate(leaves):
            trunk = "".join(_TRUNK[_is_last(leaves, place, level)] for level in range(depth))
            yield f"{_TRUNK[last]}   {trunk}{_BRANCH[_is_last(leaves, place, depth)]}{leaf}"


def _is_last(leaves: Sequence[tuple[int, str]], place: int, depth: int) -> bool:
    """Whether nothing at `depth` follows the leaf at `place` before its branch ends."""
    return next((level for level, _ in leaves[place + 1 :] if level <= depth), -1) < depth


def _condition(condition: Condition) -> tuple[int, str]:
    mark = "✓" if condition.held else "✗"
    if not condition.wanted and not condition.seen:
        return condition.depth, f"{mark} {condition.word}"
    return condition.depth, f"{mark} {condition.word} = {condition.wanted}, saw {condition.seen}"
