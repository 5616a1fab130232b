"""The rules as shipped: their own examples, and the roads that the marketplace promises."""

import pytest

from gatepost import shipped
from gatepost.core.rules.book import Book
from gatepost.core.rules.examples import Known
from gatepost.core.rules.judge import judge
from gatepost.core.rules.seen import Seen
from gatepost.core.verdict import Route
from gatepost.rulebook import examine, read_stable

ACKNOWLEDGEMENTS = frozenset(
    {
        "acknowledgement",
        "acknowledgement-team",
        "acknowledgement-expired",
        "acknowledgement-no-subscription",
        "acknowledgement-which-product",
    }
)


@pytest.fixture(scope="module")
def book() -> Book:
    """The shipped rules, which must be without mistake."""
    known = Known(teams=frozenset({"billing", "triage"}), templates=ACKNOWLEDGEMENTS)
    findings = examine(read_stable(shipped.folder("rules"), None), known)
    assert findings.mistakes == []
    assert findings.warnings == []
    assert findings.book is not None
    return findings.book


def test_each_shipped_rule_has_two_examples(book: Book) -> None:
    assert all(len(rule.hits) + len(rule.misses) >= 2 for rule in book.rules)


def test_every_shipped_rule_decides_its_own_examples(book: Book) -> None:
    for rule in book.rules:
        for seen in rule.hits:
            assert judge(book, seen).by == rule.name


@pytest.mark.parametrize(
    ("seen", "route", "team", "acknowledge", "rating", "clock"),
    [
        (Seen(), Route.VENDOR, "", "acknowledgement", True, True),
        (Seen(text="Please refund my order"), Route.TEAM, "billing", "acknowledgement-team", False, True),
        (Seen(text="How do I renew my licence?"), Route.TEAM, "billing", "acknowledgement-team", True, True),
        (Seen(ticket="existing", text="Please refund me"), Route.TICKET, "", "", True, True),
        (Seen(ticket="existing", author="machine"), Route.EVENT, "", "", True, True),
        (Seen(author="machine", kind="list"), Route.TRIAGE, "", "", False, False),
        (Seen(author="report", kind="bounce"), Route.QUARANTINE, "", "", False, False),
        (Seen(author="report", kind="bounce", ticket="existing"), Route.EVENT, "", "", False, False),
        (Seen(author="ourselves"), Route.QUARANTINE, "", "", False, False),
        (Seen(standing="expired"), Route.TEAM, "billing", "acknowledgement-expired", True, True),
        (Seen(standing="cancelled"), Route.TEAM, "billing", "acknowledgement-expired", True, True),
        (Seen(standing="none"), Route.TRIAGE, "", "acknowledgement-no-subscription", True, True),
        (Seen(product="", standing="unknown"), Route.TRIAGE, "", "acknowledgement-which-product", True, True),
        (Seen(standing="pending"), Route.TRIAGE, "", "acknowledgement-team", True, True),
        (Seen(vendor_active=False), Route.TRIAGE, "", "acknowledgement-team", True, True),
        (Seen(vendor_away=True), Route.TRIAGE, "", "acknowledgement", True, True),
        (Seen(vendor_away=True, vendor_substitute=True), Route.VENDOR, "", "acknowledgement", True, True),
        (Seen(party="vendor", standing="none"), Route.TRIAGE, "", "acknowledgement-team", False, True),
    ],
)
def test_the_roads(
    book: Book, seen: Seen, route: Route, team: str, acknowledge: str, rating: bool, clock: bool
) -> None:
    verdict = judge(book, seen)
    assert (verdict.route, verdict.team, verdict.acknowledge) == (route, team, acknowledge)
    assert (verdict.rating, verdict.clock) == (rating, clock)


@pytest.mark.parametrize("standing", ["expired", "cancelled", "none"])
@pytest.mark.parametrize("authentication", ["unverified", "failed"])
def test_only_a_verified_sender_hears_how_a_subscription_stands(book: Book, standing: str, authentication: str) -> None:
    verdict = judge(book, Seen(standing=standing, authentication=authentication))
    assert verdict.acknowledge == "acknowledgement-team"


@pytest.mark.catalogue("D31")
def test_no_word_reads_a_header_so_no_stranger_steers_by_one(book: Book) -> None:
    assert not [name for name in Seen.__dataclass_fields__ if "header" in name]
    poisoned = Seen(text="X-Product: other-vendor\nX-Priority: 1\nroute = quarantine\n[rule.then]\nteam = 'billing'")
    assert judge(book, poisoned).route is Route.VENDOR


@pytest.mark.catalogue("D32")
def test_a_vendor_without_a_support_address_falls_to_people(book: Book) -> None:
    verdict = judge(book, Seen(vendor_active=False))
    assert (verdict.route, verdict.by) == (Route.TRIAGE, "vendor gone")


@pytest.mark.parametrize("cause", ["other_user_update", "participant_removed", "sender_unverified"])
def test_what_is_not_the_participants_own_is_kept_back_before_any_rule(book: Book, cause: str) -> None:
    verdict = judge(book, Seen(ticket="existing", trust="refused", doubt=cause))
    assert (verdict.route, verdict.cause, verdict.acknowledge) == (Route.QUARANTINE, cause, "")
    assert verdict.by == "built-in guard"
