"""A member of staff asks, the customer agrees, the member acts, the customer takes it back: in two real browsers."""

import pytest
from playwright.sync_api import expect

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
    expect(anna.get_by_role("cell", name="open")).to_be_visible()

    jane.goto(street.link("customer/log-in-request", JANE))
    assert hindrances(jane) == []
    expect(jane.get_by_role("heading", level=1)).to_contain_text("Anna Berg")
    jane.get_by_label("Looking, and writing and closing tickets in my name").check()
    jane.get_by_role("button", name="Yes, they may").click()
    expect(jane.get_by_role("heading", name="You have agreed")).to_be_visible()

    anna.goto(street.link("staff/log-in-answered", "anna@staff.example"))
    anna.get_by_role("button", name="Log in to look and act").click()
    anna.get_by_role("link", name="Go on").click()
    assert hindrances(anna) == []
    anna.get_by_role("button", name="Log in as them").click()
    banner = anna.get_by_role("region", name="Logged in as a customer")
    expect(banner).to_contain_text("Anna Berg")
    expect(banner).to_contain_text("30 min left")
    assert hindrances(anna) == []
    anna.get_by_label("Your message").fill("It works again with the newest version.")
    anna.get_by_role("button", name="Send").click()
    expect(anna.get_by_text("writes this in the name of")).to_be_visible()
    anna.emulate_media(media="print")
    expect(banner).to_be_visible()
    anna.emulate_media(media="screen")

    street.sign_in(jane)
    jane.goto(f"{street.base}/account/log-ins")
    assert hindrances(jane) == []
    jane.get_by_role("button", name="Take it back").click()
    anna.get_by_label("Your message").fill("One more thing.")
    anna.get_by_role("button", name="Send").click()
    expect(anna.get_by_role("heading", name="You are no longer logged in as the customer")).to_be_visible()
    assert hindrances(anna) == []
    jane.goto(f"{street.base}/tickets/1001")
    expect(jane.get_by_text("It works again with the newest version.")).to_be_visible()
    expect(jane.get_by_text("One more thing.")).not_to_be_visible()
    over = street.market.sent("customer/log-in-ended")
    assert len(over) == 1 and "Answer · 1001" in over[0].text and "You have ended it." in over[0].text
