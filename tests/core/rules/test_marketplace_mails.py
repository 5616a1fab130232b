"""Refunds, coupons and renewals as people ask for them in eight languages; and shops' own refunds, which are vendors'."""

import tomllib
from pathlib import Path

import pytest

from gatepost import shipped
from gatepost.core.rules.judge import judge
from gatepost.core.rules.seen import Seen
from gatepost.rulebook import Rulebook

MAILS = tomllib.loads((Path(__file__).parent / "marketplace_mails.toml").read_text(encoding="utf-8"))
RULE = {
    "refund": "refund question",
    "coupon": "coupon or discount question",
    "renewal": "renewal question",
    "vendor": "the vendor answers",
}
CASES = [(language, kind, mail) for language, kinds in MAILS.items() for kind, mails in kinds.items() for mail in mails]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook(shipped.folder("rules"))


@pytest.mark.parametrize(("language", "kind", "mail"), CASES)
def test_a_mail_goes_where_the_marketplace_wants_it(rulebook: Rulebook, language: str, kind: str, mail: str) -> None:
    subject, _, text = mail.partition(" | ")
    verdict = judge(rulebook.book, Seen(language=language, subject=subject, text=text))
    assert verdict.by == RULE[kind]
    assert verdict.rating is (kind != "refund")
