"""Reading a server's answers: whatever bytes come, in whatever pieces, they end as answers or as a broken connection."""

import asyncio
import itertools
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from gatepost.delivery.conversation import Conversation


class Deaf(asyncio.Transport):
    """A transport that goes nowhere, and knows whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


def hear(*pieces: bytes) -> tuple[list[tuple[int, str]], bool]:
    """The answers that were understood, and whether the connection is broken."""
    transport = Deaf()
    conversation = Conversation(
        cast(asyncio.Transport, transport), host="h", extensions=frozenset(), command_seconds=1, data_seconds=1
    )
    for piece in pieces:
        if not transport.closed:
            conversation.data_received(piece)
    return [(reply.code, reply.text) for reply in conversation._replies], transport.closed


LINES = st.sampled_from(
    [
        b"250 ok\r\n",
        b"250-more\r\n",
        b"550\r\n",
        b"421 bye\n",
        b"25",
        b"0 ok",
        b"\r",
        b"\n",
        b"199 no\r\n",
        b"\xff\0",
        b"- ",
    ]
)
ANSWERS = st.lists(LINES | st.binary(max_size=4), max_size=12).map(b"".join)


@given(ANSWERS)
def test_any_bytes_end_as_answers_or_broken(said: bytes) -> None:
    answers, broken = hear(said)
    for code, text in answers:
        assert 200 <= code <= 599
        assert len(text) <= 500
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
    if not broken:
        assert said.count(b"\n") >= len(answers)


@given(ANSWERS, st.lists(st.integers(0, 60), max_size=6))
def test_the_pieces_in_which_bytes_come_do_not_matter(said: bytes, cuts: list[int]) -> None:
    at = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    pieces = [said[start:end] for start, end in itertools.pairwise(at)]
    assert hear(*pieces) == hear(said)


def test_an_answer_without_end_is_not_kept() -> None:
    assert hear(*(b"250-more\r\n" for _ in range(300)))[1]
    assert hear(*(b"x" * 1_000 for _ in range(40)))[1]
    assert not hear(*(b"250-more\r\n" for _ in range(30)), b"250 end\r\n")[1]
