"""The four mbox dialects: what was written is read again, byte for byte where the dialect allows it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.ingress.mbox import Dialect, guess, plain, spans

SEPARATOR = b"From ada@customer.example Mon Nov  2 09:00:00 2026\n"


def write(mails, dialect, separator=SEPARATOR):
    """An mbox as programs of that dialect write it."""
    octets = b""
    for mail in mails:
        head, _, body = mail.partition(b"\n\n")
        lines = body.split(b"\n")
        if dialect in (Dialect.MBOXO, Dialect.MBOXCL):
            lines = [b">" + line if line.startswith(b"From ") else line for line in lines]
        if dialect is Dialect.MBOXRD:
            lines = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
        body = b"\n".join(lines)
        if dialect in (Dialect.MBOXCL, Dialect.MBOXCL2):
            head += b"\nContent-Length: %d" % len(body)
        octets += separator + head + b"\n\n" + body + b"\n"
    return octets


def read(octets, dialect=None):
    file = io.BytesIO(octets)
    chosen = dialect or guess(file)
    found = [plain(octets[span.start : span.end], chosen) for span in spans(file, dialect)]
    return [b"\n".join(line for line in mail.split(b"\n") if not line.startswith(b"Content-Length:")) for mail in found]


line = st.sampled_from(
    [b"hello", b"", b"From here on it works", b">From the past", b">>From afar", b"Fromage", b"\xe4\xf6"]
)
mail = st.builds(
    lambda number, lines: b"Subject: %d\nFrom: a@b.example\n\n" % number + b"\n".join(lines) + b"end\n",
    st.integers(0, 99),
    st.lists(line.map(lambda text: text + b"\n"), max_size=6).map(lambda lines: [b"".join(lines)]),
)


@given(st.lists(mail, max_size=5), st.sampled_from([Dialect.MBOXRD, Dialect.MBOXCL2]))
def test_what_loses_nothing_comes_back_whole(mails, dialect):
    assert read(write(mails, dialect), dialect) == mails


@given(st.lists(mail, max_size=5), st.sampled_from([Dialect.MBOXO, Dialect.MBOXCL]))
def test_what_quotes_one_way_comes_back_with_one_quote_less(mails, dialect):
    expected = [each.replace(b"\n>From ", b"\nFrom ") for each in mails]
    assert read(write(mails, dialect), dialect) == expected


@pytest.mark.parametrize("dialect", list(Dialect))
def test_the_dialect_is_guessed(dialect):
    mails = [b"Subject: one\n\nFrom me\n>From you\nend\n", b"Subject: two\n\nwords\n"]
    octets = write(mails, dialect)
    assert guess(io.BytesIO(octets)) is dialect
    assert len(read(octets)) == 2


def test_a_content_length_that_lies_is_not_believed():
    for said in (b"3", b"999999"):
        octets = (
            SEPARATOR
            + b"Subject: one\nContent-Length: "
            + said
            + b"\n\nfirst words\n\n"
            + SEPARATOR
            + b"Subject: two\n\nx\n\n"
        )
        assert [each.partition(b"\n")[0] for each in read(octets)] == [b"Subject: one", b"Subject: two"]


@pytest.mark.parametrize(
    "separator",
    [
        b"From - Mon Nov  2 09:00:00 2026\n",
        b"From MAILER-DAEMON Mon Nov  2 09:00 2026\n",
        b"From a@b.example Mon, 2 Nov 2026 09:00:00 +0000\r\n",
    ],
)
def test_separators_of_many_programs_part_the_mails(separator):
    assert len(read(write([b"Subject: 1\n\nx\n", b"Subject: 2\n\ny\n"], Dialect.MBOXRD, separator))) == 2


def test_a_sentence_that_begins_with_from_parts_nothing_even_unquoted():
    octets = SEPARATOR + b"Subject: one\n\nhello\n\nFrom now on I write to you.\n\n"
    assert len(read(octets)) == 1


def test_an_empty_file_and_one_that_is_no_mbox_hold_nothing():
    assert read(b"") == [] and read(b"no mail here\n") == []
