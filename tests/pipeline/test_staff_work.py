"""What staff do to a ticket on a page is what their mail would have done, with a row in the audit log."""

import pytest

from gatepost.core.commands import Name
from gatepost.core.staff import Member, Permission
from gatepost.from_page import file_of
from gatepost.staff_work import answer, command, mark, note, order
from gatepost.store import audit, messages, tickets
from gatepost.store.arrivals import Outcome

JANE = "Jane Roe <jane@customer.example>"
VERA = Member(
    slug="vera",
    name="Vera Lind",
    address="vera@staff.example",
    roles=("agent",),
    permissions=frozenset({Permission.TICKETS_READ, Permission.TICKETS_WRITE}),
)


@pytest.fixture
def market(market):
    market.house.members = {"vera": VERA}
    market.house.staff_addresses |= {VERA.address}
    return market


@pytest.fixture
def filed(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    return market


def do(market, work, *arguments, **named):
    return market.db.write_now(lambda tx: work(tx, market.house, 1001, VERA, *arguments, market.now, **named))


def acts(market):
    assert market.db.read_now(market.house.audit.verify) is None
    return [(e.actor.text, e.action, e.object) for e in market.db.read_now(lambda tx: list(audit.entries(tx)))]


def test_an_answer_goes_to_the_customer_and_the_vendor_and_stops_the_clock(filed):
    do(filed, answer, "Please update.", [file_of("../a b.txt", "text/plain", b"hello")])
    (told,) = filed.sent("answer")
    assert told.to == "jane@customer.example" and "Please update." in told.text
    assert "Vera Lind" in told.message["From"] and "vera@" not in told.raw.decode("utf-8", "replace")
    assert [part.get_filename() for part in told.message.walk() if part.get_filename()] == ["a b.txt"]
    assert "tickets@acme.example" in {mail.to for mail in filed.sent() if "Please update." in mail.text}
    ticket = filed.ticket()
    assert ticket.waiting_since is None and not ticket.unread
    assert acts(filed) == [("vera", "ticket.written", "ticket 1001")]


def test_a_reply_to_a_pages_answer_comes_back_to_who_gave_it(filed, reply_to):
    do(filed, answer, "Please update.", [])
    (told,) = filed.sent("answer")
    assert filed.arrive(reply_to(told, JANE, "It works."), told.reply_to) == Outcome.CONTINUED.value
    assert VERA.address in {mail.to for mail in filed.sent() if "It works." in mail.text}


def test_credentials_in_an_answer_are_masked(filed):
    do(filed, answer, "Log in with\nuser: admin\npassword: hunter2secret\n", [])
    (told,) = filed.sent("answer")
    assert "hunter2secret" not in told.text


def test_a_note_is_kept_for_staff_and_sent_to_nobody(filed):
    before = len(filed.sent())
    do(filed, note, "She is a big customer.", [])
    assert len(filed.sent()) == before
    (*_, last) = filed.db.read_now(lambda tx: messages.of_ticket(tx, 1001))
    assert last.internal and not last.public and last.text == "She is a big customer."
    assert filed.ticket().waiting_since is not None
    assert acts(filed) == [("vera", "ticket.noted", "ticket 1001")]


def test_commands_do_what_they_do_by_mail_and_send_no_transcript(filed):
    assert do(filed, order, command(Name.ASSIGN, VERA.address)) == (
        True,
        "The ticket is assigned to vera@staff.example.",
    )
    assert filed.ticket().assignee == VERA.address
    assert do(filed, order, command(Name.PRODUCT, "sails"))[0]
    assert do(filed, order, command(Name.CLOSE))[0]
    assert filed.ticket().state.value == "closed"
    assert [act for _, act, _ in acts(filed)] == ["ticket.assigned", "ticket.moved", "ticket.closed"]
    assert "transcript" not in {mail.template.rpartition("/")[2] for mail in filed.sent()}
    assert filed.sent("customer/moved")[0].to == "jane@customer.example"


def test_a_command_that_cannot_be_done_changes_nothing_and_says_why(filed):
    before = filed.ticket()
    done, said = do(filed, order, command(Name.PRODUCT, "no-such"))
    assert not done and "no-such" in said
    assert filed.ticket() == before and acts(filed) == []


def test_the_unread_mark_is_set_and_taken_once(filed):
    assert filed.ticket().unread
    for _ in range(2):
        do(filed, mark, unread=False)
    assert not filed.ticket().unread
    do(filed, mark, unread=True)
    assert [act for _, act, _ in acts(filed)] == ["ticket.marked"] * 2


@pytest.mark.catalogue("J16")
@pytest.mark.parametrize("work", ["answer", "note", "order", "mark"])
def test_what_cannot_be_kept_in_the_audit_log_is_not_done(filed, work):
    filed.db.write_now(
        lambda tx: tx.run("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE (ABORT, 'full'); END")
    )
    before, sent, said = filed.ticket(), len(filed.sent()), filed.rows("SELECT count(*) AS n FROM message")[0]["n"]
    calls = {
        "answer": (answer, "Hello.", []),
        "note": (note, "Hello.", []),
        "order": (order, command(Name.CLOSE)),
        "mark": (mark,),
    }
    run, *arguments = calls[work]
    with pytest.raises(Exception, match="full"):
        do(filed, run, *arguments, **({"unread": False} if work == "mark" else {}))
    assert (filed.ticket(), len(filed.sent())) == (before, sent)
    assert filed.rows("SELECT count(*) AS n FROM message")[0]["n"] == said
    assert filed.db.read_now(lambda tx: len(tickets.participants(tx, 1001))) == 2
