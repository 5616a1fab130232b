"""Who wrote a mail, and may it be answered: one row per habit of a program, a list, or a person."""

import pytest

from gatepost.core.letter import Letter, Mailbox, Report
from gatepost.core.nature import Author, Kind, Nature, judge

OURS = frozenset({"support@market.example", "<ticket.1@market.example>"})


def letter(
    *fields: tuple[str, str], sender: str = "jane@customer.example", text: str = "It crashes.", **more
) -> Letter:
    headers = tuple((name.lower(), value) for name, value in fields)
    subject = dict(headers).get("subject", "Crash")
    box = Mailbox(address=sender) if sender else None
    return Letter(sender=box, headers=headers, subject=subject, text=text, reply_text=text, relay_text=text, **more)


def nature(*fields: tuple[str, str], mail_from: str | None = "jane@customer.example", **more) -> Nature:
    return judge(letter(*fields, **more), mail_from=mail_from, ours=OURS.__contains__)


@pytest.mark.catalogue("E01")
def test_a_plain_letter_is_a_persons_and_may_be_answered():
    assert nature() == Nature(
        author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="no sign of a program: a person wrote it"
    )


def test_a_report_is_never_answered():
    found = nature(report=Report(recipients=()))
    assert (found.author, found.kind, found.answerable) == (Author.REPORT, Kind.BOUNCE, False)


def test_our_own_mail_is_known_by_its_message_id():
    assert nature(message_id="<ticket.1@market.example>").author is Author.OURSELVES
