"""The frames of the reader's pipe: every letter comes back as it was, and nothing else passes."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.letter import Attachment, Letter, Mailbox, Report, ReportedRecipient, Trouble
from gatepost.mail.parse import Cause, HostileMail, read_letter
from gatepost.reader import frame

mailboxes = st.builds(Mailbox, address=st.text(), name=st.text())
texts = st.lists(st.text(), max_size=3).map(tuple)
boxes = st.lists(mailboxes, max_size=3).map(tuple)


@st.composite
def attachments(draw):
    content = draw(st.binary(max_size=200))
    return Attachment(
        filename=draw(st.text(min_size=1)), content_type=draw(st.text()), size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), content_id=draw(st.text()), inline=draw(st.booleans()), content=content,
    )  # fmt: skip


recipients = st.builds(ReportedRecipient, address=st.text(), action=st.text(), status=st.text(), diagnostic=st.text())
letters = st.builds(
    Letter,
    sender=st.none() | mailboxes, from_=boxes, to=boxes, cc=boxes, reply_to=boxes, subject=st.text(), message_id=st.text(),
    in_reply_to=texts, references=texts, date=st.none() | st.integers(),
    headers=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple), text=st.text(), reply_text=st.text(),
    relay_text=st.text(), language=st.text(), attachments=st.lists(attachments(), max_size=3).map(tuple),
    report=st.none() | st.builds(Report, recipients=st.lists(recipients, max_size=2).map(tuple), cited=texts),
    troubles=st.lists(st.sampled_from(Trouble), max_size=3).map(tuple), fingerprint=st.text(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(letters)
def test_a_letter_goes_through_a_frame_unchanged(letter):
    prefix, head, *contents = frame.of_letter(letter)
    assert int.from_bytes(prefix, "big") == len(head)
    assert frame.sizes(frame.opened(head)) == [len(content) for content in contents]
    assert frame.to_letter(frame.opened(head), contents) == letter


def test_a_refusal_goes_through_a_frame():
    _, head = frame.of_refusal(HostileMail(Cause.HEADER_BOMB, "too much"))
    with pytest.raises(HostileMail) as refused:
        frame.to_letter(frame.opened(head), [])
    assert refused.value.cause is Cause.HEADER_BOMB


@pytest.mark.parametrize(
    "change",
    [
        {"subject": None}, {"subject": 3}, {"to": "x"}, {"to": [["a"]]}, {"date": "x"}, {"date": True},
        {"troubles": ["none"]}, {"headers": [["a", 1]]}, {"attachments": [{"size": -1}]}, {"attachments": [{}]},
        {"report": {"recipients": [["a"]]}}, {"sender": "x"},
    ],
)  # fmt: skip
def test_a_frame_that_is_not_exactly_right_is_a_value_error(change):
    head = json.loads(frame.of_letter(read_letter(b"From: a@b.example\n\nx"))[1])
    head["letter"].update(change)
    with pytest.raises(ValueError):
        frame.to_letter(frame.opened(json.dumps(head).encode()), [b""] * len(change.get("attachments", [])))


@pytest.mark.parametrize("head", [b"", b"[]", b"{}", b"null", b'{"letter": []}', b'{"hostile": "other"}', b"\xff"])
def test_nonsense_is_a_value_error(head):
    with pytest.raises(ValueError):
        frame.to_letter(frame.opened(head), [])
