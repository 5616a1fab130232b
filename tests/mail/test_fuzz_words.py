"""Nothing that a stranger writes makes the understanding of a mail raise, lose the words, or change its mind."""

from datetime import date
from email import message_from_bytes

from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.letter import Letter, Mailbox
from gatepost.core.nature import judge
from gatepost.core.return_date import return_date
from gatepost.mail.authenticate import from_results
from gatepost.mail.bounce import report
from gatepost.mail.language import language
from gatepost.mail.quote import relay_text, reply_text

PIECES = [
    "\n", "\r\n", " ", ">", "> ", ">> ", "-- \n", "--", "____________", "On Tue, Mar 5, 2024 at 9:12 AM Jane <j@x.example> wrote:",
    "From: ", "Sent: ", "To: ", "Subject: ", "-----Original Message-----", "---------- Forwarded message ---------", "##~ above ~##",
    "##- Please type your reply above this line -##", "Sent from my iPhone", "Am 5.3.2024 schrieb Bob:", "写道：", "wrote", ":", "@", "<", "yes",
    "I am out of office until 12 March", "3月12日", "Final-Recipient: rfc822; a@b.example", "Action: failed", "5.1.1", "Message-ID: <a@b>",
    "Content-Type: message/delivery-status", "multipart/report", "; report-type=delivery-status", "boundary=b", "--b", "--b--", "MAILER-DAEMON",
    "Auto-Submitted: ", "List-Id: ", "\x00", "\ufeff", "İ", "ß", "mx.example; ", "dmarc=pass ", "header.from=x.example", "(", ")", '"', "\udc80",
]  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40).map("".join)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["auto-submitted", "precedence", "list-id", "content-type", "x-loop", "subject", "return-path", "x-mailer"]
        ),
        TEXT,
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(TEXT)
def test_the_new_words_are_some_of_the_words(text):
    new, passed_on = reply_text(text), relay_text(text)
    written = set(text.replace("\r", "\n").split())
    assert (
        set(new.split()) <= written | {piece for word in written for piece in word.replace("On", " On").split()}
        or "wrote:" in text
    )
    assert bool(new.strip()) == bool(text.strip("\ufeff\u200b\u00a0 \t\r\n").strip()) or not text.strip()
    assert bool(passed_on.strip()) == bool(new.strip())
    assert reply_text(text) == new


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_a_report_is_read_or_not_and_never_raises(text):
    found = report(message_from_bytes(text.encode("utf-8", "surrogateescape")))
    assert found is None or all(len(one.address) <= 320 for one in found.recipients)


@settings(max_examples=100, deadline=None)
@given(TEXT, HEADERS, st.one_of(st.none(), TEXT), st.integers(min_value=-(10**18), max_value=10**18))
def test_a_nature_always_has_its_sentence(text, headers, mail_from, when):
    letter = Letter(
        sender=Mailbox(address=text[:50]),
        headers=tuple(headers),
        subject=text[:200],
        text=text,
        reply_text=text,
        date=when,
    )
    assert judge(letter, mail_from=mail_from, ours=lambda _: False).reason


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_days_languages_and_results_never_raise(text):
    assert return_date(text, date(2024, 3, 5)) is None or return_date(text, date(2024, 3, 5)).year in (2024, 2025)
    assert len(language((("content-language", text),), text)) in (0, 2)
    assert from_results([text], "x.example", "mx.example")[1]
