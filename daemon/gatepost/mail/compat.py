"""The tree of a mail as the standard library's compat32 objects, for what reads those: reports and flufl.bounce.

Only what a report can be read from is put in: header fields and the text of bounded leaves. Files stay out, so that the
tree costs little; attached mails come as their header section.
"""

from email.message import Message

from .header import Section, split, unfold
from .mime import Part

_LEAF_OCTETS = 65_536
_PARTS = 200


def fields(root: Part) -> Message:
    """The header of `root` alone."""
    return _with_fields(root.head, root.type)


def message(root: Part) -> Message:
    """The compat32 tree of `root`, of bounded size. Never raises."""
    made = _with_fields(root.head, root.type)
    waiting = [(root, made)]
    count = 0
    while waiting and count < _PARTS:
        part, into = waiting.pop(0)
        count += 1
        if part.children:
            children: list[Message | str] = [_with_fields(child.head, child.type) for child in part.children[:_PARTS]]
            into.set_payload(children)
            waiting.extend(
                zip(part.children, (child for child in children if isinstance(child, Message)), strict=False)
            )
        elif part.type in ("message/rfc822", "message/global"):
            inner = split(part.raw, part.head.body, part.end, most=200)
            attached = _with_fields(inner, "")
            attached.set_payload("")
            into.set_payload([attached])
        elif part.type.endswith("delivery-status"):
            del into["content-transfer-encoding"]
            into.set_payload(_blocks(part.content(_LEAF_OCTETS)))
        elif part.type.startswith(("text/", "message/")):
            into.set_payload(
                part.raw[part.head.body : min(part.end, part.head.body + _LEAF_OCTETS)].decode(
                    "ascii", "surrogateescape"
                )
            )
        else:
            into.set_payload("")
    return made


def _with_fields(head: Section, kind: str) -> Message:
    """A message with the fields of `head`; its type is the one the tree settled on."""
    made = Message()
    for name, value in head.fields:
        if name != "content-type":
            made[name] = unfold(value)
    declared = unfold(head.first("content-type"))
    if kind and declared.partition(";")[0].strip().lower() != kind:
        declared = kind
    if declared:
        made["content-type"] = declared
    return made


def _blocks(content: bytes) -> list[Message | str]:
    """The groups of fields of a delivery-status part, a message each, as the library has them (RFC 3464 2.1)."""
    blocks: list[Message | str] = []
    at = 0
    while at < len(content) and len(blocks) < _PARTS:
        section = split(content, at, most=50)
        if section.fields:
            block = _with_fields(section, "")
            block.set_payload("")
            blocks.append(block)
        at = max(section.body, at + 1)
    return blocks
