"""Reads every letter before any is used: which constructs, filters, figures and files it names; all mistakes at once.

The language of letters is a closed list. It holds nothing that could build text without end: no assignment, no macro,
no repetition, loops at most two deep, includes by plain names that end. What a letter says is not judged here.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from ..errors import Mistake
from .catalogue import holes
from .sandbox import LetterEnvironment

LOOP_DEPTH = 2
INCLUDES = 50
MESSAGE_CHARACTERS = 2_000
FIGURES = frozenset(
    {"absent", "answer_by", "author", "away", "away_until", "brand", "cards", "choices", "confirm", "customer"}
    | {"fields", "filed", "files", "later", "leave", "linked", "listed"}
    | {"over", "pair", "secret", "short", "transcript", "until"}
    | {"first", "forwarder", "language", "link", "masked", "number", "product", "reason", "report", "subject"}
    | {"subscription", "team", "topics", "unsubscribe", "vendor", "verified", "waiting_since", "words"}
)
# The calls by which a message is translated, and how many of their arguments are its words.
_MESSAGES = {"_": 1, "gettext": 1, "ngettext": 2, "pgettext": 2}
_CALLS = frozenset({"delimiter", *_MESSAGES})
_BUILT_IN = frozenset({"loop"}) | _CALLS
_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.If, nodes.For, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Add, nodes.Sub, nodes.Concat, nodes.Include, nodes.Extends, nodes.Block, nodes.Call,
    nodes.Keyword,
)  # fmt: skip


def vet(environment: LetterEnvironment, sources: Mapping[str, tuple[str, ...]]) -> Iterator[Mistake]:
    """Every mistake of the files in `sources` (name to its pieces of template), the first of each piece."""
    named: dict[str, list[tuple[str, int]]] = {}
    for name, pieces in sorted(sources.items()):
        for piece in pieces:
            try:
                tree = environment.parse(piece, name, name)
                _vet_tree(environment, tree, name)
            except TemplateSyntaxError as error:
                yield Mistake(file=name, line=error.lineno, message=error.message or "it cannot be read")
                continue
            named.setdefault(name, []).extend(_references(tree))
    for name, references in named.items():
        for other, line in references:
            if other not in sources:
                near = get_close_matches(other, sources, n=1)
                yield Mistake(
                    file=name, line=line, message=f"there is no file {other}", suggestion=f"{near[0]}?" if near else ""
                )
            elif _size(other, named, INCLUDES) > INCLUDES:
                message = f"with {other} it takes more than {INCLUDES} files, or itself"
                yield Mistake(file=name, line=line, message=message)


def _vet_tree(environment: LetterEnvironment, tree: nodes.Template, name: str) -> None:
    """Raise TemplateSyntaxError for the first construct that letters do not know."""
    own = {node.name for node, _ in _walk(tree, 0) if isinstance(node, nodes.Name) and node.ctx == "store"}
    known = FIGURES | _BUILT_IN | own
    for node, loops in _walk(tree, 0):
        if not isinstance(node, _NODES):
            raise TemplateSyntaxError(f"letters know no {type(node).__name__.lower()}", node.lineno, name)
        if loops > LOOP_DEPTH or (isinstance(node, nodes.For) and node.recursive):
            raise TemplateSyntaxError(f"loops stand at most {LOOP_DEPTH} deep", node.lineno, name)
        if isinstance(node, nodes.Filter) and node.name not in environment.filters:
            raise TemplateSyntaxError(f"letters know no filter {node.name}", node.lineno, name)
        if isinstance(node, nodes.Name) and node.name not in known:
            raise TemplateSyntaxError(f"letters know no value {node.name}{_near(node.name, known)}", node.lineno, name)
        if isinstance(node, nodes.Include | nodes.Extends) and (loops or not _is_plain(node)):
            raise TemplateSyntaxError("a letter includes files by their plain names, outside loops", node.lineno, name)
        if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name in _CALLS):
            raise TemplateSyntaxError("letters call nothing", node.lineno, name)
        if isinstance(node, nodes.Call) and (fault := _message_fault(node)):
            raise TemplateSyntaxError(fault, node.lineno, name)


def _message_fault(call: nodes.Call) -> str:
    """What is wrong with the words that a call translates: they stand there whole, and only name what is filled in."""
    assert isinstance(call.node, nodes.Name)
    count = _MESSAGES.get(call.node.name, 0)
    given = frozenset(keyword.key for keyword in call.kwargs) | {"num"}
    if call.dyn_args is not None or call.dyn_kwargs is not None:
        return "a call names each of its arguments"
    for words in call.args[:count]:
        if not isinstance(words, nodes.Const) or not isinstance(words.value, str):
            return "what is translated stands there as one text in quotes"
        wanted = holes(words.value)
        if wanted is None:
            return "in a text that is translated, % is written %%, and a value is %(name)s"
        if not wanted <= given:
            return f"the text wants {min(wanted - given)}, which it does not get"
        if len(words.value) > MESSAGE_CHARACTERS:
            return f"a text that is translated has {MESSAGE_CHARACTERS:,} characters at most"
    return ""


def _near(word: str, known: frozenset[str]) -> str:
    found = get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _is_plain(node: nodes.Include | nodes.Extends) -> bool:
    return isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)


def _references(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The files that a template includes or extends, with the line."""
    for node, _ in _walk(tree, 0):
        if isinstance(node, nodes.Include | nodes.Extends) and isinstance(node.template, nodes.Const):
            yield str(node.template.value), node.lineno


def _size(name: str, named: Mapping[str, list[tuple[str, int]]], room: int) -> int:
    """How many files rendering `name` takes, itself counted; more than `room` where it does not end."""
    count = 1
    for other, _ in named.get(name, ()):
        if count > room:
            break
        count += _size(other, named, room - count)
    return count


def _walk(node: nodes.Node, loops: int) -> Iterator[tuple[nodes.Node, int]]:
    loops += isinstance(node, nodes.For)
    yield node, loops
    for child in node.iter_child_nodes():
        yield from _walk(child, loops)
