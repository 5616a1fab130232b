"""A member who works for one brand sees, finds, is given and changes the tickets of that brand, and of no other."""

import re
from dataclasses import replace

import pytest

from gatepost.cli import run
from gatepost.core.consent import Scope
from gatepost.core.staff import OF_A_BRAND, Permission
from gatepost.portal.impersonation.leave import Leave
from gatepost.store import tickets

from .conftest import forms_of
from .staff_desk import MEMBERS, Floor
from .test_access import CONFIG
from .test_staff_roles import DONE, path_of, staff_pages, token, values_of

MINA = replace(MEMBERS["otto"], slug="mina", name="Mina", address="mina@staff.example", brands=("grove",),
               permissions=OF_A_BRAND)  # fmt: skip


@pytest.fixture
def floor(market):
    """Ticket 1001 is Orchard's, 1002 is Grove's, for which Mina works."""
    floor = Floor(market).fill()
    house = market.house
    orchard = house.brands["orchard"]
    house.brands["grove"] = replace(orchard, slug="grove", name="Grove", portal="https://my.grove.example")
    house.members = {**MEMBERS, "mina": MINA}
    house.staff_addresses |= {MINA.address}
    market.db.write_now(lambda tx: tickets.save(tx, replace(tickets.find(tx, 1002), brand="grove"), market.now))
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET brand = 'grove' WHERE number = 1002"))
    return floor


def numbers(answer):
    return re.findall(r"/staff/tickets/(\d+)\">\1<", answer.text)


def test_the_queue_its_counts_and_the_search_are_those_of_the_brand(floor):
    mina, vera = floor.staff("mina"), floor.staff("vera")
    page = mina.get("/staff/queue")
    counts = dict(re.findall(r"view=(\w+)\"[^>]*>\w+ <span class=\"count\">(\d+)", page.text))
    assert numbers(page) == ["1002"] and numbers(vera.get("/staff/queue")) == ["1002", "1001"]
    assert (counts["open"], counts["unassigned"], counts["held"]) == ("1", "1", "0")
    for view in ("open", "overdue", "held", "unassigned", "mine", "unread", "closed"):
        assert "1001" not in numbers(mina.get(f"/staff/queue?view={view}")), view
    assert numbers(mina.get("/staff/queue?q=jane@customer.example")) == ["1002"]
    assert numbers(mina.get("/staff/queue?q=model")) == [] and numbers(mina.get("/staff/queue?q=second")) == ["1002"]
    assert mina.get("/staff/queue?q=1001").status_code == 200 and mina.get("/staff/queue?q=1002").status_code == 303


@pytest.mark.catalogue("I12", "J07")
def test_no_page_and_no_form_of_another_brand_s_ticket_is_there(floor):
    values, mina = values_of(floor), floor.staff("mina")
    form = token(floor, mina)
    before = floor.market.rows("SELECT * FROM ticket WHERE number = 1001")[0]
    said = "SELECT count(*) AS n FROM message WHERE ticket = 1001"
    told = floor.market.rows(said)[0]["n"]
    for page in staff_pages(floor):
        if not page.path.startswith("/staff/tickets/"):
            continue
        path = path_of(page, values)
        fields = {
            "form": form,
            "text": "x",
            "who": MINA.address,
            "product": "tax-pro",
            "topic": "checkout",
            "anyway": "1",
        }
        answer = mina.get(path) if page.method == "GET" else mina.post(path, data=fields)
        assert answer.status_code == 404, (page.method, path)
        if page.method == "GET" and "{file}" not in page.path:
            assert mina.get(path.replace("1001", "1002")).status_code == 200
    assert dict(floor.market.rows("SELECT * FROM ticket WHERE number = 1001")[0]) == dict(before)
    assert floor.market.rows(said)[0]["n"] == told and not [who for who, *_ in floor.acts() if who == "mina"]


def test_what_is_theirs_they_work_on(floor):
    mina = floor.staff("mina")
    for word, fields in (("note", {"text": "Mine."}), ("assign", {"who": MINA.address}), ("close", {})):
        answer = mina.submit("/staff/tickets/1002", action=f"/staff/tickets/1002/{word}", **fields)
        assert answer.status_code == 303, word
    assert [action for who, action, _ in floor.acts() if who == "mina"] == [
        "ticket.noted", "ticket.assigned", "ticket.closed",
    ]  # fmt: skip


def test_customers_and_vendors_show_their_tickets_of_the_brand_alone(floor):
    mina = floor.staff("mina")
    assert numbers(mina.get(f"/staff/customers/{floor.jane}")) == ["1002"]
    assert "1001" not in numbers(mina.get("/staff/vendors/acme"))
    assert "Their first ticket." in mina.get("/staff/tickets/1002").text


def test_where_there_are_several_brands_the_queue_names_each_ticket_s(floor):
    page = floor.staff("vera").get("/staff/queue").text
    assert "· Grove" in page and "· Orchard Extensions" in page


def test_no_ticket_of_another_brand_is_given_to_them(floor):
    vera = floor.staff("vera")
    page = vera.get("/staff/tickets/1001")
    assert MINA.address not in page.text and MINA.address in vera.get("/staff/tickets/1002").text
    action = "/staff/tickets/1001/assign"
    assert vera.submit(page, action=action, who=MINA.address).status_code == 422
    house = floor.market.house
    assert house.assignee("mina", house.brands["orchard"]) == "" and house.assignee("mina", house.brands["grove"])


@pytest.mark.catalogue("J07")
def test_they_log_in_as_a_customer_of_their_brand_alone(floor):
    market = floor.market
    market.house.brands["grove"] = replace(market.house.brands["grove"], impersonation=True)
    market.db.write_now(lambda tx: Leave(market.house).switch(tx, floor.jane, Scope.READ, market.now))
    mina, path = floor.staff("mina"), f"/staff/customers/{floor.jane}/log-in"
    page = mina.get(path)
    key = forms_of(page.text)[-1]["fields"]["form"]
    assert 'value="orchard"' not in page.text
    for brand, status in (("orchard", 409), ("grove", 200)):
        for step in ("start", "ask"):
            data = {"form": key, "brand": brand, "reason": "to see it", "scope": "read", "ticket": "0", "hours": "1"}
            answer = mina.post(f"{path}/{step}", data=data)
            assert answer.status_code in ({status} if brand == "orchard" else {200, 303}), (brand, step)


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('roles = ["agent"]\nbrands = ["grove"]\n', "staff.mina.brands[0]: there is no brand grove"),
        ('roles = ["lead"]\nbrands = ["market"]\n', "their roles permit impersonate.log, outbox, quarantine"),
        ('roles = ["auditor"]\nbrands = ["market"]\n', "their roles permit audit, impersonate.log"),
    ],
)
def test_a_member_of_one_brand_has_no_role_that_shows_every_brand_s(tmp_path, monkeypatch, capsys, added, told):
    monkeypatch.chdir(tmp_path)
    member = '[staff.mina]\nname = "Mina"\naddress = "mina@office.example"\n'
    (tmp_path / "config.toml").write_text(CONFIG + member + added)
    assert run(["staff", "list", "-c", "config.toml"]) == 78
    assert told in capsys.readouterr().err


def test_every_permission_is_either_of_a_brand_or_named_as_showing_every_one():
    assert set(Permission) - OF_A_BRAND == {
        Permission.QUARANTINE, Permission.QUARANTINE_RAW, Permission.OUTBOX, Permission.IMPERSONATE_LOG,
        Permission.AUDIT, Permission.SETTINGS,
    }  # fmt: skip


def test_their_other_pages_open_as_their_role_says(floor):
    values, mina = values_of(floor), floor.staff("mina")
    for page in staff_pages(floor):
        if page.method == "GET" and page.permission and not page.path.startswith("/staff/tickets/"):
            status = mina.get(path_of(page, values)).status_code
            assert status in DONE if page.permission in OF_A_BRAND else status == 403, page.path
