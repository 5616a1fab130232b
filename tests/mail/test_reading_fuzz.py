"""Reading broken mail: the corpus, mutated. Whatever comes, a Letter comes out, the same one each time, and a safe one."""

import json
from email.header import Header
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.cli.mail import as_json
from gatepost.core.letter import Trouble
from gatepost.mail import attachment, charset, encoded_word, html, parameter
from gatepost.mail.address import strict
from gatepost.mail.parse import read_letter
from gatepost.reader import frame

SEEDS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"\xe2\x80\xae", b"--", b"--b", b"--b--", b"=?", b"?=", b"=?utf-8?q?", b"?b?", b";",
    b'"', b"\\", b"<", b">", b"(", b")", b",", b"@", b":", b"=", b"*0*=", b"%0d%0a", b"''", b"\x1b$B", b"+AGE-", b"~{", b"&#",
    b"<!--", b"<td>", b"</tr>", b"<blockquote>", b"</blockquote>", b"<style>", b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n", b"From: x@y.example\r\n", b"begin 644 x\n",
    b"Content-Disposition: inline; filename=x\r\n", b"Content-ID: <\r\n", b"Content-Type: text/html; charset=utf-16\r\n",
]  # fmt: skip
RUNS = settings(max_examples=150, deadline=None)


@st.composite
def mutated(draw):
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(raw)))
        change = draw(st.sampled_from(["insert", "delete", "copy", "flip", "cut", "splice"]))
        until = min(len(raw), at + draw(st.integers(1, 80)))
        if change == "insert":
            raw[at:at] = draw(st.sampled_from(TOKENS))
        elif change == "delete":
            del raw[at:until]
        elif change == "copy":
            raw[at:at] = raw[at:until] * draw(st.integers(1, 20))
        elif change == "flip" and at < len(raw):
            raw[at] = draw(st.integers(0, 255))
        elif change == "cut" and draw(st.booleans()):
            del raw[at:]
        else:
            other = draw(st.sampled_from(SEEDS))
            raw[at:at] = other[: draw(st.integers(0, 400))]
    return bytes(raw)


def assert_safe(letter):
    """One-line values hold no control, names no path; everything is text that any encoder takes."""
    lines = [letter.subject, letter.message_id, *letter.references, *letter.in_reply_to]
    lines += [value for pair in letter.headers for value in pair]
    for box in (*letter.from_, *letter.to, *letter.cc, *letter.reply_to, *filter(None, [letter.sender])):
        lines += [box.name, box.address]
    for file in letter.attachments:
        lines += [file.filename, file.content_type, file.content_id]
        assert file.filename
        assert file.filename not in (".", "..")
        assert not set(file.filename) & set('/\\<>:"|?*')
        assert len(file.filename.encode()) <= 255
        assert file.size == len(file.content)
    for line in lines:
        assert not any(character < " " or "\x7f" <= character < "\xa0" for character in line), line
    assert not any(c < " " and c not in "\n\t" for c in letter.text)
    json.dumps(as_json(letter, headers=True), ensure_ascii=False).encode("utf-8")


@pytest.mark.catalogue("C09", "C10")
@RUNS
@given(mutated())
def test_any_mail_is_read_safely_and_always_in_the_same_way(raw):
    letter = read_letter(raw)
    assert Trouble.READER_STUMBLED not in letter.troubles
    assert_safe(letter)
    assert read_letter(raw) == letter
    _, head, *contents = frame.of_letter(letter)
    assert frame.to_letter(frame.opened(head), contents) == letter


@RUNS
@given(st.binary(max_size=400))
def test_any_octets_are_a_letter(raw):
    assert Trouble.READER_STUMBLED not in read_letter(raw).troubles


@RUNS
@given(
    st.binary(max_size=200),
    st.sampled_from(["", "utf-8", "gb2312", "iso-2022-jp", "utf-7", "hz", "big5", "utf-16", "x"]),
)
def test_any_octets_are_text(octets, label):
    text, _ = charset.decode(octets, label, ("euc-kr",))
    text.encode("utf-8")


@RUNS
@given(
    st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=80),
    st.sampled_from(["utf-8", "iso-2022-jp", "gb18030", "cp1252", "koi8-r"]),
)
def test_what_was_encoded_as_words_is_decoded(text, label):
    try:
        octets = text.encode(label)
    except UnicodeEncodeError:
        return
    if octets.isascii() or octets.decode(label) != text or charset.decode(octets, label)[0] != text:
        return
    encoded = Header(text, label, maxlinelen=60).encode()
    if "=?" in encoded:
        assert encoded_word.decode_words(encoded.replace("\n ", " ")) == text


@RUNS
@given(st.text(alphabet="abc;=\"\\*0123%' \t,<>()äß", max_size=80))
def test_any_parameters_are_read(text):
    value, params = parameter.parameters(text.encode())
    assert value == value.lower()
    assert all(isinstance(content, str) for content in params.values())


@RUNS
@given(st.text(max_size=200))
def test_a_safe_name_stays_itself(name):
    safe = attachment.safe_name(name)
    assert attachment.safe_name(safe) == safe


@RUNS
@given(st.text(alphabet="<>/abtrdpqu=\"'! -&;#1\n", max_size=200))
def test_any_markup_is_text(markup):
    html.to_text(markup)


@RUNS
@given(st.text(alphabet='ab.@<>()"\\,:; [\t=?é', max_size=30))
def test_the_strict_grammar_never_lets_two_addresses_through(text):
    box = strict(text)
    if box is not None:
        assert box.address.count("@") == 1
        assert not set(box.address) & set(' <>()"\\,:;[\t')
