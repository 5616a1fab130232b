"""Whether a mail's lines fit is told without looking at each, and as if each had been looked at."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.writing import LINE_OCTETS, lines_fit

LENGTHS = st.lists(st.sampled_from([0, 1, 2, 500, 996, 997, 998, 999, 1000, 1001, 2500]), max_size=12)


@given(LENGTHS, st.booleans())
def test_it_agrees_with_a_look_at_every_line(lengths, ended):
    content = b"\r\n".join(b"x" * length for length in lengths) + (b"\r\n" if ended else b"")
    assert lines_fit(content) is all(len(line) <= LINE_OCTETS for line in content.split(b"\r\n"))
