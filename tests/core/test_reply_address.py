"""Tokens: what we signed is read back however programs mangle its case; everything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.reply_address import TOKEN_LENGTH, Keys, Purpose, Token, find, read, scrub, sign

OLD, NEW = b"o" * 32, b"n" * 32
KEYS = Keys(current=1, secrets={1: OLD})
ROTATED = Keys(current=2, secrets={1: OLD, 2: NEW})
REMOVED = Keys(current=2, secrets={2: NEW})

tickets = st.integers(0, 2**40 - 1)
participants = st.integers(0, 2**16 - 1)
purposes = st.sampled_from(list(Purpose))


@given(purposes, tickets, participants)
def test_what_was_signed_is_read_back(purpose, ticket, participant):
    token = sign(KEYS, purpose, ticket, participant)
    assert len(token) == TOKEN_LENGTH
    assert token == token.lower()
    wanted = Token(purpose=purpose, ticket=ticket, participant=participant, key_id=1)
    assert read(KEYS, token) == wanted
    assert read(KEYS, token.upper()) == wanted


@pytest.mark.catalogue("D06")
@given(purposes, tickets, participants, st.integers(0, 199))
def test_every_flipped_bit_is_refused(purpose, ticket, participant, bit):
    token = sign(KEYS, purpose, ticket, participant)
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    place, flip = divmod(bit, 5)
    forged = token[:place] + alphabet[alphabet.index(token[place]) ^ (1 << flip)] + token[place + 1 :]
    assert read(KEYS, forged) is None


@pytest.mark.catalogue("D06")
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=40, max_size=40))
def test_guesses_are_refused(guess):
    assert read(KEYS, guess) is None


@pytest.mark.catalogue("D06")
@given(st.text(max_size=60))
def test_anything_else_is_refused_and_never_raises(text):
    assert read(KEYS, text) is None
    assert find(KEYS, text) == ()


@pytest.mark.catalogue("D06")
def test_a_truncated_or_longer_token_and_another_tickets_mac_are_refused():
    one, two = sign(KEYS, Purpose.REPLY, 1001, 1), sign(KEYS, Purpose.REPLY, 1002, 1)
    for forged in (one[:-1], one + "a", one[1:], one[:14] + two[14:], ""):
        assert read(KEYS, forged) is None


@pytest.mark.catalogue("D07")
@pytest.mark.parametrize(
    "written",
    [
        "support+{}@brand.example", "SUPPORT+{}@BRAND.EXAMPLE", "<support+{}@brand.example>", '"x" <support+{}@b.example>',
        "{}@reply.brand.example", "support-{}@brand.example", "support={}@brand.example", "<{}.5f3a@mail.brand.example>",
        "mailto:support+{}@brand.example?subject=x", "=3Csupport+{}@brand.example=3E".replace("=3C", "("),
        "On Monday support+{}@brand.example wrote:", "> support+{}@brand.example",
    ],
)  # fmt: skip
def test_a_token_is_found_however_it_is_wrapped(written):
    token = sign(KEYS, Purpose.REPLY, 1001, 2)
    for form in (token, token.upper()):
        assert [found.ticket for found in find(KEYS, written.format(form))] == [1001]


@pytest.mark.catalogue("D08")
def test_a_retired_key_still_verifies_and_a_removed_one_does_not():
    token = sign(KEYS, Purpose.REPLY, 1001, 1)
    assert read(ROTATED, token) is not None
    assert read(REMOVED, token) is None
    assert read(ROTATED, sign(ROTATED, Purpose.REPLY, 1001, 1)).key_id == 2
    forged_id = "ai" + token[2:]
    assert read(ROTATED, forged_id) is None


@pytest.mark.catalogue("D09")
@given(tickets, participants)
def test_a_token_of_one_purpose_is_none_of_another(ticket, participant):
    for purpose in Purpose:
        said = read(KEYS, sign(KEYS, purpose, ticket, participant))
        assert said is not None
        assert said.purpose is purpose
    macs = {sign(KEYS, purpose, ticket, participant)[16:] for purpose in Purpose}
    assert len(macs) == len(Purpose)


@given(tickets, participants, st.text(max_size=30), st.text(max_size=30))
def test_scrub_takes_out_every_foreign_token_and_leaves_the_rest(ticket, participant, before, after):
    own = sign(KEYS, Purpose.REPLY, 7, 1)
    foreign = sign(KEYS, Purpose.REPLY, ticket, participant)
    text = f"{before} {foreign.upper()} {own} {after}"
    kept = Token(purpose=Purpose.REPLY, ticket=7, participant=1)
    said = scrub(KEYS, text, keep=(kept,))
    if (ticket, participant) == (7, 1):
        assert said == text
    else:
        assert said == f"{before} … {own} {after}"


def test_the_keys_keep_their_secret_out_of_their_name():
    assert "ooo" not in repr(KEYS)


@pytest.mark.parametrize(("current", "secrets"), [(1, {}), (1, {2: OLD}), (1, {1: b"short"}), (300, {300: OLD})])
def test_keys_that_cannot_sign_are_refused(current, secrets):
    with pytest.raises(ValueError, match=r"key"):
        Keys(current=current, secrets=secrets)
