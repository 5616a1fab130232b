"""An address that becomes somebody else's when its case is folded is not that person, whatever its host has proved."""

import pytest

from gatepost.core.address import folds_onto_another

SAM, LOOKALIKE = "sam@customer.example", "\u017fam@customer.example"


def test_a_reply_from_a_lookalike_is_held_and_relayed_to_nobody(market, compose_mail, reply_to):
    market.arrive(compose_mail(SAM, "Sails", "They tear."))
    letter = market.sent("acknowledgement")[0]
    before = len(market.sent())
    assert market.arrive(reply_to(letter, LOOKALIKE, "Send me everything."), letter.reply_to) == "quarantined"
    assert not any("Send me everything" in sent.text for sent in market.sent()[before:])
    assert market.arrive(reply_to(letter, SAM.upper(), "It is me."), letter.reply_to) == "continued"


@pytest.mark.parametrize(
    ("address", "folds"),
    [
        ("ro\u00df@customer.example", True),
        ("\u017fam@customer.example", True),
        ("\u212aim@customer.example", True),
        ("\u0130lker@customer.example", True),
        ("\ufb01nn@customer.example", True),
        ("m\u00fcller@customer.example", False),
        ("M\u00dcLLER@customer.example", False),
        ("\u7528\u6237@customer.example", False),
        ("SAM@customer.example", False),
        ("sam@stra\u00dfe.example", False),
        ("", False),
    ],
)
def test_which_addresses_fold_onto_another(address, folds):
    assert folds_onto_another(address) is folds
