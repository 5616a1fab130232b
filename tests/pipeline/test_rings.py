"""Rings: gateways, help desks and robots that answer each other. Each must come to rest, with nobody flooded."""

from dataclasses import replace

import pytest

from gatepost import shipped
from gatepost.config import AuthenticationSection, LimitsSection, ReplyAddressSection
from gatepost.core.addresses import Addresses
from gatepost.core.party import Brand, Product, Team, Vendor
from gatepost.core.reply_address import Keys
from gatepost.core.round_trip import round_trip
from gatepost.house import House, Promises
from gatepost.mail.parse import read_letter
from gatepost.mail.templates import Letters
from gatepost.rulebook import Rulebook
from gatepost.store import parties
from gatepost.store.audit import AuditLog
from gatepost.store.database import Database
from gatepost.store.schema import migrate

JANE = "Jane Roe <jane@customer.example>"


def gateway(market_type, folder, name, vendor_address, *, senders=()):
    """A marketplace of one vendor, whose support address is somebody else's gateway."""
    domain = f"{name}.example"
    brand = Brand(slug=name, name=name.title(), support=(f"support@{domain}",))
    house = House(
        hostname=f"mail.{domain}",
        staff=f"staff@people.{domain}",
        brands=(brand,),
        teams={"triage": Team(slug="triage", name="Triage", address=f"triage@people.{domain}")},
        addresses=Addresses((brand,), "+", ""),
        reply=ReplyAddressSection(),
        keys=Keys(current=1, secrets={1: name.encode().ljust(32, b"k")}),
        authentication=AuthenticationSection(mode="off"),
        limits=LimitsSection(),
        promises=Promises(overdue_business_days=2, rating_days=7),
        rulebook=Rulebook(shipped.folder("rules"), folder / "rules"),
        letters=Letters(folder / "templates", shipped.folder("templates") / "mail"),
        audit=AuditLog(b"a" * 32),
    )
    db = Database(f"sqlite:///{folder / f'{name}.sqlite3'}", prepare=migrate)

    def fill(tx):
        vendor, _ = parties.put_vendor(
            tx, Vendor(id=0, slug="v", name="V", support_address=vendor_address, senders=senders)
        )
        parties.put_product(tx, Product(id=0, slug="shipping-labels", name="Shipping Labels", vendor_id=vendor))

    db.write_now(fill)
    # Everybody is entitled here: the ring must not rest on a missing subscription.
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "60-entitlement.toml").write_text(
        '[[rule]]\nname = "everybody"\nwhen = { standing = ["none", "unknown"], product_known = true, party = "stranger" }\n'
        'then = { route = "vendor", acknowledge = "acknowledgement", stop = true }\n'
        '[[rule.hit]]\nstanding = "none"\nparty = "stranger"\n[[rule.miss]]\nproduct = ""\nparty = "stranger"\n'
    )
    house.rulebook.reload()
    return market_type(house=house, db=db)


@pytest.fixture
def gateways(market, tmp_path):
    made = {}

    def make(name, vendor_address, **more):
        made[name] = gateway(type(market), tmp_path, name, vendor_address, **more)
        return made[name]

    yield make
    for each in made.values():
        each.db.close()


def carry(markets, rounds, change=lambda mail, raw: raw, sender=lambda mail: mail.mail_from):
    """Carry mail between the markets until nothing moves, at most `rounds` mails; how many were carried."""
    seen = dict.fromkeys(markets, 0)
    carried = 0
    while carried < rounds:
        moved = False
        for name, market in markets.items():
            mails = market.sent()[seen[name] :]
            seen[name] += len(mails)
            for mail in mails:
                host = mail.to.rpartition("@")[2].partition(".example")[0]
                if host in markets and mail.raw:
                    markets[host].now = market.now = max(markets[host].now, market.now) + 1_000
                    markets[host].arrive(change(mail, mail.raw), mail.to, mail_from=sender(mail) or None)
                    carried, moved = carried + 1, True
        if not moved:
            return carried
    return carried


def automatic(market):
    return [mail for mail in market.sent() if mail.message["Auto-Submitted"] == "auto-replied"]


@pytest.mark.catalogue("E02")
@pytest.mark.parametrize("senders", [(), ("@other",)])
def test_two_gateways_in_a_ring_come_to_rest(gateways, compose_mail, senders):
    def listed(name):
        return tuple(f"@{name}.example" for _ in senders)

    one = gateways("one", "support@two.example", senders=listed("two"))
    two = gateways("two", "support@one.example", senders=listed("one"))
    one.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."), "support@one.example")
    assert carry({"one": one, "two": two}, 1_000) < 10
    assert len(automatic(one)) + len(automatic(two)) <= 2
    assert (one.tickets(), two.tickets()) == (1, 1)


@pytest.mark.catalogue("E02", "E04")
@pytest.mark.parametrize("listed", [False, True])
def test_three_gateways_in_a_ring_come_to_rest(gateways, compose_mail, listed):
    """The vendor of each is the support address of the next; each knows the one behind it, or does not."""
    names = ("one", "two", "three")
    made = {}
    for place, name in enumerate(names):
        senders = (f"@{names[place - 1]}.example",) if listed else ()
        made[name] = gateways(name, f"support@{names[(place + 1) % 3]}.example", senders=senders)
    made["one"].arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."), "support@one.example")
    assert carry(made, 1_000) < 12
    assert sum(len(automatic(market)) for market in made.values()) <= 3
    assert all(len(automatic(market)) <= 2 for market in made.values())
    assert max(made[name].tickets() for name in names) == 1


@pytest.mark.catalogue("E02", "E14")
def test_the_ring_rests_by_its_marks_where_message_ids_and_addresses_are_rewritten(gateways, compose_mail):
    """A list server between the two gives every mail a new Message-ID, From and envelope, and takes the references."""
    one, two = gateways("one", "support@two.example"), gateways("two", "support@one.example")
    count = iter(range(10_000))

    def rewritten(mail, raw):
        n = next(count)
        kept = [
            line for line in raw.decode().split("\r\n\r\n", 1)[0].replace("\r\n ", " ").split("\r\n")
            if not line.lower().startswith(("message-id", "from", "reply-to", "references", "in-reply-to", "auto-sub", "x-auto"))
        ]  # fmt: skip
        head = [*kept, f"Message-ID: <{n}@lists.example>", f"From: person{n}@lists.example"]
        return ("\r\n".join(head) + "\r\n\r\n" + raw.decode().split("\r\n\r\n", 1)[1]).encode()

    def stripped(mail):
        return f"person{next(count)}@lists.example"

    one.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."), "support@one.example")
    assert carry({"one": one, "two": two}, 1_000, rewritten, stripped) < 20
    assert max(one.tickets(), two.tickets()) <= 2
    held = one.rows("SELECT detail FROM quarantine WHERE cause = 'loop'")
    assert any("our own mark" in row["detail"] for row in held)


@pytest.mark.catalogue("E05")
@pytest.mark.parametrize("way", ["whole", "another id", "from us"])
def test_our_own_mail_come_back_is_nobodys_ticket(market, compose_mail, way):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."))
    (ack,) = market.sent("acknowledgement")
    raw = ack.raw
    if way == "another id":
        raw = raw.replace(ack.message["Message-ID"].encode(), b"<x@gmail.example>").replace(b"From:", b"X-From:", 1)
        raw = b"From: archive@customer.example\r\n" + raw
    if way == "from us":
        raw = compose_mail("support@orchard.example", "Shipping Labels", "Hello.")
    before = len(market.sent())
    assert market.arrive(raw, "support@orchard.example") in ("self", "quarantined")
    assert (market.tickets(), len(market.sent())) == (1, before)
    (row,) = market.rows("SELECT cause FROM quarantine")
    assert row["cause"] == "loop"


@pytest.mark.catalogue("E14")
@pytest.mark.parametrize(("field", "times", "outcome"), [
    ("Received: from a.example by b.example; Mon, 2 Nov 2026 09:00:00 +0000", 99, "opened"),
    ("Received: from a.example by b.example; Mon, 2 Nov 2026 09:00:00 +0000", 100, "quarantined"),
    ("X-Gatepost-Ticket: 7 elsewhere.example", 2, "opened"),
    ("X-Gatepost-Ticket: 7 elsewhere.example", 3, "quarantined"),
    ("X-Gatepost-Ticket: 7 orchard.example", 1, "quarantined"),
])  # fmt: skip
def test_a_mail_that_went_round_is_put_aside(market, compose_mail, field, times, outcome):
    assert market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", *[field] * times)) == outcome
    if outcome == "quarantined":
        assert market.sent() == []
        assert market.rows("SELECT cause FROM quarantine")[0]["cause"] == "loop"


def test_what_is_relayed_of_a_marked_mail_carries_the_mark_on(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", "X-Gatepost-Ticket: 7 elsewhere.example"))
    (ticket,) = market.sent("ticket")
    assert ticket.message.get_all("X-Gatepost-Ticket") == ["1001 orchard.example", "7 elsewhere.example"]
    (ack,) = market.sent("acknowledgement")
    assert ack.message.get_all("X-Gatepost-Ticket") == ["1001 orchard.example", "7 elsewhere.example"]
    assert "our own mark" in round_trip(read_letter(ticket.raw), frozenset({"orchard.example"}))
    assert round_trip(read_letter(ticket.raw), frozenset({"other.example"})) == ""


@pytest.mark.catalogue("E15")
def test_a_list_that_is_subscribed_to_the_support_address_gets_no_answer(market, compose_mail):
    for n in range(20):
        raw = compose_mail(
            f"m{n}@list.example", f"[wp] digest {n}", "Words.", "List-Id: <wp.list.example>", "Precedence: list"
        )
        market.arrive(raw, mail_from="wp-bounces@list.example")
    assert automatic(market) == []


@pytest.mark.catalogue("E12")
def test_a_hundred_people_in_cc_are_told_nothing(market, compose_mail):
    copied = ", ".join(f"victim{n}@victims.example" for n in range(100))
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", f"Cc: {copied}"))
    assert market.sent()
    assert not [mail for mail in market.sent() if mail.to.endswith("victims.example")]
    assert not [mail for mail in market.sent() if "victims.example" in str(mail.message["Cc"])]


@pytest.mark.catalogue("E16")
def test_a_robot_that_answers_the_rating_mail_rates_nothing_and_gets_nothing(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    (ticket,) = market.sent("ticket")
    answer = compose_mail(
        "tickets@acme.example", "Re: Labels", "Update.", f"In-Reply-To: {ticket.message['Message-ID']}"
    )
    market.arrive(answer, ticket.reply_to)
    (due,) = market.rows("SELECT due FROM deadline WHERE kind = 'rating'")
    market.now = due["due"]
    market.do_what_is_due()
    (rating,) = market.sent("rating")
    before, was = len(market.sent()), market.ticket()
    robot = compose_mail(
        JANE, "Auto: How did it go?", "5 stars", "Auto-Submitted: auto-replied",
        f"In-Reply-To: {rating.message['Message-ID']}",
    )  # fmt: skip
    assert market.arrive(robot, rating.reply_to) in ("continued", "event")
    assert len(market.sent()) == before
    assert replace(market.ticket(), last_activity=0, unread=True) == replace(was, last_activity=0, unread=True)


@pytest.mark.catalogue("E13")
def test_nothing_is_sent_after_acceptance_to_those_who_are_held_or_unknown(strict_market, compose_mail):
    market = strict_market
    ok = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=customer.example"
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", ok))
    (ack,) = market.sent("acknowledgement")
    before = len(market.sent())
    market.arrive(compose_mail("evil@other.example", "Re: Labels", "Pay."), ack.reply_to)
    market.arrive(compose_mail("mailer-daemon@other.example", "Undelivered", "It bounced."), mail_from=None)
    market.arrive(compose_mail("x@other.example", "Labels", "Loop.", "X-Gatepost-Ticket: 1 orchard.example"))
    assert len(market.sent()) == before
