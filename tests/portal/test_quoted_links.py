"""Who answers a mail of ours quotes its links; they stay their recipient's, wherever the answer is read (I8)."""

import re

import pytest
from tests.portal.conftest import JANE, answered, mail
from tests.portal.staff_desk import Floor

from gatepost.core import DAY
from gatepost.links import For

ACME = "Ann <tickets@acme.example>"


@pytest.fixture
def filed(market):
    market.arrive(mail(f"Jane Roe <{JANE}>", "Shipping Labels", "It jams."))
    return market


def link_of(text: str, path: str) -> str:
    return re.search(rf"https://my\.orchard\.example(/{path}/[\w.~-]+)", text)[1]


@pytest.mark.catalogue("I12")
def test_a_customer_never_gets_the_vendors_page_by_what_the_vendor_quotes(filed, signed_in):
    (told,) = filed.sent("ticket")
    secret = link_of(told.text, "vendor").rpartition("/")[2]
    quoted = "Which model?\n\nInline below.\n" + told.text.replace("##", "")
    filed.arrive(answered(told, ACME, quoted), told.reply_to)
    page = signed_in().get("/tickets/1001").text
    (answer,) = filed.sent("answer")
    assert "Which model?" in page and "Which model?" in answer.text
    assert secret not in page and secret.encode() not in answer.raw
    assert "/vendor/…/tickets/1001" in page


@pytest.mark.catalogue("I12")
@pytest.mark.parametrize("purpose", [For.RATE, For.VIEW, For.UNSUBSCRIBE, For.CONSENT, For.HAND_OVER])
def test_a_vendor_never_gets_the_customers_links_in_mails_or_pages(filed, browser, purpose):
    secret = filed.house.links.sign(purpose, (1001, 1), filed.now + DAY)
    said = f"No, thanks. https://my.orchard.example/{purpose.value}/{secret}/5"
    filed.arrive(mail(f"Jane Roe <{JANE}>", "Re: Shipping Labels", said, message_id="again@client.example"))
    told = filed.sent("ticket")[-1]
    page = browser().get(link_of(told.text, "vendor") + f"/tickets/{told.ticket}").text
    assert "No, thanks." in told.text and "No, thanks." in page
    assert secret.encode() not in told.raw and secret not in page


@pytest.mark.catalogue("I12")
def test_neither_a_file_nor_its_name_carries_such_a_link(filed, browser):
    secret = filed.house.links.sign(For.RATE, (1001, 1), filed.now + DAY)
    raw = mail(
        f"Jane Roe <{JANE}>", "Shipping Labels", "", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"'
    ).rstrip("\n") + (
        "\n\n--b\nContent-Type: text/plain\n\nSee the file.\n--b\nContent-Type: text/plain\n"
        f"Content-Disposition: attachment; filename=mail.txt\n\nhttps://my.orchard.example/rate/{secret}\n--b--\n"
    )
    filed.arrive(raw)
    told = filed.sent("ticket")[-1]
    file = next(part for part in told.message.walk() if part.get_filename() == "mail.txt")
    assert secret not in file.get_payload(decode=True).decode()


@pytest.mark.catalogue("J06")
def test_staff_cannot_answer_for_the_customer_by_the_link_that_they_quote(market):
    floor = Floor(market).fill()
    secret = market.house.links.sign(For.CONSENT, (1, floor.jane), market.now + DAY)
    said = f"What is this? https://my.orchard.example/leave/{secret}"
    (told,) = market.sent("answer")
    market.arrive(answered(told, f"Jane Roe <{JANE}>", said), told.reply_to)
    pages = floor.staff("ada")
    for path in ("/staff/tickets/1001", "/staff/tickets/1001/trace"):
        assert secret not in pages.get(path).text
    forged = answered(told, "Eve <eve@elsewhere.example>", said)
    market.arrive(forged, told.reply_to)
    held = market.rows("SELECT max(id) AS id FROM quarantine")[0]["id"]
    page = pages.get(f"/staff/quarantine/{held}").text
    assert "What is this?" in page and secret not in page
