"""The reader of DATA against a reference of twenty lines that goes byte by byte, and its cost."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.ingress.data import DataReader, Flaw, OverrunError

LIMITS = {"message_octets": 60, "header_octets": 30, "line_octets": 20}
PIECES = [
    b"\r\n",
    b"\r",
    b"\n",
    b".",
    b"..",
    b"\0",
    b"a",
    b"b" * 9,
    b"c" * 21,
    b"\r\n.\r\n",
    b"\r\n.",
    b"\n.\n",
    b"\r\n\r\n",
]


def reference(stream: bytes, normalize: bool) -> tuple[bytes | Flaw, bytes] | None:
    """What RFC 5321 says of `stream`, the slow way: (mail or gravest flaw, what follows), None while it goes on."""
    end = (b"\r\n" + stream).find(b"\r\n.\r\n")
    if end < 0:
        return None
    text, rest = stream[:end], stream[end + 3 :]
    lines = text.split(b"\r\n")
    mail = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    bare = b"".join(lines)
    if b"\r" in bare:
        return Flaw.BARE_CR, rest
    if b"\n" in bare and not normalize:
        return Flaw.BARE_LF, rest
    mail = b"\r\n".join(b"\r\n".join(line.split(b"\n")) for line in mail.split(b"\r\n"))
    if b"\0" in text:
        return Flaw.NUL, rest
    if len(mail) > LIMITS["message_octets"]:
        return Flaw.TOO_LARGE, rest
    if any(
        len(line) + 1 > LIMITS["line_octets"] for line in (text + b".\r\n").replace(b"\r\n", b"\r\n\n").split(b"\n")
    ):
        return Flaw.LINE_TOO_LONG, rest
    header, blank, _ = (b"\r\n" + mail).partition(b"\r\n\r\n")
    if len(mail) > LIMITS["header_octets"] and (not blank or len(header) > LIMITS["header_octets"]):
        return Flaw.HEADER_TOO_LARGE, rest
    return mail, rest


def read(stream: bytes, cuts: list[int], normalize: bool) -> tuple[bytes | Flaw, bytes] | None:
    reader = DataReader(**LIMITS, normalize=normalize)
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, stop in pairwise(edges):
        try:
            rest = reader.feed(stream[start:stop])
        except OverrunError:
            return None
        if rest is not None:
            return reader.finish(), rest + stream[stop:]
    return None


streams = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join)


@pytest.mark.catalogue("A01", "A02")
@given(streams, st.booleans(), st.lists(st.integers(0, 200), max_size=6), st.booleans())
def test_every_stream_is_read_as_the_reference_reads_it(text, ended, cuts, normalize):
    stream = text + b"\r\n.\r\n" + b"MAIL FROM:<evil@x>\r\n" if ended else text
    expected, got = reference(stream, normalize), read(stream, cuts, normalize)
    if expected is None or got is None:
        assert expected == got or len(stream) > 2 * LIMITS["message_octets"]
        return
    assert got[1] == expected[1]
    assert isinstance(got[0], Flaw) == isinstance(expected[0], Flaw)
    if expected[0] in (Flaw.BARE_CR, Flaw.BARE_LF, Flaw.NUL) or not isinstance(expected[0], Flaw):
        assert got[0] == expected[0]


@given(streams, st.booleans())
def test_how_a_stream_is_cut_changes_nothing(text, normalize):
    # Past twice the limit it is chance at which chunk the connection is cut.
    stream = text[: 2 * LIMITS["message_octets"]] + b"\r\n.\r\n"
    whole = read(stream, [], normalize)
    assert all(read(stream, [cut], normalize) == whole for cut in range(len(stream)))
    assert read(stream, list(range(len(stream))), normalize) == whole


@pytest.mark.parametrize("stream", [b".\r\n", b"\r\n.\r\n", b"a\r\n.\r\n", b"..\r\n.\r\n"])
def test_the_end_may_stand_anywhere_in_the_first_chunks(stream):
    for cut in range(len(stream)):
        assert read(stream, [cut], False) == reference(stream, False)


def test_a_refused_mail_is_not_kept():
    reader = DataReader(message_octets=1_000_000, header_octets=1_000_000, line_octets=1_000)
    for _ in range(100):
        reader.feed(b"x" * 1_000)
    assert reader.kept <= 1_000
    assert reader.feed(b"\r\n.\r\n") == b""
    assert reader.finish() is Flaw.LINE_TOO_LONG


def test_memory_that_is_not_granted_refuses_the_mail():
    reader = DataReader(message_octets=1_000, header_octets=1_000, line_octets=1_000, room=lambda octets: octets < 5)
    assert reader.feed(b"hello there\r\n.\r\n") == b""
    assert reader.finish() is Flaw.NO_MEMORY


@pytest.mark.parametrize("line", [b"\r\n", b"..\r\n", b"x" * 76 + b"\r\n"])
def test_the_cost_is_linear(line):
    def cost(times: int) -> float:
        chunk = line * (65_536 // len(line))
        best = 1e9
        for _ in range(3):
            reader = DataReader(message_octets=1 << 30, header_octets=1 << 30, line_octets=65_536)
            began = time.process_time()
            for _ in range(times):
                reader.feed(chunk)
            reader.feed(b".\r\n")
            reader.finish()
            best = min(best, time.process_time() - began)
        return best

    costs = [cost(times) for times in (32, 64, 128, 256)]
    assert all(later < 4 * earlier + 0.01 for earlier, later in pairwise(costs))
