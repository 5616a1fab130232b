"""The one strict From grammar: what names one author beyond doubt, and everything that does not."""

import pytest

from gatepost.core.letter import Mailbox, Trouble
from gatepost.mail.address import addr_spec, strict
from gatepost.mail.parse import read_letter

ONE = [
    ("alice@shop.example", "", "alice@shop.example"),
    ("<alice@shop.example>", "", "alice@shop.example"),
    ("Alice Lee <alice@shop.example>", "Alice Lee", "alice@shop.example"),
    ("Alice Lee<alice@shop.example>", "Alice Lee", "alice@shop.example"),
    ('"Lee, Alice" <alice@shop.example>', "Lee, Alice", "alice@shop.example"),
    ('"Lee \\"Al\\" Alice" <alice@shop.example>', 'Lee "Al" Alice', "alice@shop.example"),
    ("J. R. Lee <jr@shop.example>", "J. R. Lee", "jr@shop.example"),
    ("=?utf-8?q?J=C3=B6rg?= <j@shop.example>", "Jörg", "j@shop.example"),
    ('"=?utf-8?q?J=C3=B6rg?=" <j@shop.example>', "Jörg", "j@shop.example"),
    ("Jörg Müller <j@shop.example>", "Jörg Müller", "j@shop.example"),
    ("alice@shop.example (Alice Lee)", "Alice Lee", "alice@shop.example"),
    ("Alice+Shop@SHOP.Example", "", "Alice+Shop@shop.example"),
    ('"alice.lee"@shop.example', "", "alice.lee@shop.example"),
    ('"al..ice"@carrier.example', "", "al..ice@carrier.example"),
    ("jörg@shop.example", "", "jörg@shop.example"),
    ("j@müller.example", "", "j@xn--mller-kva.example"),
    ("o'brien@shop.example", "", "o'brien@shop.example"),
    ("root@localhost", "", "root@localhost"),
    ('"real@bank.example" <evil@x.example>', "real@bank.example", "evil@x.example"),
]

NOBODY = [
    "", "<>", "Alice <>", "alice", "@shop.example", "alice@", "real@bank.example <evil@x.example>",
    "<real@bank.example> <evil@x.example>", "<real@bank.example> evil@x.example", "a@b.example, c@d.example",
    "a@b.example; c@d.example", "Team: a@b.example;", "undisclosed-recipients:;", "alice@ex)bob@evil.example",
    "alice@ex(bob@evil.example", "a@b@c.example", '"real@bank.example,"@evil.example', '"a b"@c.example',
    "=?utf-8?q?real=40bank.example?=@evil.example", "=?utf-8?q?real=40bank.example?=", "a@b.example.",
    "a@.b.example", "a@b..example", ".a@b.example", "a.@b.example", "a..b@c.example", "a@[192.0.2.1]",
    "a@-b.example", "a@b_.exa mple", "a b@c.example", "a@b.example (x) (y)", "(x) a@b.example", "a@b.example <",
    "Alice <alice@shop.example", "alice@shop.example>", "<<alice@shop.example>>", '"Alice <alice@shop.example>',
    "Alice (x) <alice@shop.example>", "@relay.example:a@b.example", "<@relay.example:a@b.example>", "a@b.example\0",
    "a\u202e@b.example", "a" * 65 + "@b.example", "a@" + "b" * 64 + ".example", "a@" + "b." * 200 + "example",
    "a@b.example,", "[Alice] <a@b.example>", "Alice: <a@b.example>", "a@\u2024b.example",
]  # fmt: skip


@pytest.mark.catalogue("D17", "D18", "D19")
@pytest.mark.parametrize(("text", "name", "address"), ONE)
def test_one_author_beyond_doubt(text, name, address):
    assert strict(text) == Mailbox(name=name, address=address)
    letter = read_letter(b"From: " + text.encode() + b"\r\n\r\nx")
    assert letter.sender == Mailbox(name=name, address=address)
    assert Trouble.FROM_AMBIGUOUS not in letter.troubles


@pytest.mark.catalogue("D17", "D19")
@pytest.mark.parametrize("text", NOBODY)
def test_what_could_be_read_in_two_ways_names_nobody(text):
    assert strict(text) is None
    letter = read_letter(b"From: " + text.encode() + b"\r\n\r\nx")
    assert letter.sender is None
    assert {Trouble.FROM_MISSING, Trouble.FROM_AMBIGUOUS} & set(letter.troubles)


@pytest.mark.catalogue("D17")
def test_other_fields_name_no_author():
    letter = read_letter(b"Sender: a@b.example\r\nReply-To: c@d.example\r\nReturn-Path: <e@f.example>\r\n\r\nx")
    assert letter.sender is None
    assert letter.from_ == ()
    assert letter.reply_to == (Mailbox(address="c@d.example"),)


@pytest.mark.catalogue("D19")
def test_addresses_are_compared_exactly():
    assert addr_spec("alice+one@x.example") != addr_spec("alice@x.example")
    assert addr_spec("Alice@x.example") != addr_spec("alice@x.example")
    assert addr_spec("alice@X.EXAMPLE") == addr_spec("alice@x.example")


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("real@bank.example <evil@x.example>", ["evil@x.example"]),
        ("a@b.example, Bob <c@d.example>", ["a@b.example", "c@d.example"]),
        ("Team: a@b.example, c@d.example;", ["a@b.example", "c@d.example"]),
        ("Bob <bob@x.example> Eve <eve@x.example>", ["bob@x.example", "eve@x.example"]),
        ("=?utf-8?q?Bob_=3Cbob=40x.example=3E?=", ["bob@x.example"]),
        ("<bob@x.example", ["bob@x.example"]),
        ("nobody", []),
    ],
)
def test_a_broken_field_is_still_shown_as_far_as_it_can_be_read(field, shown):
    letter = read_letter(b"From: " + field.encode() + b"\r\n\r\nx")
    assert [box.address for box in letter.from_] == shown
