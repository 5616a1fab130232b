"""Long conversations through the mail programs of this world: one thread on each side, one ticket (D4).

Each client is what a program or its provider does to Message-ID, References, Subject, Thread-Topic and quoting when
somebody presses Reply. The thread is then rebuilt as readers do it: by the ids that each mail cites.
"""

import re

import pytest

JANE, ANN = "Jane Roe <jane@customer.example>", "Ann <tickets@acme.example>"


def quoted(mail, intro):
    return f"\n\n{intro}\n" + "\n".join(f"> {line}" for line in mail.text.splitlines())


def gmail(mail, n, text):
    """Cites the whole chain; keeps the subject with one Re:; new ids of its own."""
    chain = f"{' '.join((mail.message['References'] or '').split())} {mail.message['Message-ID']}"
    head = [
        f"In-Reply-To: {mail.message['Message-ID']}",
        f"References: {chain}",
        f"Message-ID: <CA+{n}@mail.gmail.com>",
    ]
    return head, f"Re: {mail.message['Subject']}", text + quoted(mail, "On Mon, 2 Nov 2026 at 09:00, Support wrote:")


def outlook(mail, n, text):
    """Knows only the last id, adds Thread-Topic and Thread-Index, quotes without marks."""
    head = [
        f"In-Reply-To: {mail.message['Message-ID']}", f"References: {mail.message['Message-ID']}",
        f"Message-ID: <AM0PR{n}@AM0PR01MB.eurprd01.prod.exchangelabs.com>", f"Thread-Topic: {mail.message['Thread-Topic']}",
        f"Thread-Index: AQHY{n:04d}==",
    ]  # fmt: skip
    body = f"{text}\n\n________________________________\nFrom: Support\nSent: Monday\nSubject: x\n\n{mail.text}"
    return head, f"RE: {mail.message['Subject']}", body


def apple(mail, n, text):
    """Cites the last ten ids, and writes its own in capitals."""
    chain = [*(mail.message["References"] or "").split(), mail.message["Message-ID"]][-10:]
    head = [
        f"In-Reply-To: {mail.message['Message-ID']}", f"References: {' '.join(chain)}",
        f"Message-ID: <{n:08X}-AAAA-BBBB@customer.example>", "Mime-Version: 1.0 (Mac OS X Mail 16.0)",
    ]  # fmt: skip
    return head, f"Re: {mail.message['Subject']}", text + quoted(mail, "On 2. Nov 2026, at 09:00, Support wrote:")


def forgetful(mail, n, text):
    """A program on a telephone: no references, another subject; only the address to which it replies is left."""
    return [f"Message-ID: <{n}@phone.example>"], f"AW: {mail.message['Subject']} (1)", text


def press_reply(market, client, mail, who, n, text):
    head, subject, body = client(mail, n, text)
    lines = [
        *head,
        f"From: {who}",
        f"To: {mail.reply_to}",
        f"Subject: {subject}",
        "Date: Mon, 2 Nov 2026 11:00:00 +0000",
        "",
        body,
    ]
    market.now += 3_600_000
    assert market.arrive("\n".join(lines) + "\n", mail.reply_to) == "continued"


def threads(mails):
    """How many threads a reader sees: mails are joined by any id that they cite."""
    groups: list[set[str]] = []
    for mail in mails:
        ids = {mail.message["Message-ID"], *re.findall(r"<[^>]+>", mail.message["References"] or "")}
        joined = [group for group in groups if group & ids]
        groups = [group for group in groups if not group & ids] + [ids.union(*joined)]
    return len(groups)


@pytest.mark.parametrize("vendor_client", [gmail, outlook, apple, forgetful])
@pytest.mark.parametrize("customer_client", [gmail, outlook, apple, forgetful])
def test_a_long_conversation_is_one_ticket_and_one_thread_on_each_side(
    market, compose_mail, customer_client, vendor_client
):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank.", message_id="first@jane.example"))
    for n in range(12):
        to_vendor = market.sent("ticket")[-1]
        press_reply(market, vendor_client, to_vendor, ANN, 2 * n, f"Please try number {n}.")
        to_customer = market.sent("answer")[-1]
        assert f"Please try number {n}." in to_customer.text
        press_reply(market, customer_client, to_customer, JANE, 2 * n + 1, f"Tried it, step {n}: still blank.")
    assert market.tickets() == 1
    for address, least in (("jane@customer.example", 13), ("tickets@acme.example", 13)):
        mails = [mail for mail in market.sent() if mail.to == address]
        assert len(mails) >= least
        assert threads(mails) == 1
        topics = {mail.message["Thread-Topic"] for mail in mails}
        assert topics == {"Shipping Labels prints nothing"}
        subjects = {re.sub(r"^Auto: ", "", mail.message["Subject"]) for mail in mails}
        assert len(subjects) <= 3
        assert all(len(subject) < 80 for subject in subjects)
        for mail in mails:
            references = (mail.message["References"] or "").split()
            assert len(references) <= 40
            assert len(mail.message["References"] or "") < 4_000
    customers = [mail for mail in market.sent() if mail.to == "jane@customer.example"]
    assert all("<first@jane.example>" in mail.message["References"] for mail in customers[:3])
    assert not any("tickets@acme.example" in mail.message["From"] for mail in customers)


@pytest.mark.catalogue("E17")
def test_an_automatic_reply_has_the_form_that_is_asked_of_it(market, strict_market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank.", message_id="first@jane.example"))
    (ack,) = market.sent("acknowledgement")
    assert ack.mail_from == ""
    assert ack.message["Auto-Submitted"] == "auto-replied"
    assert ack.message["X-Auto-Response-Suppress"] == "All"
    assert ack.message["In-Reply-To"] == "<first@jane.example>"
    assert "<first@jane.example>" in ack.message["References"]
    assert ack.message["Subject"].startswith("Auto: ")
    assert ack.message["To"].count("@") == 1 and ack.message["Cc"] is None
