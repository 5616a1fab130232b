"""Whatever stands in a field, the mail that goes out has exactly the fields it should, and says what was meant."""

import email
import hashlib
import re
import unicodedata
from dataclasses import replace
from email.header import decode_header, make_header

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost.core.effect import Auto
from gatepost.core.letter import Attachment, Mailbox
from gatepost.core.party import Brand
from gatepost.mail import fields, writing
from gatepost.mail.compose import bare_subject, compose, via_name
from gatepost.mail.templates import TemplateError

NAMES = [
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Thread-Topic",
    "X-Gatepost-Ticket", "MIME-Version", "Content-Type",
]  # fmt: skip
NASTY = [
    "a\r\nBcc: x@evil.test", "=?utf-8?q?hi=0D=0ABcc:_x=40evil.test?=", "a\x00b", "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i",
    "\r\n\r\nbody", "\n.\n", "x" * 3000, "ü" * 500, "😀" * 300, '"', "\\", "a, b <c@d>", "\u202egnp.exe", "=?utf-8?b?", " ", "",
    "\ud800", "From here", "a\tb", "a  b", "日本語" * 90,
]  # fmt: skip
ANYTHING = st.one_of(
    st.text(), st.sampled_from(NASTY), st.text(alphabet=st.sampled_from('\r\n\x00\x0b\x85\u2028 :=?<>@"\\aü😀'))
)
RELAXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


def read_back(value: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", value))))


def header_names(raw: bytes) -> list[str]:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]


def attached(filename: str, content: bytes, kind: str = "application/pdf") -> Attachment:
    return Attachment(
        filename=filename,
        content_type=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


@pytest.mark.catalogue("F01", "F03")
@RELAXED
@given(
    subject=ANYTHING,
    name=ANYTHING,
    topic=ANYTHING,
    words=ANYTHING,
    filename=ANYTHING,
    product=ANYTHING,
    content=st.binary(max_size=400),
)
def test_no_value_breaks_out_of_its_field(
    draft, values, letters, subject, name, topic, words, filename, product, content
):
    from_name = via_name(name, product, draft().brand)
    mail = compose(
        draft(
            subject=subject, thread_topic=topic or "x", from_name=from_name, to=Mailbox(address="help@acme.example", name=name),
            values=values(words=words, author=name, topics=[product], files=[filename]), attachments=(attached(filename, content),),
        ),
        letters,
    )  # fmt: skip
    parsed = email.message_from_bytes(mail.raw)
    expected = [n for n in NAMES if n != "Thread-Topic" or fields.one_line(topic or "x")]
    assert header_names(mail.raw) == parsed.keys() == expected
    assert parsed["MIME-Version"] == "1.0" and not parsed.defects
    assert read_back(parsed["Subject"]) == mail.subject and mail.subject.endswith("[#42]")
    assert read_back(parsed["Thread-Topic"] or "") == fields.one_line(topic or "x", fields.SUBJECT_CHARACTERS)
    assert re.sub(r"\s", "", parsed["From"]).endswith("<" + draft().reply_address + ">")
    text, html, file = [part for part in parsed.walk() if not part.is_multipart()]
    assert text.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n") == mail.text
    assert html.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n") == mail.html
    assert file.get_payload(decode=True) == content
    assert file.get_filename() == (fields.one_line(filename, 200) or "file").encode("utf-8", "replace").decode("utf-8")
    assert file.get_content_disposition() == "attachment"


@pytest.mark.catalogue("F01")
@RELAXED
@given(value=ANYTHING)
def test_a_field_reads_back_as_the_line_it_was_made_of(value):
    field = fields.unstructured("Subject", value)
    assert field.endswith(b"\r\n") and not re.search(rb"\r\n(?![ \t])", field[:-2])
    assert max(map(len, field.split(b"\r\n"))) <= 78 or " " not in fields.one_line(value)[:80]
    assert read_back(
        field.decode("ascii").removeprefix("Subject:").removesuffix("\r\n").lstrip(" ")
    ) == fields.one_line(value)


@pytest.mark.catalogue("F01", "D18")
@RELAXED
@given(person=ANYTHING, organisation=ANYTHING)
def test_a_via_name_never_reads_like_an_address(person, organisation):
    brand = Brand(slug="m", name="Extension Market", support=("s@m.example",))
    name = via_name(person, organisation, brand)
    assert name.endswith("Extension Market")
    assert not set(name) & set('<>@"\\:;') and "=?" not in name
    assert not any(unicodedata.category(c) == "Cc" for c in name)


@pytest.mark.parametrize(
    ("person", "organisation", "expected"),
    [
        ("Jane", "Acme", "Jane (Acme) via Extension Market"),
        ("Jane", "", "Jane via Extension Market"),
        ("", "Acme", "Acme via Extension Market"),
        ("acme", "Acme", "acme via Extension Market"),
        ("", "", "Extension Market"),
        ("jane@acme.example", "Acme", "jane (Acme) via Extension Market"),
        ("real＠bank.example", "", "real via Extension Market"),
        ('"Dr. Jane" <x@y>', "", "Dr. Jane x via Extension Market"),
        ("=?utf-8?q?real=40bank?=", "", "utf-8 q real40bank via Extension Market"),
    ],
)
def test_via_names(person, organisation, expected):
    assert (
        via_name(person, organisation, Brand(slug="m", name="Extension Market", support=("s@m.example",))) == expected
    )


@pytest.mark.catalogue("F14")
def test_the_mail_is_from_us_and_a_plain_reply_goes_to_the_reply_address(draft, letters):
    parsed = email.message_from_bytes(compose(draft(), letters).raw)
    assert parsed["From"] == parsed["Reply-To"] == f"Jane Doe via Extension Market\r\n <{draft().reply_address}>"
    assert parsed["To"] == "Acme Software <help@acme.example>"


@pytest.mark.catalogue("E17")
@pytest.mark.parametrize("auto", [Auto.REPLIED, Auto.GENERATED])
def test_an_automatic_mail_says_so(draft, letters, auto):
    parsed = email.message_from_bytes(compose(draft("acknowledgement", auto=auto), letters).raw)
    assert parsed.get_all("Auto-Submitted") == [auto.value]
    assert parsed.get_all("X-Auto-Response-Suppress") == ["All"]
    assert parsed["In-Reply-To"] == "<first@shop.example>"
    assert parsed["Subject"].startswith("Auto: ") == (auto is Auto.REPLIED)
    assert [len(parsed.get_all(name)) for name in ("MIME-Version", "Date", "Message-ID", "To")] == [1, 1, 1, 1]
    assert parsed["X-Gatepost-Ticket"] == "42 market.example"


@pytest.mark.catalogue("E11", "E17")
@pytest.mark.parametrize("end", ["", "-team", "-expired", "-no-subscription", "-which-product"])
def test_an_answer_to_an_unverified_sender_repeats_nothing_of_theirs_and_tells_no_account_data(
    draft, values, letters, end
):
    known = values(
        verified=False,
        words="Buy at evil.example",
        author="Jane Doe",
        topics=["evil"],
        files=["evil.txt"],
        away_until="evil",
    )
    unverified = draft(
        "acknowledgement" + end,
        auto=Auto.REPLIED,
        subject="",
        values=known,
        to=Mailbox(address="jane@shop.example", name="Evil Jane"),
    )
    mail = compose(replace(unverified, from_name=via_name("", "", unverified.brand)), letters)
    assert mail.subject == "We have received your request [#42]"
    parsed = email.message_from_bytes(mail.raw)
    said = (
        mail.text
        + mail.html
        + "".join(
            f"{name}: {value}" for name, value in parsed.items() if name not in ("To", "References", "In-Reply-To")
        )
    )
    assert not re.search("Jane|Acme|calendar|evil|SUB-1001|2027", said, re.IGNORECASE)
    assert parsed["To"] == "jane@shop.example" and len(mail.text) <= 2_048
    assert compose(replace(unverified, values=known | {"words": "other", "author": "x"}), letters).text == mail.text


def test_a_mail_by_hand_carries_no_automatic_mark(draft, letters):
    assert not {"Auto-Submitted", "X-Auto-Response-Suppress"} & set(
        email.message_from_bytes(compose(draft(), letters).raw)
    )


@pytest.mark.catalogue("F16")
def test_a_missing_value_makes_no_mail_and_names_file_and_line(draft, letters, shipped):
    file = letters.file("vendor/ticket", "en")
    source = (shipped / file).read_text(encoding="utf-8").split("\n")
    line = next(number for number, text in enumerate(source, 1) if "words" in text)
    incomplete = {key: value for key, value in draft().values.items() if key != "words"}
    with pytest.raises(TemplateError, match="'words' is undefined") as error:
        compose(draft(values=incomplete), letters)
    assert (error.value.file, error.value.line, error.value.temporary) == (file, line, False)


@pytest.mark.catalogue("F02")
@pytest.mark.parametrize(
    "address",
    [
        "a@b>\r\nRCPT TO:<x@y",
        "a@b,c@d",
        "a@b NOTIFY=NEVER",
        "",
        "a",
        "@b",
        "a@",
        "a..b@c",
        "ä b@b.example",
        "a@b\x00",
        "a" * 65 + "@b",
        "a@" + "b" * 260,
    ],
)
def test_an_address_that_is_none_is_refused(draft, letters, address):
    for change in ({"to": Mailbox(address=address)}, {"reply_address": address}, {"mail_from": address or "x"}):
        with pytest.raises(fields.FieldError):
            compose(draft(**change), letters)


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Oops", "Oops"), ("Re: Oops", "Oops"), ("AW: Re: RE : Oops [#42]", "Oops"), ("Auto: Re: [#7] Oops", "Oops"), ("Regarding: x", "Regarding: x"),
        ("Fwd: WG: x", "x"), ("", ""), ("Re:" * 300 + "x", "…"),
    ],
)  # fmt: skip
def test_reply_marks_and_tags_do_not_pile_up(subject, bare):
    assert bare_subject(subject) == bare


def test_references_keep_the_first_the_newest_and_our_own_last():
    ids = [f"<{n:04}.{'x' * 60}@h.example>" for n in range(100)]
    kept = fields.references(ids, "own@m.example")
    assert kept[0].startswith("0000.") and kept[-1] == "own@m.example" and kept[-2].startswith("0099.")
    assert sum(len(one) + 3 for one in kept) <= fields.REFERENCES_CHARACTERS


@pytest.mark.parametrize("ids", [[], ["nonsense with spaces"], ["<ü@x>"], ["<" + "x" * 990 + "@y>"]])
def test_ids_that_cannot_be_written_are_left_out(ids):
    assert fields.references(ids, "") == ()


@pytest.mark.catalogue("F03")
@pytest.mark.parametrize(
    "raw",
    [b"A: b\r\n\r\n\xff\r\n", b"A: b\r\n\r\nx\ny\r\n", b"A: b\r\n\r\nx\ry\r\n", b"A: b\r\n\r\nx\x00\r\n", b"A: b\r\nB: c\r\n\r\n", b"A: b\r\nno field\r\n\r\n",
     b"A: b\r\n\r\n" + b"x" * 999 + b"\r\n", b"A: b\r\n\r\nx"],
)  # fmt: skip
def test_the_last_check_stops_a_mail_that_is_not_sound(raw):
    with pytest.raises(writing.BrokenMailError):
        writing.check(raw, ["A"])


def test_the_last_check_passes_a_sound_mail():
    writing.check(b"A: b\r\n c\r\n\r\n" + b"x" * 998 + b"\r\n", ["A"])


@pytest.mark.catalogue("F04")
@pytest.mark.parametrize("words", [".", "..", ".\n.\n..x\n.", "a\n.", "ä\n.\n", "x" * 950 + "\n."])
def test_lines_of_dots_survive_dot_stuffing(draft, values, letters, words):
    raw = compose(draft(values=values(words=words)), letters).raw
    wire = re.sub(rb"(?m)^\.", b"..", raw)
    assert b"\r\n.\r\n" not in wire
    received = email.message_from_bytes(re.sub(rb"(?m)^\.", b"", wire))
    shown = (
        next(part for part in received.walk() if part.get_content_type() == "text/plain")
        .get_payload(decode=True)
        .decode()
    )
    assert f"wrote:\n\n{words.strip(chr(10))}\n" in shown.replace("\r\n", "\n")


@pytest.mark.catalogue("F03")
@pytest.mark.parametrize(
    "kind",
    [
        "message/rfc822",
        "multipart/mixed",
        "nonsense",
        "text/html; charset=x",
        "a/b\r\nBcc: x",
        "TEXT/Plain",
        "image/png",
    ],
)
@pytest.mark.parametrize("content", [b"", b"\r", b"From x\n.\n", bytes(range(256)) * 9])
def test_a_file_arrives_byte_for_byte_whatever_it_claims_to_be(draft, letters, kind, content):
    parsed = email.message_from_bytes(compose(draft(attachments=(attached("a b.eml", content, kind),)), letters).raw)
    file = parsed.get_payload()[-1]
    assert file.get_payload(decode=True) == content and file.get_filename() == "a b.eml" and not file.is_multipart()
    assert file.get_content_type() == (
        kind.lower() if kind in ("TEXT/Plain", "image/png") else "application/octet-stream"
    )


@pytest.mark.catalogue("G06")
def test_html_in_the_words_is_shown_not_obeyed(draft, values, letters):
    words = "<script>alert(1)</script>\n  <img src=x onerror=y>\n> </p><b>quote</b>\n&lt;"
    mail = compose(draft(values=values(words=words, author="<i>J</i>", topics=["<u>"], files=['"><b>'])), letters)
    assert not re.search(r"<(script|img|b|i|u)[ >]", mail.html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in mail.html and "&amp;lt;" in mail.html
    plain, rich = email.message_from_bytes(mail.raw).get_payload()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")


@pytest.mark.parametrize(
    ("name", "value"), [("Bcc", "x@y"), ("Subject", "x"), ("X-Gatepost-Ticket", "1"), ("X-A\r\nBcc", "x"), ("", "x")]
)
def test_only_further_fields_may_be_added(draft, letters, name, value):
    with pytest.raises(fields.FieldError):
        compose(draft(extra=((name, value),)), letters)


def test_a_rating_mail_carries_its_one_click_unsubscribe(draft, letters):
    extra = (
        ("List-Unsubscribe", "<https://help.market.example/u/1>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    parsed = email.message_from_bytes(compose(draft("rating", extra=extra), letters).raw)
    assert (parsed["List-Unsubscribe"], parsed["List-Unsubscribe-Post"]) == (extra[0][1], extra[1][1])
