"""The table of every page: what is served, to whom, and what guards it. Each area brings its own lines.

To add a page: docs/portal.md, "A page of your own".
"""

from .account import AccountPages
from .addresses import AddressPages
from .by_link import LinkedPages
from .confirm import ConfirmPages
from .counter import Counter
from .impersonation import ImpersonationPages
from .new_ticket import NewTicketPages
from .page import Page
from .proofs import ProofPages
from .rating import RatingPages
from .secret import SecretPages
from .sign_in import SignInPages
from .staff_audit import StaffAudit
from .staff_customers import StaffCustomers
from .staff_door import StaffDoor
from .staff_log_in import StaffLogInPages
from .staff_outbox import StaffOutbox
from .staff_quarantine import StaffQuarantine
from .staff_queue import StaffQueue
from .staff_rules import StaffRules
from .staff_ticket import StaffTickets
from .staff_vendors import StaffVendors
from .style import StylePage
from .table import Table
from .ticket import TicketPages
from .ticket_list import TicketList
from .vendor import VendorPages
from .which_product import WhichProductPages


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
        *StaffDoor(counter).pages(),
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
