"""A letter's tree with its sentences already said in one language: half of what rendering would take is done once.

Only `_` and `gettext` on fixed text are replaced, which `vetting` makes sure of; what is counted is said when it is
rendered. The values stay what they were, and are escaped where they were.
"""

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from .catalogue import catalogue, served

_SAYS = frozenset({"_", "gettext"})


def spoken(tree: nodes.Template, language: str) -> nodes.Template:
    """`tree` with every sentence in `language`; it is changed in place."""
    _Speaker(language).visit(tree)
    return tree


class _Speaker(NodeTransformer):
    def __init__(self, language: str) -> None:
        self._words = catalogue(served(language))

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor's name for it
        """The sentence in place of the call that would say it."""
        self.generic_visit(node)
        said = node.args[0] if len(node.args) == 1 else None
        if not isinstance(node.node, nodes.Name) or node.node.name not in _SAYS or not isinstance(said, nodes.Const):
            return node
        values = {keyword.key: keyword.value for keyword in node.kwargs}
        if values and all(isinstance(value, nodes.Const) for value in values.values()):
            return node
        parts = [_part(piece, values, node.lineno) for piece in _pieces(self._words.gettext(said.value))]
        return parts[0] if len(parts) == 1 else nodes.Concat(parts, lineno=node.lineno)


def _part(piece: tuple[str, str], values: dict[str, nodes.Expr], line: int) -> nodes.Expr:
    text, name = piece
    if name:
        return values[name]
    return nodes.MarkSafeIfAutoescape(nodes.Const(text, lineno=line), lineno=line)


def _pieces(message: str) -> list[tuple[str, str]]:
    """`message` as pieces of text and names of values, one of both each."""
    found: list[tuple[str, str]] = []
    text = ""
    rest = message
    while "%" in rest:
        before, _, after = rest.partition("%")
        text += before
        if after.startswith("%"):
            text, rest = text + "%", after[1:]
            continue
        name, _, rest = after[1:].partition(")s")
        found += [(text, ""), ("", name)] if text else [("", name)]
        text = ""
    text += rest
    return [*found, (text, "")] if text or not found else found
