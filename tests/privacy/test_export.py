"""The export of a person (L01, L06, L08): everything of theirs, nothing of others, and only to who proves who they are."""

import json
import mailbox
import zipfile
from io import BytesIO

import pytest
from tests.privacy.conftest import ADDRESS, NAME, ROOT, SECRET, WORD, answered, live, mail, run

from gatepost.core.audit import Action


@pytest.fixture
def said(market, privacy):
    live(market)
    return run(privacy.export(ADDRESS, ROOT))


@pytest.mark.catalogue("L01")
def test_everything_of_a_person_is_in_it(said, tmp_path):
    found = json.loads(said.json)
    assert found["person"]["name"] == NAME and found["person"]["addresses"] == [ADDRESS]
    assert [ticket["number"] for ticket in found["tickets"]] == [1001]
    texts = [message["text"] for message in found["tickets"][0]["messages"]]
    assert [WORD in text for text in texts] == [True, True]
    assert [message["by"] for message in found["tickets"][0]["messages"]] == ["you", "vendor"]
    assert found["tickets"][0]["messages"][0]["files"] == [{"name": f"{WORD}.bin", "octets": len(f"octets of {WORD}")}]
    assert [one["reference"] for one in found["subscriptions"]] == [f"S-{WORD}"]
    assert {one["kind"] for one in found["mails_to_you"]} >= {"acknowledgement", "answer", "customer/masked"}
    path = tmp_path / "mails.mbox"
    path.write_bytes(said.mbox)
    box = mailbox.mbox(path)
    (only,) = box
    box.close()
    assert only["From"] == f"{NAME} <{ADDRESS}>"
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in only.walk() if not part.is_multipart()}
    assert WORD.encode() in parts["text/plain"] and parts["application/octet-stream"] == f"octets of {WORD}".encode()


@pytest.mark.catalogue("L01", "K05")
def test_nothing_of_others_and_no_secret_is_in_it(said):
    whole = said.json + said.mbox
    for other in (b"jane@customer.example", b"tickets@acme.example", b"mallory", b"eddie", SECRET.encode()):
        assert other not in whole.lower()


@pytest.mark.catalogue("L01")
def test_who_is_copied_gets_what_came_while_they_took_part_with_the_others_hidden(market, privacy):
    market.arrive(mail("Jane Roe <jane@customer.example>", "Shipping Labels of Jane", "The first word was early."))
    market.db.write_now(
        lambda tx: tx.run(
            """INSERT INTO participant (ticket, number, role, address, name, party, membership, language, joined, back)
               VALUES (1001, 9, 'copied', :address, :name, 0, 'active', 'en', :now, '')""",
            address=ADDRESS, name=NAME, now=market.now + 1_000,
        )
    )  # fmt: skip
    market.now += 2_000
    (ticket,) = market.sent("ticket")
    late = answered(ticket, "Ann <tickets@acme.example>", "Write to jane@customer.example later.")
    market.arrive(late, ticket.reply_to)
    found = json.loads(run(privacy.export(ADDRESS, ROOT)).json)
    (one,) = found["tickets"]
    assert one["filed_by_you"] is False
    assert [message["by"] for message in one["messages"]] == ["vendor"]
    assert "jane@customer.example" not in one["messages"][0]["text"] and "Write to" in one["messages"][0]["text"]


@pytest.mark.catalogue("L01", "I12")
@pytest.mark.parametrize(
    ("role", "membership", "shown"),
    [("copied", "active", 1), ("copied", "removed", 0), ("copied", "pending", 0), ("vendor", "removed", 0)],
)
def test_who_no_longer_takes_part_does_not_read_on_by_their_export(market, privacy, role, membership, shown):
    market.arrive(mail("Jane Roe <jane@customer.example>", "Shipping Labels of Jane", "The first word was early."))
    market.db.write_now(
        lambda tx: tx.run(
            """INSERT INTO participant (ticket, number, role, address, name, party, membership, language, joined, back)
               VALUES (1001, 9, :role, :address, :name, 0, :membership, 'en', :now, '')""",
            role=role, membership=membership, address=ADDRESS, name=NAME, now=market.now + 1_000,
        )
    )  # fmt: skip
    market.now += 2_000
    (ticket,) = market.sent("ticket")
    market.arrive(answered(ticket, "Ann <tickets@acme.example>", "Among us only."), ticket.reply_to)
    found = json.loads(run(privacy.export(ADDRESS, ROOT)).json)
    assert ["Among us" in said["text"] for one in found["tickets"] for said in one["messages"]] == [True] * shown


def test_both_forms_lie_in_one_zip_file(said):
    with zipfile.ZipFile(BytesIO(said.zipped())) as archive:
        assert archive.namelist() == ["person.json", "mails.mbox"]
        assert archive.read("person.json") == said.json


@pytest.mark.catalogue("L01")
def test_an_export_stands_in_the_audit_log(market, said):
    assert said.json
    rows = market.rows("SELECT action FROM audit")
    assert [row["action"] for row in rows] == [Action.PERSON_EXPORTED.value]


@pytest.mark.catalogue("L08")
@pytest.mark.parametrize(
    "wish", ["Please erase all my data (GDPR art. 17).", "Send me all data you hold about me, now."]
)
def test_a_wish_by_mail_exports_and_erases_nothing(market, wish):
    market.arrive(mail(f"{NAME} <{ADDRESS}>", "Shipping Labels", wish))
    assert market.rows("SELECT count(*) AS n FROM erasure")[0]["n"] == 0
    assert not [row for row in market.rows("SELECT action FROM audit") if row["action"].startswith("person.")]
    assert all("person.json" not in sent.raw.decode("latin-1") for sent in market.sent())


@pytest.mark.catalogue("L06")
def test_a_vendor_is_sent_what_the_ticket_needs_and_nothing_else_of_the_person(market):
    live(market)
    (ticket,) = [sent for sent in market.sent("ticket") if sent.to == "tickets@acme.example" and sent.ticket == 1001]
    allowed = {
        "from", "reply-to", "to", "subject", "date", "message-id", "in-reply-to", "references", "thread-topic", "thread-index",
        "x-gatepost-ticket", "x-auto-response-suppress", "mime-version", "content-type", "auto-submitted",
        "content-transfer-encoding",
    }  # fmt: skip
    assert {name.lower() for name in ticket.message} <= allowed
    for never in ("Received", "203.0.113", "X-Originating-IP", "Europe/Paris"):
        assert never not in ticket.raw.decode("latin-1")
