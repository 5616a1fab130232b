"""Leave to log in as a customer, step by step in transactions: asked for, answered, started, used, over.

What is allowed is core/consent.py's word. Each step, and each refusal, is in the audit log in the same transaction, and
the customer hears by mail of what concerns them (L6).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...core import Millis
from ...core.audit import Act, Action, ActorKind, Details, Who
from ...core.consent import (
    LONGEST,
    START_WITHIN,
    Asker,
    Consent,
    Ended,
    Impersonation,
    Refused,
    Scope,
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
from ...core.party import Brand
from ...core.staff import Member, Permission
from ...house import House
from ...store import accounts, consents, parties, sessions
from ...store.consents import Live
from ...store.database import Tx
from . import letters

_SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Leave:
    """The steps, in the house whose members, brands and audit log they are about."""

    house: House

    def ask(self, tx: Tx, member: Member, customer: int, wish: Wish, now: Millis) -> Consent | Refused:
        """Ask a customer by mail for leave; only their answer on the page behind the mail's link counts (J06)."""
        earlier = consents.recent(tx, customer, now)
        brand, target = self._brand(wish.brand), self._target(tx, customer)
        asker = self._asker(member, brand)
        refused = may_ask(asker, target, wish, earlier, brand_on=brand.impersonation, now=now)
        if refused is not None:
            return self._refused(tx, member, customer, wish, refused, now)
        wanted = Consent(
            id=0, customer=customer, staff=member.slug, staff_name=member.name, brand=brand.slug, ticket=wish.ticket,
            reason=wish.reason.strip(), scope=wish.scope, until=wish.until, asked=now,
        )  # fmt: skip
        consent = consents.ask(tx, wanted)
        details = {
            "consent": consent.id,
            "reason": consent.reason,
            "scope": consent.scope.value,
            "until": consent.until,
        }
        self._audit(tx, member.who, Action.CONSENT_ASKED, customer, details, now)
        letters.asked(tx, self.house, brand, consent, now)
        return consent

    def answer(
        self, tx: Tx, number: int, customer: int, *, scope: Scope | None, until: Millis, now: Millis
    ) -> Consent | Refused:
        """Take the customer's answer: yes for a scope until an instant, or no where `scope` is None."""
        consent = self._own(tx, number, customer)
        if consent is None:
            return Refused.OTHER_CUSTOMER
        after = decline(consent, now=now) if scope is None else approve(consent, scope=scope, until=until, now=now)
        if isinstance(after, Refused) or not consents.answer(tx, after, consent.stage):
            return after if isinstance(after, Refused) else Refused.ANSWERED
        action = Action.CONSENT_DECLINED if scope is None else Action.CONSENT_GIVEN
        details = {"consent": number, "scope": after.scope.value, "until": after.until}
        self._audit(tx, self._customer(tx, customer), action, customer, details, now)
        letters.answered(tx, self.house, self._brand(after.brand), after, now)
        return after

    def answered_by_staff(self, tx: Tx, member: Member, consent: Consent, now: Millis) -> None:
        """Write down that a member of staff has pressed the customer's button; it counts for nothing."""
        details = {"why": "a member of staff answered for the customer", "consent": consent.id}
        self._audit(tx, member.who, Action.IMPERSONATION_REFUSED, consent.customer, details, now)

    def withdraw(self, tx: Tx, number: int, customer: int, now: Millis) -> Consent | Refused:
        """Take a leave back; the session that hangs on it is over at its next request, and is ended here (J04)."""
        consent = self._own(tx, number, customer)
        if consent is None:
            return Refused.OTHER_CUSTOMER
        after = withdraw(consent, now=now)
        if isinstance(after, Refused) or not consents.answer(tx, after, consent.stage):
            return after if isinstance(after, Refused) else Refused.ANSWERED
        self._audit(tx, self._customer(tx, customer), Action.CONSENT_REVOKED, customer, {"consent": number}, now)
        self._end_all(tx, (one for one in consents.live(tx, customer=customer) if one.session.consent == number), now)
        return after

    def switch(self, tx: Tx, customer: int, scope: Scope | None, now: Millis) -> None:
        """Turn the switch of the account page; off, it ends every session that it has allowed."""
        consents.set_switch(tx, customer, scope, now)
        action = Action.CONSENT_GIVEN if scope is not None else Action.CONSENT_REVOKED
        details = {"switch": scope.value if scope is not None else "off"}
        self._audit(tx, self._customer(tx, customer), action, customer, details, now)
        allowed = (one for one in consents.live(tx, customer=customer) if not one.session.consent)
        self._end_all(tx, (one for one in allowed if scope is None or not one.session.scope.within(scope)), now)

    def mint(
        self, tx: Tx, member: Member, staff_session: int, customer: int, wish: Wish, consent: int, now: Millis
    ) -> str | Refused:
        """Prepare a session; the token, with which it can be begun once within a minute (L3)."""
        brand, target = self._brand(wish.brand), self._target(tx, customer)
        asker = self._asker(member, brand)
        found = consents.find(tx, consent) if consent else None
        nested = bool(consents.live(tx, staff=member.slug))
        refused = (
            Refused.NO_CONSENT
            if consent and found is None
            else may_start(
                replace(asker, impersonates=nested), target, wish, found, brand_on=brand.impersonation, now=now
            )
        )
        if refused is not None:
            return self._refused(tx, member, customer, wish, refused, now)
        token = secrets.token_urlsafe(_SECRET_OCTETS)
        session = Impersonation(
            id=0, consent=found.id if found is not None else 0, customer=customer, staff=member.slug,
            staff_name=member.name, brand=brand.slug, ticket=wish.ticket,
            reason=found.reason if found is not None else wish.reason.strip(), scope=wish.scope, started=now,
            ends=now + LONGEST, seen=now,
        )  # fmt: skip
        consents.mint(tx, session, staff_session=staff_session, start=sessions.digest(token))
        return token

    def waiting(self, tx: Tx, token: str, now: Millis) -> Live | None:
        """The session that this token can begin."""
        return consents.waiting(tx, sessions.digest(token), now - START_WITHIN, now)

    def begin(self, tx: Tx, token: str, *, peer: str, now: Millis) -> tuple[Impersonation, str] | Refused:
        """Begin it, and tell the customer; the session and the secret of its cookie."""
        found = self.waiting(tx, token, now)
        if found is None:
            return Refused.USED
        session = found.session
        member = self._member(tx, found)
        wish = Wish(
            brand=session.brand, ticket=session.ticket, reason=session.reason, scope=session.scope, until=session.ends
        )
        consent = consents.find(tx, session.consent) if session.consent else None
        if member is None or not self._signed_in(tx, found, now):
            return Refused.NO_PERMISSION
        brand, target = self._brand(session.brand), self._target(tx, session.customer)
        nested = bool(consents.live(tx, staff=member.slug))
        refused = may_start(
            replace(self._asker(member, brand), impersonates=nested), target, wish, consent,
            brand_on=brand.impersonation, now=now,
        )  # fmt: skip
        if refused is not None:
            return self._refused(tx, member, session.customer, wish, refused, now)
        secret, until = secrets.token_urlsafe(_SECRET_OCTETS), ends(consent, now)
        if not consents.begin(tx, session.id, cookie=sessions.digest(secret), ends=until, peer=peer, now=now):
            return Refused.USED
        session = replace(session, started=now, seen=now, ends=until)
        details = {"reason": session.reason, "scope": session.scope.value, "ends": until, "ticket": session.ticket}
        details |= {"peer": peer, "consent": session.consent}
        self._audit(tx, member.who, Action.IMPERSONATION_STARTED, session.customer, details, now, grant=session.id)
        letters.started(tx, self.house, brand, session, now)
        return session, secret

    def over(self, tx: Tx, found: Live, now: Millis) -> Ended | None:
        """Why a session is over at this request; None while it lives. Everything is read from the store (J04)."""
        session = found.session
        member = self._member(tx, found)
        around = Standing(
            brand_on=self._brand(session.brand).impersonation,
            staff_signed_in=self._signed_in(tx, found, now),
            staff_permitted=member is not None and member.may(Permission.IMPERSONATE) and member.at(session.brand),
            customer_open=self._target(tx, session.customer).open,
            leave=consents.leave_of(tx, session),
        )
        return why_over(session, around, now)

    def end(self, tx: Tx, session: Impersonation, why: Ended, now: Millis) -> bool:
        """End a session, and tell the customer what was done in it (L6). False where that had been done before."""
        if not consents.end(tx, session.id, why.value, now):
            return False
        acts = consents.acts(tx, session.id)
        details = {"why": why.value, "acts": sum(act.did for act in acts), "looks": sum(not act.did for act in acts)}
        who = self._by(tx, session, why)
        self._audit(tx, who, Action.IMPERSONATION_ENDED, session.customer, details, now, grant=session.id)
        brand, ended = self._brand(session.brand), replace(session, ended=now, why=why.value)
        letters.ended(tx, self.house, brand, ended, acts, now)
        return True

    def sweep(self, tx: Tx, now: Millis) -> int:
        """End every session that is over, so that its customer hears of it though nobody comes back; how many."""
        done = 0
        for one in consents.live(tx):
            why = self.over(tx, one, now)
            done += why is not None and self.end(tx, one.session, why, now)
        return done

    def end_all(self, tx: Tx, customer: int, now: Millis) -> None:
        """End every session as this customer: they have signed out everywhere."""
        self._end_all(tx, consents.live(tx, customer=customer), now)

    def _end_all(self, tx: Tx, found: Iterable[Live], now: Millis) -> None:
        for one in tuple(found):
            self.end(tx, one.session, Ended.CUSTOMER, now)

    def _by(self, tx: Tx, session: Impersonation, why: Ended) -> Who:
        """Who ended it: the staff member, the customer, or time and circumstance."""
        member = self.house.members.get(session.staff)
        if why is Ended.STAFF and member is not None:
            return member.who
        if why is Ended.CUSTOMER:
            return self._customer(tx, session.customer)
        return Who(kind=ActorKind.SYSTEM, name="gatepost")

    def _asker(self, member: Member, brand: Brand) -> Asker:
        permitted = member.may(Permission.IMPERSONATE) and member.at(brand.slug)
        return Asker(staff=member.slug, name=member.name, permitted=permitted)

    def _target(self, tx: Tx, number: int) -> Target:
        """Whom it is about: no member of staff's and no vendor's address is ever a plain customer's (J08)."""
        customer = parties.customer(tx, number)
        if customer is None or not customer.address:
            return Target(customer=number, plain=True, open=False)
        ours = self.house.is_one_of_us(customer.address) or customer.address.casefold() in {
            member.address.casefold() for member in self.house.members.values()
        }
        vendor, account = parties.vendor_writing_from(tx, customer.address), accounts.find(tx, number)
        return Target(
            customer=number,
            plain=not ours and vendor is None,
            open=account is None or account.open,
            standing=consents.standing(tx, number),
        )

    def _brand(self, slug: str) -> Brand:
        brand = self.house.brands.get(slug)
        return brand if brand is not None else next(iter(self.house.brands.values()))

    def _member(self, tx: Tx, found: Live) -> Member | None:
        """The member, with what they may in the staff session that it hangs on."""
        staff = sessions.get(tx, found.staff_session)
        return self.house.member_by(found.session.staff, staff.groups if staff is not None else None)

    def _signed_in(self, tx: Tx, found: Live, now: Millis) -> bool:
        """Whether the staff session that it hangs on is still open (J13)."""
        staff = sessions.get(tx, found.staff_session)
        return staff is not None and staff.ended is None and now < staff.expires and staff.staff == found.session.staff

    def _own(self, tx: Tx, number: int, customer: int) -> Consent | None:
        consent = consents.find(tx, number)
        return consent if consent is not None and consent.customer == customer else None

    def _refused(self, tx: Tx, member: Member, customer: int, wish: Wish, why: Refused, now: Millis) -> Refused:
        """Refuse, and keep who wanted what of whom."""
        details = {"why": why.value, "ticket": wish.ticket, "scope": wish.scope.value, "brand": wish.brand}
        self._audit(tx, member.who, Action.IMPERSONATION_REFUSED, customer, details, now)
        return why

    def _customer(self, tx: Tx, number: int) -> Who:
        customer = parties.customer(tx, number)
        name = customer.address if customer is not None and customer.address else f"customer {number}"
        return Who(kind=ActorKind.CUSTOMER, name=name, party=number)

    def _audit(
        self, tx: Tx, actor: Who, action: Action, customer: int, details: Details, now: Millis, *, grant: int = 0
    ) -> None:
        """Write down a step; `grant` is the session that it belongs to, 0 for none."""
        whom = self._customer(tx, customer) if grant else None
        act = Act(
            actor=actor, action=action, object=f"customer {customer}", on_behalf_of=whom, grant=grant,
            details=details, about=customer,
        )  # fmt: skip
        self.house.audit.write(tx, act, now)
