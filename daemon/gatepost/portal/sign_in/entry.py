"""Who may have an account here, and the customer whom an address belongs to once it is proved."""

from ...core.address import plain
from ...core.party import Customer
from ...house import House
from ...store import accounts, parties
from ...store.database import Tx


def refused(tx: Tx, house: House, address: str, access: str, *, proved: bool = False) -> str:
    """Why this address gets no account here, for the log of staff; '' where it gets one.

    `access` is the config's word for who may; `proved` says that an identity provider or the shop speaks for it.
    """
    if house.is_one_of_us(address):
        return "it is one of ours"
    if access == "sso" and not proved:
        return "accounts are for who comes by single sign-on"
    if access == "list" and parties.customer_of(tx, address) is None and not accounts.invited(tx, address):
        return "it is no customer's and was not invited"
    return ""


def customer_at(tx: Tx, address: str, language: str, name: str = "") -> Customer:
    """The customer with this proved address, in any case or as an alias; a new one where nobody has it yet."""
    known = parties.customer_of(tx, address)
    if known is not None:
        return known
    name = " ".join(name.split())
    number, _ = parties.put_customer(tx, Customer(id=0, address=address, language=language, name=name))
    return Customer(id=number, address=address, language=language, name=name)


def readable(text: str) -> str:
    """The address that a person has typed, '' where it is none."""
    try:
        return plain(text.strip())
    except ValueError:
        return ""
