"""Who may log in as a customer, and when that is over: the table of what is refused, and what an answer may change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.consent import (
    ASKS_A_DAY,
    IDLE,
    LONGEST,
    Asker,
    Consent,
    Ended,
    Impersonation,
    Refused,
    Scope,
    Stage,
    Standing,
    Target,
    Wish,
    approve,
    decline,
    ends,
    may_ask,
    may_start,
    why_over,
    withdraw,
)

NOW = 1_793_610_000_000
ANNA = Asker(staff="anna", name="Anna Berg", permitted=True)
JANE = Target(customer=7, plain=True, open=True)
WISH = Wish(brand="orchard", ticket=1001, reason="to see the order", scope=Scope.READ, until=NOW + 4 * HOUR)
ASKED = Consent(
    id=3, customer=7, staff="anna", staff_name="Anna Berg", brand="orchard", ticket=1001, reason="to see the order",
    scope=Scope.ACT, until=NOW + 4 * HOUR, asked=NOW - HOUR,
)  # fmt: skip
GRANTED = replace(ASKED, stage=Stage.APPROVED, answered=NOW - MINUTE)
SESSION = Impersonation(
    id=9, consent=3, customer=7, staff="anna", staff_name="Anna Berg", brand="orchard", ticket=1001, reason="x",
    scope=Scope.READ, started=NOW, ends=NOW + LONGEST, seen=NOW,
)  # fmt: skip
FINE = Standing(brand_on=True, staff_signed_in=True, staff_permitted=True, customer_open=True, leave=Scope.READ)


@pytest.mark.catalogue("J01", "J07", "J08", "J09")
@pytest.mark.parametrize(
    ("asker", "target", "wish", "consent", "on", "refused"),
    [
        ({}, {}, {}, GRANTED, True, None),
        ({}, {}, {"scope": Scope.ACT}, GRANTED, True, None),
        ({}, {}, {}, GRANTED, False, Refused.OFF),
        ({"permitted": False}, {}, {}, GRANTED, True, Refused.NO_PERMISSION),
        ({"impersonates": True}, {}, {}, GRANTED, True, Refused.NESTED),
        ({}, {"plain": False}, {}, GRANTED, True, Refused.NOT_A_CUSTOMER),
        ({}, {"open": False}, {}, GRANTED, True, Refused.CLOSED),
        ({}, {}, {}, None, True, Refused.NO_CONSENT),
        ({}, {}, {}, ASKED, True, Refused.PENDING),
        ({}, {}, {}, replace(GRANTED, stage=Stage.DECLINED), True, Refused.DECLINED),
        ({}, {}, {}, replace(GRANTED, stage=Stage.WITHDRAWN), True, Refused.WITHDRAWN),
        ({}, {}, {}, replace(GRANTED, stage=Stage.USED), True, Refused.USED),
        ({}, {}, {}, replace(GRANTED, until=NOW), True, Refused.EXPIRED),
        ({}, {}, {}, replace(GRANTED, until=NOW + 1), True, None),
        ({"staff": "bert"}, {}, {}, GRANTED, True, Refused.OTHER_STAFF),
        ({}, {"customer": 8}, {}, GRANTED, True, Refused.OTHER_CUSTOMER),
        ({}, {}, {"ticket": 1002}, GRANTED, True, Refused.OTHER_TICKET),
        ({}, {}, {"brand": "grove"}, GRANTED, True, Refused.OTHER_BRAND),
        ({}, {}, {"scope": Scope.ACT}, replace(GRANTED, scope=Scope.READ), True, Refused.SCOPE),
        ({}, {"standing": Scope.READ}, {}, None, True, None),
        ({}, {"standing": Scope.READ}, {"reason": " "}, None, True, Refused.REASON),
        ({}, {"standing": Scope.READ}, {"scope": Scope.ACT}, None, True, Refused.SCOPE),
        ({}, {"standing": Scope.ACT, "plain": False}, {}, None, True, Refused.NOT_A_CUSTOMER),
    ],
)
def test_who_may_start_a_session(asker, target, wish, consent, on, refused):
    said = may_start(
        replace(ANNA, **asker), replace(JANE, **target), replace(WISH, **wish), consent, brand_on=on, now=NOW
    )
    assert said is refused


@pytest.mark.catalogue("J01")
@given(
    stage=st.sampled_from(Stage), staff=st.sampled_from(["anna", "bert"]), customer=st.sampled_from([7, 8]),
    ticket=st.sampled_from([0, 1001, 1002]), brand=st.sampled_from(["orchard", "grove"]), scope=st.sampled_from(Scope),
    until=st.integers(NOW - DAY, NOW + DAY), permitted=st.booleans(), plain=st.booleans(), opened=st.booleans(),
    nested=st.booleans(), on=st.booleans(),
)  # fmt: skip
def test_nothing_but_the_whole_leave_starts_a_session(
    stage, staff, customer, ticket, brand, scope, until, permitted, plain, opened, nested, on
):
    consent = replace(
        GRANTED, stage=stage, staff=staff, customer=customer, ticket=ticket, brand=brand, scope=scope, until=until
    )
    asker = replace(ANNA, permitted=permitted, impersonates=nested)
    said = may_start(asker, replace(JANE, plain=plain, open=opened), WISH, consent, brand_on=on, now=NOW)
    whole = (stage, staff, customer, ticket, brand) == (Stage.APPROVED, "anna", 7, 1001, "orchard")
    assert (said is None) == (whole and until > NOW and permitted and plain and opened and on and not nested)


@pytest.mark.catalogue("J18")
@pytest.mark.parametrize(
    ("wish", "earlier", "refused"),
    [
        ({}, (), None),
        ({"reason": "  "}, (), Refused.REASON),
        ({"until": NOW}, (), Refused.NOT_A_TIME),
        ({"until": NOW + DAY}, (), None),
        ({"until": NOW + DAY + 1}, (), Refused.NOT_A_TIME),
        ({}, (ASKED,), Refused.ASKED_ALREADY),
        ({}, (replace(ASKED, staff="bert"),), Refused.ASKED_ALREADY),
        ({}, (replace(ASKED, until=NOW),), None),
        ({"ticket": 1002}, (ASKED,), None),
        ({}, (replace(ASKED, stage=Stage.DECLINED),) * (ASKS_A_DAY - 1), None),
        ({}, (replace(ASKED, stage=Stage.DECLINED),) * ASKS_A_DAY, Refused.ASKED_OFTEN),
        ({}, (replace(ASKED, stage=Stage.DECLINED, asked=NOW - DAY),) * ASKS_A_DAY, None),
    ],
)
def test_how_often_a_customer_may_be_asked(wish, earlier, refused):
    assert may_ask(ANNA, JANE, replace(WISH, **wish), earlier, brand_on=True, now=NOW) is refused


@pytest.mark.catalogue("J03")
def test_an_answer_counts_once_and_never_widens_what_was_asked():
    narrow = approve(ASKED, scope=Scope.READ, until=NOW + HOUR, now=NOW)
    assert isinstance(narrow, Consent)
    assert (narrow.stage, narrow.scope, narrow.until) == (Stage.APPROVED, Scope.READ, NOW + HOUR)
    assert approve(ASKED, scope=Scope.ACT, until=ASKED.until + 1, now=NOW) is Refused.WIDER
    assert approve(replace(ASKED, scope=Scope.READ), scope=Scope.ACT, until=NOW + 1, now=NOW) is Refused.WIDER
    assert approve(ASKED, scope=Scope.READ, until=NOW, now=NOW) is Refused.NOT_A_TIME
    assert approve(ASKED, scope=Scope.READ, until=ASKED.until, now=ASKED.until) is Refused.EXPIRED
    refused = decline(ASKED, now=NOW)
    assert isinstance(refused, Consent)
    for answered in (narrow, refused, replace(narrow, stage=Stage.USED), replace(narrow, stage=Stage.WITHDRAWN)):
        assert approve(answered, scope=Scope.READ, until=NOW + 1, now=NOW) is Refused.ANSWERED
        assert decline(answered, now=NOW) is Refused.ANSWERED


def test_a_leave_can_be_taken_back_before_and_during_the_session():
    for stage in (Stage.OPEN, Stage.APPROVED, Stage.USED):
        back = withdraw(replace(GRANTED, stage=stage), now=NOW)
        assert isinstance(back, Consent)
        assert back.stage is Stage.WITHDRAWN
        assert withdraw(back, now=NOW) is Refused.ANSWERED


@pytest.mark.catalogue("J03", "J13")
def test_a_session_lasts_half_an_hour_and_never_longer_than_its_leave():
    assert ends(None, NOW) == NOW + 30 * MINUTE
    assert ends(GRANTED, NOW) == NOW + 30 * MINUTE
    assert ends(replace(GRANTED, until=NOW + MINUTE), NOW) == NOW + MINUTE


@pytest.mark.catalogue("J04", "J05", "J13")
@pytest.mark.parametrize(
    ("around", "after", "why"),
    [
        ({}, 0, None),
        ({}, IDLE - 1, None),
        ({}, IDLE, Ended.IDLE),
        ({}, LONGEST, Ended.TIME),
        ({"leave": None}, 0, Ended.CUSTOMER),
        ({"leave": Scope.ACT}, 0, None),
        ({"customer_open": False}, 0, Ended.CUSTOMER_GONE),
        ({"staff_signed_in": False}, 0, Ended.STAFF_LEFT),
        ({"staff_permitted": False}, 0, Ended.STAFF_GONE),
        ({"brand_on": False}, 0, Ended.BRAND_OFF),
    ],
)
def test_a_session_is_over_at_the_request_after_its_cause(around, after, why):
    assert why_over(SESSION, replace(FINE, **around), NOW + after) is why


def test_a_leave_that_was_narrowed_to_looking_ends_a_session_that_acts():
    assert why_over(replace(SESSION, scope=Scope.ACT), FINE, NOW) is Ended.CUSTOMER
