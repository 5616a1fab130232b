"""The sentence above what staff writes in a customer's name: it goes wherever the words go (L5)."""

from ...mail.catalogue import say
from ..page import Visitor


def by_line(visitor: Visitor) -> str:
    """The sentence; '' for who writes in their own name."""
    if not visitor.grant:
        return ""
    person = visitor.person
    return say(
        visitor.brand.languages[0],
        "[%(staff)s of %(brand)s writes this in the name of %(customer)s.]",
        staff=visitor.staff_name,
        brand=visitor.brand.name,
        customer=person.name or person.address,
    )
