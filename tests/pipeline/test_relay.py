"""What of one side's mail reaches the other: the words, the files, the status report; no foreign token, no masked address."""

from dataclasses import replace

import pytest

from gatepost.mail.look import parts

JANE = "Jane Roe <jane@customer.example>"
REPORT = """### WordPress Environment ###

WC Version: 8.5.1
WP Version: 6.4.2

### Server Environment ###

PHP Version: 8.1.27
"""


@pytest.fixture
def masked(market):
    """The marketplace with masking on for its brand."""
    market.house.brands["orchard"] = replace(market.house.brands["orchard"], masking=True)
    return market


def everything(sent) -> str:
    """All that a person could read of a mail, fields and files too."""
    seen = parts(sent.raw)
    fields = "\n".join(value for _, value in seen.headers)
    return "\n".join(
        [fields, seen.text, seen.html, *(file.content.decode("utf-8", "replace") for file in seen.attachments)]
    )


def test_a_status_report_between_the_words_is_summarised_and_attached_whole(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", f"It stays blank.\n\n{REPORT}\nThanks, Jane"))
    (ticket,) = market.sent("ticket")
    seen = parts(ticket.raw)
    assert [(file.filename, file.content.decode()) for file in seen.attachments] == [
        ("system-status-report.txt", REPORT)
    ]
    assert "WooCommerce: 8.5.1" in seen.text and "PHP:         8.1.27" in seen.text
    assert "It stays blank.\n\nThanks, Jane" in seen.text and "### WordPress" not in seen.text


@pytest.mark.catalogue("D15")
def test_each_side_sees_only_its_own_reply_address(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."))
    (ticket,) = market.sent("ticket")
    (ack,) = market.sent("acknowledgement")
    market.arrive(
        compose_mail(
            "desk@desk.acme.example", "Re: Shipping Labels", f"See {ticket.reply_to} and {ticket.message_id}."
        ),
        ticket.reply_to,
    )
    (answer,) = market.sent("answer")
    theirs, hers = (one.reply_to.partition("+")[2].partition("@")[0] for one in (ticket, ack))
    assert len(theirs) == len(hers) == 40 and theirs != hers
    assert theirs not in everything(answer) and hers in everything(answer)
    assert hers not in everything(ticket) and theirs in everything(ticket)


def test_with_masking_no_real_address_reaches_the_other_side(masked, compose_mail):
    words = "Blank.\n\n-- \nJane, jane@customer.example\n"
    masked.arrive(compose_mail("jane@customer.example", "Shipping Labels for jane@customer.example", words))
    (ticket,) = masked.sent("ticket")
    assert ticket.state == "ready" and "jane@" not in everything(ticket).lower()
    assert "address kept private" in ticket.text
    answer = "On Monday Jane wrote to Acme <tickets@acme.example>.\nTry again.\n-- \nBob, bob@desk.acme.example, orders@acme.example"
    masked.arrive(compose_mail("desk@desk.acme.example", "Re: Shipping Labels", answer), ticket.reply_to)
    (sent,) = masked.sent("answer")
    assert sent.state == "ready" and "Try again." in sent.text and "acme.example" not in everything(sent).lower()


def test_without_masking_the_vendor_can_see_who_asks(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."))
    (ticket,) = market.sent("ticket")
    assert "Jane <jane@customer.example>" in ticket.text


@pytest.mark.catalogue("D15")
def test_names_of_senders_and_files_carry_no_foreign_token_and_no_masked_address(masked, compose_mail):
    masked.arrive(compose_mail("jane@customer.example", "Shipping Labels prints nothing", "Blank."))
    (ticket,) = masked.sent("ticket")
    token = ticket.reply_to.partition("+")[2].partition("@")[0]
    mail = compose_mail("desk@desk.acme.example", "Re: Shipping Labels", "See the file.").replace(
        "From: desk@desk.acme.example", f'From: "{token}" <desk@desk.acme.example>', 1
    )
    masked.arrive(_with_file(mail, f"{token} desk@desk.acme.example.txt"), ticket.reply_to)
    (answer,) = masked.sent("answer")
    (file,) = parts(answer.raw).attachments
    assert file.filename == "… ….txt"
    assert token[:30] not in everything(answer) and b"desk.acme" not in answer.raw


@pytest.mark.catalogue("D15")
def test_files_of_text_carry_no_foreign_token_and_no_masked_address(masked, compose_mail):
    masked.arrive(compose_mail("jane@customer.example", "Shipping Labels prints nothing", "Blank."))
    (ticket,) = masked.sent("ticket")
    token = ticket.reply_to.partition("+")[2].partition("@")[0]
    log = f"sent by desk@desk.acme.example\nreply-to: {ticket.reply_to}\nprinter 4.2: ok"
    mail = compose_mail("desk@desk.acme.example", "Re: Shipping Labels", "See the file.")
    masked.arrive(_with_file(mail, "print.log", log), ticket.reply_to)
    (answer,) = masked.sent("answer")
    (file,) = parts(answer.raw).attachments
    assert file.content.decode().splitlines() == [
        "sent by …", "reply-to: support+…@orchard.example", "printer 4.2: ok",
    ]  # fmt: skip
    assert token not in everything(answer)


@pytest.mark.parametrize(
    ("name", "content"), [("print.log", "printer 4.2: größer"), ("shot.bin", "desk@desk.acme.example\0")]
)
def test_a_file_without_them_or_without_text_is_passed_on_byte_for_byte(masked, compose_mail, name, content):
    masked.arrive(compose_mail("jane@customer.example", "Shipping Labels prints nothing", "Blank."))
    (ticket,) = masked.sent("ticket")
    mail = compose_mail("desk@desk.acme.example", "Re: Shipping Labels", "See the file.")
    masked.arrive(_with_file(mail, name, content), ticket.reply_to)
    (answer,) = masked.sent("answer")
    (file,) = parts(answer.raw).attachments
    assert file.content.decode().rstrip() == content


def _with_file(mail: str, name: str, content: str = "A log.") -> str:
    """The mail of plain words with a small file beside them."""
    head, _, words = mail.partition("\n\n")
    fields = [line for line in head.split("\n") if not line.lower().startswith(("content-", "mime-"))]
    file = f'--b\nContent-Disposition: attachment; filename="{name}"\n\n{content}\n--b--\n'
    return "\n".join(
        [*fields, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", words, file]
    )
