"""The table of every page: what is served, to whom, and what guards it. Each area brings its own lines.

To add a page: docs/portal.md, "A page of your own".
"""

from .counter import Counter
from .customer.account import AccountPages
from .customer.addresses import AddressPages
from .customer.new_ticket import NewTicketPages
from .customer.ticket import TicketPages
from .customer.ticket_list import TicketList
from .impersonation.pages import ImpersonationPages
from .impersonation.staff_pages import StaffLogInPages
from .linked.confirm import ConfirmPages
from .linked.rating import RatingPages
from .linked.secret import SecretPages
from .linked.tickets import LinkedPages
from .linked.vendor import VendorPages
from .linked.vendor_change import VendorChangePages
from .linked.which_product import WhichProductPages
from .page import Page
from .sign_in.pages import SignInPages
from .sign_in.proofs import ProofPages
from .staff.audit import StaffAudit
from .staff.customers import StaffCustomers
from .staff.door import StaffDoor
from .staff.outbox import StaffOutbox
from .staff.provider import StaffProvider
from .staff.quarantine import StaffQuarantine
from .staff.queue import StaffQueue
from .staff.rules import StaffRules
from .staff.ticket import StaffTickets
from .staff.vendors import StaffVendors
from .style import StylePage
from .table import Table


def pages(counter: Counter) -> tuple[Page, ...]:
    """Every page over this counter."""
    sign_in = SignInPages(counter)
    every = (
        *StylePage(counter).pages(),
        *counter.faces.pages(),
        *sign_in.pages(),
        *TicketList(counter).pages(),
        *TicketPages(counter).pages(),
        *ProofPages(counter).pages(),
        *AccountPages(counter).pages(),
        *AddressPages(counter).pages(),
        *LinkedPages(counter).pages(),
        *NewTicketPages(counter).pages(),
        *ConfirmPages(counter).pages(),
        *RatingPages(counter).pages(),
        *WhichProductPages(counter).pages(),
        *VendorPages(counter).pages(),
        *VendorChangePages(counter).pages(),
        *StaffDoor(counter).pages(),
        *StaffProvider(counter).pages(),
        *StaffQueue(counter).pages(),
        *StaffTickets(counter).pages(),
        *StaffCustomers(counter).pages(),
        *StaffVendors(counter).pages(),
        *StaffQuarantine(counter).pages(),
        *StaffOutbox(counter).pages(),
        *StaffRules(counter).pages(),
        *StaffAudit(counter).pages(),
        *ImpersonationPages(counter).pages(),
        *StaffLogInPages(counter).pages(),
        *SecretPages(counter).pages(),
    )
    sign_in.table = Table(every)
    return every
