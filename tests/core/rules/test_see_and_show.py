"""What the rules see of a mail, and how a verdict is shown."""

import json
from dataclasses import fields, replace

import pytest

from gatepost.core import DAY
from gatepost.core.facts import Facts
from gatepost.core.identity import Authentication, Identity, Trust
from gatepost.core.letter import Attachment, Door, Envelope, Letter, Mailbox, Report, Trouble
from gatepost.core.nature import Author, Kind, Nature
from gatepost.core.party import Away, Brand, Participant, Party, Product, Role, Standing, Subscription, Vendor
from gatepost.core.rules.book import Book
from gatepost.core.rules.judge import judge
from gatepost.core.rules.render import render_verdict, verdict_as_data
from gatepost.core.rules.seen import ENDLESS, Seen, see
from gatepost.core.ticket import State, Ticket
from gatepost.core.verdict import Condition, Route, RuleTrace, Verdict

NOW = 1_793_610_000_000
MARKET = Brand(slug="market", name="Market", support=("support@market.example",))
VENDOR = Vendor(
    id=1,
    slug="smiths",
    name="Smiths",
    support_address="help@smiths.example",
    away=Away(starts=0, ends=10, substitute="sub@smiths.example"),
)
PRODUCT = Product(id=1, slug="labels", name="Labels", vendor_id=1)
FACTS = Facts(
    now=5,
    envelope=Envelope(mail_from="anna@shop.example", recipients=("support+labels@market.example",), door=Door.LMTP),
    brand=MARKET,
    address="support@market.example",
    detail="labels",
    sender="anna@shop.example",
    product=PRODUCT,
    vendor=VENDOR,
    standing=Standing.ACTIVE,
)
LETTER = Letter(
    sender=Mailbox(address="anna@shop.example"),
    cc=(Mailbox(address="bob@shop.example"),),
    subject="Labels",
    text="New words\n> old words",
    reply_text="New words",
    language="de",
    attachments=(Attachment(filename="a.log", content_type="text/plain", size=1, sha256=""),),
    troubles=(Trouble.DATE_MISSING,),
)
NATURE = Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="no sign of a machine")
IDENTITY = Identity(party=Party.CUSTOMER, trust=Trust.TRUSTED, authentication=Authentication.VERIFIED)


def test_everything_that_is_known_is_seen() -> None:
    assert see(FACTS, LETTER, NATURE, IDENTITY, [("shipping", 0.97), ("refund", 0.91)]) == Seen(
        subject="Labels",
        text="New words",
        sender="anna@shop.example",
        recipient="support@market.example",
        detail="labels",
        copied=("bob@shop.example",),
        door="lmtp",
        brand="market",
        product="labels",
        days_left=0,
        vendor="smiths",
        vendor_away=True,
        vendor_substitute=True,
        topic=("shipping", "refund"),
        topic_confidence=0.97,
        language="de",
        attachments=1,
        attachment_name=("a.log",),
        attachment_type=("text/plain",),
        trouble=("date_missing",),
    )


@pytest.mark.parametrize(
    ("ends", "standing", "days"),
    [
        (NOW + 30 * DAY, Standing.ACTIVE, 30),
        (NOW + DAY - 1, Standing.ACTIVE, 0),
        (None, Standing.ACTIVE, ENDLESS),
        (NOW + 30 * DAY, Standing.CANCELLED, 0),
        (NOW - DAY, Standing.EXPIRED, 0),
    ],
)
def test_the_days_that_a_subscription_still_runs(ends: int | None, standing: Standing, days: int) -> None:
    subscription = Subscription(id=1, customer_id=1, product_id=1, status=standing, starts=0, ends=ends, reference="")
    facts = replace(FACTS, subscription=subscription, standing=standing, now=NOW)
    assert see(facts, LETTER, NATURE, IDENTITY).days_left == days
    assert see(replace(facts, subscription=None), LETTER, NATURE, IDENTITY).days_left == 0


def test_a_mail_without_anything_is_seen_too() -> None:
    facts = replace(FACTS, product=None, vendor=None, sender="", standing=Standing.ACTIVE)
    stranger = replace(IDENTITY, party=Party.STRANGER, trust=Trust.UNCONFIRMED, authentication=Authentication.FAILED)
    seen = see(facts, Letter(sender=None), NATURE, stranger)
    assert (seen.sender, seen.product, seen.product_known, seen.vendor_active) == ("", "", False, False)
    assert (seen.standing, seen.party, seen.authentication) == ("unknown", "stranger", "failed")


def test_a_mail_belongs_to_a_ticket_by_its_token_a_report_by_its_delivery() -> None:
    ticket = Ticket(number=42, brand="market", subject="Labels", filed=0, state=State.CLOSED, flags=("overdue",))
    known = replace(FACTS, ticket=ticket)
    author = Participant(ticket=42, number=1, role=Role.REQUESTER, address="anna@shop.example")
    cited = replace(IDENTITY, ticket=42, participant=author)
    seen = see(known, LETTER, NATURE, cited)
    assert (seen.ticket, seen.ticket_state, seen.role, seen.flag) == ("existing", "closed", "requester", ("overdue",))
    assert see(known, LETTER, NATURE, IDENTITY).ticket == "new"
    report = replace(NATURE, author=Author.REPORT, kind=Kind.BOUNCE)
    bounced = replace(LETTER, report=Report(recipients=()))
    assert see(known, bounced, report, IDENTITY).ticket == "existing"
    assert see(FACTS, bounced, report, IDENTITY).ticket == "new"


def test_a_vendor_without_an_address_or_who_left_is_not_active() -> None:
    for vendor in (replace(VENDOR, support_address=""), replace(VENDOR, active=False)):
        assert see(replace(FACTS, vendor=vendor), LETTER, NATURE, IDENTITY).vendor_active is False
    assert see(FACTS, LETTER, NATURE, IDENTITY).vendor_active is True


def test_the_doubts_of_identity_reach_the_guard() -> None:
    refused = replace(IDENTITY, ticket=42, trust=Trust.REFUSED, cause="other_user_update")
    from_book = see(FACTS, LETTER, NATURE, refused)
    assert (from_book.doubt, from_book.trust, from_book.ticket) == ("other_user_update", "refused", "existing")


VERDICT = Verdict(
    route=Route.TEAM,
    team="billing",
    acknowledge="acknowledgement-team",
    rating=False,
    flags=("urgent",),
    by="refund question",
    trail=(
        RuleTrace(
            rule="automatic mail",
            file="10-machine.toml",
            hit=False,
            conditions=(Condition(word="author", wanted="machine", seen="human", held=False),),
        ),
        RuleTrace(
            rule="refund question",
            file="40-marketplace.toml",
            hit=True,
            conditions=(
                Condition(word="ticket", wanted="new", seen="new", held=True),
                Condition(word="any", wanted="", seen="", held=True),
                Condition(word="subject_words", wanted="refund*", seen="none of them", held=False, depth=1),
                Condition(word="words", wanted="money back", seen="money back", held=True, depth=1),
            ),
            steps=("route = team", "stop"),
        ),
    ),
)


def test_a_verdict_is_shown_as_a_tree() -> None:
    assert (
        render_verdict(VERDICT)
        == """\
route        team billing, by rule 'refund question'
acknowledge  acknowledgement-team
rating       no
clock        yes
flags        urgent

2 rules asked
├─ · miss  automatic mail   10-machine.toml
│     └─ ✗ author = machine, saw human
└─ ✓ hit   refund question  40-marketplace.toml
      ├─ ✓ ticket = new, saw new
      ├─ ✓ any
      │  ├─ ✗ subject_words = refund*, saw none of them
      │  └─ ✓ words = money back, saw money back
      ├─ → route = team
      └─ → stop"""
    )


def test_a_verdict_is_plain_data_for_programs() -> None:
    shown = json.loads(json.dumps(verdict_as_data(VERDICT)))
    assert (shown["route"], shown["trail"][1]["conditions"][3]["seen"]) == ("team", "money back")
    assert set(shown) == {field.name for field in fields(Verdict)}


def test_a_mail_that_is_kept_back_shows_why() -> None:
    text = render_verdict(judge(Book(rules=(), digest=""), Seen(ticket="existing", doubt="other_user_update")))
    assert "quarantine (other_user_update), by rule 'built-in guard'" in text
    assert "doubt = any, saw other_user_update" in text
