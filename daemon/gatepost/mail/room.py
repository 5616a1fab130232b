"""Which files a mail has room for (D6): the largest that do not fit stay behind, and go as links. Pure."""

from collections.abc import Sequence

from ..core.letter import Attachment

_RESERVE = 65_536
_PART_OCTETS = 600


def carried(octets: int) -> int:
    """How many octets a file of that size takes in a mail: base64 in lines of 76 (RFC 2045 6.8), and its fields."""
    return -(-octets // 57) * 78 + _PART_OCTETS


def fit(files: Sequence[Attachment], words: str, most: int) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...]]:
    """The files that go with a mail of at most `most` octets, and those that do not; each in the order of `files`.

    Header, text and HTML are reckoned generously. As many files as can go: the largest stay behind first.
    """
    room = most - _RESERVE - 12 * len(words.encode("utf-8", "replace"))
    left: set[int] = set()
    taken = sum(carried(len(file.content)) for file in files)
    for place in sorted(range(len(files)), key=lambda n: len(files[n].content), reverse=True):
        if taken <= room:
            break
        left.add(place)
        taken -= carried(len(files[place].content))
    kept = tuple(file for place, file in enumerate(files) if place not in left)
    return kept, tuple(file for place, file in enumerate(files) if place in left)


def size_text(octets: int) -> str:
    """A file's size for people, the same in every language: 12 MB, 850 kB."""
    if octets >= 10_000_000:
        return f"{round(octets / 1e6)} MB"
    return f"{octets / 1e6:.1f} MB" if octets >= 1_000_000 else f"{max(1, round(octets / 1e3))} kB"
