"""Which addresses masking keeps from whom: each side sees its own, staff see all (D5)."""

import pytest

from gatepost.core.letter import Attachment
from gatepost.core.party import Participant, Role, Vendor
from gatepost.mail.relay import hidden_from, relay

ACME = Vendor(
    id=1,
    slug="acme",
    name="Acme",
    support_address="help@acme.example",
    contact_address="boss@acme.example",
    senders=("@desk.acme.example",),
)
PEOPLE = tuple(
    Participant(ticket=1, number=number, role=role, address=address)
    for number, (role, address) in enumerate(
        [
            (Role.REQUESTER, "jane@shop.example"), (Role.COPIED, "joe@shop.example"), (Role.VENDOR, "help@acme.example"),
            (Role.COLLABORATOR, "eve@other.example"), (Role.STAFF, "team@market.example"),
        ],
        1,
    )
)  # fmt: skip
THEIRS = ("@desk.acme.example", "boss@acme.example", "eve@other.example", "help@acme.example")


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.REQUESTER, THEIRS),
        (Role.COPIED, THEIRS),
        (Role.VENDOR, ("jane@shop.example", "joe@shop.example")),
        (Role.COLLABORATOR, ("jane@shop.example", "joe@shop.example")),
        (Role.STAFF, ()),
    ],
)
def test_each_side_does_not_see_the_other(role, hidden):
    to = next(person for person in PEOPLE if person.role is role)
    assert hidden_from(to, PEOPLE, ACME) == hidden


def test_what_is_relayed_is_cleaned_before_anything_else_reads_it():
    report = "### WordPress Environment ###\nAdmin: secret\n### Server Environment ###\nPHP Version: 8.1\n"
    relayed = relay(f"secret words\n\n{report}", (), lambda text: text.replace("secret", "…"))
    assert relayed.words == "… words"
    assert relayed.report is not None and relayed.report.php == "8.1"
    assert [b"secret" in file.content for file in relayed.files] == [False]


def test_a_report_that_came_as_a_file_is_not_attached_twice():
    content = b"### WordPress Environment ###\nWP Version: 6\n### Server Environment ###\nPHP Version: 8.1\n"
    file = Attachment(filename="status.txt", content_type="text/plain", size=len(content), sha256="", content=content)
    relayed = relay("words", (file,), str)
    assert (relayed.words, relayed.files) == ("words", (file,)) and relayed.report is not None
