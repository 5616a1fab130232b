"""A member of staff asks, the customer agrees, the member acts, the customer takes it back: in two real browsers."""

import pytest

from .conftest import JANE, hindrances

pytestmark = pytest.mark.real("chromium")


@pytest.mark.catalogue("J04", "J12", "J14")
def test_asked_agreed_acted_and_taken_back_in_the_middle(street, person):
    street.arrive(JANE, "Checkout Composer", "The checkout stays empty since yesterday.")
    anna, jane = person(), person(width=390)
    street.be_staff(anna.context)

    anna.goto(f"{street.base}/staff/customers/{street.customer(JANE)}/log-in?ticket=1001")
    assert hindrances(anna) == []
    anna.get_by_label("Why").fill("to see the empty checkout as you see it")
    anna.get_by_label("Look, write and close tickets in their name").check()
    anna.get_by_label("They may agree until").select_option("4")
    anna.get_by_role("button", name="Send the request").click()
    assert anna.get_by_role("cell", name="open").is_visible()

    jane.goto(street.link("customer/log-in-request", JANE))
    assert hindrances(jane) == []
    assert "Anna Berg" in jane.get_by_role("heading", level=1).inner_text()
    jane.get_by_label("Looking, and writing and closing tickets in my name").check()
    jane.get_by_role("button", name="Yes, they may").click()
    assert jane.get_by_role("heading", name="You have agreed").is_visible()

    anna.goto(street.link("staff/log-in-answered", "anna@staff.example"))
    anna.get_by_role("button", name="Log in to look and act").click()
    anna.get_by_role("link", name="Go on").click()
    assert hindrances(anna) == []
    anna.get_by_role("button", name="Log in as them").click()
    banner = anna.get_by_role("region", name="Logged in as a customer")
    assert "Anna Berg" in banner.inner_text() and "30 min left" in banner.inner_text()
    assert hindrances(anna) == []
    anna.get_by_label("Your message").fill("It works again with the newest version.")
    anna.get_by_role("button", name="Send").click()
    assert anna.get_by_text("writes this in the name of").is_visible()
    anna.emulate_media(media="print")
    assert banner.is_visible()
    anna.emulate_media(media="screen")

    street.sign_in(jane)
    jane.goto(f"{street.base}/account/log-ins")
    assert hindrances(jane) == []
    jane.get_by_role("button", name="Take it back").click()
    anna.get_by_label("Your message").fill("One more thing.")
    anna.get_by_role("button", name="Send").click()
    assert anna.get_by_role("heading", name="You are no longer logged in as the customer").is_visible()
    assert hindrances(anna) == []
    jane.goto(f"{street.base}/tickets/1001")
    assert jane.get_by_text("It works again with the newest version.").is_visible()
    assert not jane.get_by_text("One more thing.").is_visible()
    over = street.market.sent("customer/log-in-ended")
    assert len(over) == 1 and "Answer · 1001" in over[0].text and "You have ended it." in over[0].text
