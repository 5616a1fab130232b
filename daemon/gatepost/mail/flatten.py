"""One letter and all that it includes or extends, as a single template: three times as fast to render.

Possible because `vetting` lets a letter name other files only plainly and outside loops. Lines keep the numbers of the
file that they came from, so whoever needs the file of an error renders the letter once more, unflattened.
"""

from collections.abc import Callable, Iterator

from jinja2 import nodes

Parse = Callable[[str], nodes.Template]


def flat(name: str, parse: Parse) -> nodes.Template:
    """The tree of the file `name` with includes in their place and blocks filled in; `parse` gives a file's tree."""
    return nodes.Template(list(_joined(_body(name, parse, {}))), lineno=1)


def _body(name: str, parse: Parse, blocks: dict[str, list[nodes.Node]]) -> list[nodes.Node]:
    """The statements of a file; `blocks` are those of the files that extend it, which go before its own."""
    tree = parse(name)
    parent = next((node for node in tree.body if isinstance(node, nodes.Extends)), None)
    if parent is None:
        return _spliced(tree.body, parse, blocks)
    own = {node.name: node.body for node in tree.body if isinstance(node, nodes.Block)}
    return _body(_named(parent), parse, own | blocks)


def _spliced(body: list[nodes.Node], parse: Parse, blocks: dict[str, list[nodes.Node]]) -> list[nodes.Node]:
    """`body` without includes and blocks: what they stand for is in their place, in every branch."""
    found: list[nodes.Node] = []
    for node in body:
        if isinstance(node, nodes.Include):
            found += _body(_named(node), parse, {})
        elif isinstance(node, nodes.Block):
            found += _spliced(blocks.get(node.name, node.body), parse, blocks)
        else:
            found.append(node)
            if isinstance(node, nodes.If | nodes.For):
                _fill(node, parse, blocks)
    return found


def _fill(node: nodes.If | nodes.For, parse: Parse, blocks: dict[str, list[nodes.Node]]) -> None:
    """Splice every branch of a statement, in place."""
    node.body = list(_joined(_spliced(node.body, parse, blocks)))
    node.else_ = list(_joined(_spliced(node.else_, parse, blocks)))
    for branch in node.elif_ if isinstance(node, nodes.If) else ():
        _fill(branch, parse, blocks)


def _joined(body: list[nodes.Node]) -> Iterator[nodes.Node]:
    """Neighbouring pieces of output as one, so that constant text comes out in one piece."""
    waiting: nodes.Output | None = None
    for node in body:
        if isinstance(node, nodes.Output):
            waiting = nodes.Output([*(waiting.nodes if waiting else ()), *node.nodes], lineno=(waiting or node).lineno)
        else:
            if waiting is not None:
                yield waiting
            waiting = None
            yield node
    if waiting is not None:
        yield waiting


def _named(node: nodes.Include | nodes.Extends) -> str:
    assert isinstance(node.template, nodes.Const)
    return str(node.template.value)
