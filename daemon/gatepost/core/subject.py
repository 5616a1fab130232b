"""The subject of a thread: what stays when the words are gone that programs put before it. Pure."""

# The words for reply and forward in the languages of the templates and their neighbours.
_PREFIXES = frozenset(
    "re aw antw fw fwd wg sv vs vl rv ref res rif odp tr enc ynt 回复 答复 转发 رد".split()  # noqa: SIM905 - a word list
)
_WORD = 8


def plain_subject(subject: str) -> tuple[str, bool]:
    """The folded subject without the marks of replies and tickets before it, and whether there was such a mark."""
    text, marked = " ".join(subject.split()), False
    while text:
        head, colon, rest = text.partition(":")
        if not colon:
            head, colon, rest = text.partition("：")
        word = head.rstrip("0123456789[]()").strip().casefold()
        if colon and len(head) <= _WORD and word in _PREFIXES:
            text, marked = rest.strip(), True
        elif text.startswith("[") and "]" in text[:64]:
            text = text.partition("]")[2].strip()
        else:
            break
    return text.casefold(), marked
