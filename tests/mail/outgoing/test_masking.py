"""Where masking is on, no real address of the other side goes out (D5)."""

import hashlib
from time import process_time

import pytest

from gatepost.core.letter import Attachment, Mailbox
from gatepost.mail.compose import compose
from gatepost.mail.masking import leaks, mask

HIDDEN = ["jane@shop.example", "@acme.example"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("On Monday, Jane Doe <jane@shop.example> wrote:", "On Monday, Jane Doe wrote:"),
        ("Le lundi, Jane (jane@shop.example) a écrit :", "Le lundi, Jane a écrit :"),
        ("Write to JANE@Shop.Example.", "Write to …."),
        ("jane@\n> shop.example", "…"),
        ("jane (at) shop.example", "…"),
        ("https://x.example/?e=jane%40shop.example&b=1", "https://x.example/?e=…&b=1"),
        ("mailto:jane@shop.example", "…"),
        ("user='jane@shop.example'", "user='…'"),
        ("bob+x@acme.example or anyone@ACME.example", "… or …"),
        ("mary-jane@shop.example", "mary-jane@shop.example"),
        ("jane@shop.example.org, jane@shop.examples", "jane@shop.example.org, jane@shop.examples"),
        ("jane@other.example and acme.example", "jane@other.example and acme.example"),
        ("", ""),
    ],
)
def test_addresses_are_taken_out(text, masked):
    assert mask(text, HIDDEN) == masked
    assert mask(masked, HIDDEN) == masked


def test_nothing_hidden_changes_nothing():
    assert mask("jane@shop.example", []) == "jane@shop.example"


@pytest.mark.parametrize("bad", ["a", "a@", "jane", "jane@shop.", "<", "jane@ ", " ", ">", "a.", "mailto:", "%40"])
def test_masking_costs_no_more_than_the_text_is_long(bad):
    def cost(count: int) -> float:
        text = bad * (count // len(bad))
        start = process_time()
        mask(text, HIDDEN)
        return process_time() - start

    cost(1_000)
    costs = [min(cost(n * 10_000) for _ in range(3)) for n in (1, 2, 4, 8)]
    assert costs[3] <= 16 * costs[0] + 0.02


def test_a_masked_mail_has_no_leak_and_an_unmasked_one_tells_each(draft, values, letters):
    words = "Please call.\n\n-- \nJane, jane@shop.example"
    clean = compose(draft(values=values(words=mask(words, HIDDEN), masked=True)), letters)
    assert leaks(clean.raw, HIDDEN[:1]) == []
    log = Attachment(
        filename="jane@shop.example.log", content_type="text/plain", size=20, sha256=hashlib.sha256(b"").hexdigest(),
        content=b"from Jane@shop.example",
    )  # fmt: skip
    loud = compose(
        draft(
            values=values(words=words),
            thread_topic="for jane@shop.example",
            to=Mailbox(address="help@other.example", name="jane@shop.example"),
            attachments=(log,),
        ),
        letters,
    )
    assert leaks(loud.raw, HIDDEN[:1]) == [
        "the field to holds jane@shop.example",
        "the field thread-topic holds jane@shop.example",
        "the text holds jane@shop.example",
        "the HTML holds jane@shop.example",
        "the name of the file jane@shop.example.log holds jane@shop.example",
        "the file jane@shop.example.log holds Jane@shop.example",
    ]


def test_an_address_cut_by_invisible_characters_is_still_a_leak(draft, values, letters):
    mail = compose(draft(values=values(words="ja\u200bne@shop\u00ad.example", masked=True)), letters)
    assert [one.partition(" holds")[0] for one in leaks(mail.raw, HIDDEN[:1])] == ["the text", "the HTML"]
