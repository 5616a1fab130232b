"""Adding a further address to an account, and taking one away: the new address confirms by its mail (P6, I6).

The mail goes out whatever the address is, so that nobody learns who else is known here; who is asked for too much, and
what is ours or a vendor's, gets none. The link works only for who is signed in to the account that asked.
"""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from ...core import Millis
from ...core.account import LINK_LIVES, why_no_claim
from ...core.audit import Action
from ...core.letter import Mailbox
from ...links import LinkError
from ...mail import wording
from ...mail.values import NOTHING_ASKED
from ...notice import post
from ...store import accounts, parties
from ...store.accounts import Claim
from ...store.database import Tx
from ..counter import Counter, go
from ..page import Page, Visitor, Who
from ..sign_in.entrance import act
from ..sign_in.entry import readable
from ..stops import Missing

ADD = "customer/add-address"
ADDED = "customer/address-added"
_SECRET_OCTETS = 32


class AddressPages:
    """The handlers; each takes a request and its visitor and answers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        confirm = "/account/address/{token}"
        return (
            Page("POST", "/account/addresses", self.ask, Who.CUSTOMER, "Add an address", per_hour=20),
            Page("POST", "/account/addresses/remove", self.remove, Who.CUSTOMER, "Remove an address"),
            Page("GET", confirm, self.show, Who.CUSTOMER, "Confirm an address"),
            Page("POST", confirm, self.confirm, Who.CUSTOMER, "Confirm an address"),
        )

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """Send the link to the address that was typed."""
        address = readable(str((await request.form()).get("address", "")))
        if not address:
            return go("/account?done=wrong")
        now, secret = self._counter.now(), secrets.token_urlsafe(_SECRET_OCTETS)
        why = await self._counter.write(lambda tx: self._ask(tx, visitor, address, secret, now))
        self._counter.wake()
        return go(f"/account?done={why or 'claim'}")

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """Which address comes to which account, and the button; nothing happens yet."""
        token = request.path_params["token"]
        claim = await self._counter.read(lambda tx: self._good(tx, visitor, token))
        return self._counter.show("account/address", visitor, address=claim.address, taken=False)

    async def confirm(self, request: Request, visitor: Visitor) -> Response:
        """Add the address, and tell the account's own."""
        token, now = request.path_params["token"], self._counter.now()
        claim, why = await self._counter.write(lambda tx: self._take(tx, visitor, token, now))
        if why == "taken":
            return self._counter.show("account/address", visitor, 409, address=claim.address, taken=True)
        self._counter.wake()
        return go("/account?done=address")

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """Take one of the customer's further addresses away."""
        address, now = str((await request.form()).get("address", ""))[:254], self._counter.now()
        if not await self._counter.write(lambda tx: self._remove(tx, visitor, address, now)):
            raise Missing
        return go("/account?done=removed")

    def _ask(self, tx: Tx, visitor: Visitor, address: str, secret: str, now: Millis) -> str:
        person, house, brand = visitor.person, self._counter.house, visitor.brand
        own = (person.address, *accounts.addresses(tx, person.id))
        if why := why_no_claim(address, own=own, claims_today=accounts.claims_today(tx, person.id, now)):
            return why
        number = accounts.claim(tx, person.id, address, secret, until=now + LINK_LIVES, now=now)
        if house.is_one_of_us(address) or parties.vendor_writing_from(tx, address) is not None:
            return ""
        until = wording.moment(now + LINK_LIVES, visitor.language, visitor.zone)
        link = f"{brand.portal.rstrip('/')}/account/address/{secret}"
        post(
            tx, house, brand, template=ADD, to=Mailbox(address=address), language=visitor.language,
            key=f"claim-{number}", now=now,
            values={"link": link, "until": until, "confirm": {**NOTHING_ASKED, "names": [person.address]}},
        )  # fmt: skip
        return ""

    def _good(self, tx: Tx, visitor: Visitor, token: str) -> Claim:
        """What the link is about, if it is this customer's and still good. Raises LinkError."""
        claim = accounts.claimed(tx, token)
        if claim is None or claim.customer != visitor.person.id:
            raise LinkError("this link is not one of ours")
        if claim.used is not None or self._counter.now() >= claim.expires:
            raise LinkError("this link is no longer good", expired=True)
        return claim

    def _take(self, tx: Tx, visitor: Visitor, token: str, now: Millis) -> tuple[Claim, str]:
        claim, person, house = self._good(tx, visitor, token), visitor.person, self._counter.house
        why = accounts.take(tx, claim, now)
        if why == "old":
            raise LinkError("this link is no longer good", expired=True)
        if not why:
            house.audit.write(tx, act(Action.ADDRESS_ADDED, person, address=claim.address), now)
            post(
                tx, house, visitor.brand, template=ADDED, to=Mailbox(address=person.address, name=person.name),
                language=visitor.language, key=f"address-{claim.id}", now=now,
                values={
                    "link": f"{visitor.brand.portal.rstrip('/')}/account",
                    "confirm": {**NOTHING_ASKED, "names": [claim.address]},
                },
            )  # fmt: skip
        return claim, why

    def _remove(self, tx: Tx, visitor: Visitor, address: str, now: Millis) -> bool:
        removed = accounts.remove(tx, visitor.person.id, address)
        if removed:
            said = act(Action.ADDRESS_REMOVED, visitor.person, address=address)
            self._counter.house.audit.write(tx, said, now)
        return removed
