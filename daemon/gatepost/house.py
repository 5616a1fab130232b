"""What the pipeline needs beside a transaction: everything that is made of the config, built once by `app`.

Names of products are cached here and read again when the store says that they have changed.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import assert_never
from urllib.parse import urlsplit

from .calendars import Calendars, hours_of_brand
from .config import AuthenticationSection, LimitsSection, ReplyAddressSection, SecretsSection
from .core import Millis
from .core.addresses import Addresses, Kind, Located
from .core.calendar import Calendar, is_open
from .core.discount import Discount
from .core.identity import Authentication, Citation, Place, Proof
from .core.letter import Envelope, Letter
from .core.own_links import without_secrets
from .core.party import Brand, Participant, Product, Role, Team, Vendor
from .core.product import Names, names_of
from .core.reply_address import Keys, Purpose, Token, find, read, sign
from .core.staff import ROLES, Member, Permission, by_groups
from .core.ticket import Fallback, Terms
from .core.topics import Topic, without
from .core.verdict import Route
from .links import Links
from .mail.authenticate import from_letter
from .mail.signing import Signer
from .mail.templates import Letters
from .promises import Promises, terms
from .rulebook import Rulebook
from .store import parties
from .store.audit import AuditLog
from .store.database import Tx
from .topics.catalogue import Shelf, Topics
from .vault import Vault, fresh

_STRENGTH = (Kind.REPLY, Kind.BOUNCE, Kind.PRODUCT, Kind.SUPPORT, Kind.POSTMASTER)


class House:
    """The marketplace as the config describes it, with its rules, letters, keys and calendars."""

    def __init__(
        self,
        *,
        hostname: str,
        staff: str,
        brands: tuple[Brand, ...],
        teams: Mapping[str, Team],
        addresses: Addresses,
        reply: ReplyAddressSection,
        keys: Keys,
        authentication: AuthenticationSection,
        limits: LimitsSection,
        promises: Promises,
        rulebook: Rulebook,
        letters: Letters,
        audit: AuditLog,
        signer: Signer | None = None,
        discounts: Mapping[str, Discount] | None = None,
        topics: Shelf | None = None,
        message_octets: int = 20_000_000,
        link_days: int = 30,
        view_days: int = 30,
        members: Mapping[str, Member] | None = None,
        roles: Mapping[str, tuple[Permission, ...]] = ROLES,
        group_roles: Mapping[str, tuple[str, ...]] | None = None,
        tell_assigned: bool = True,
        vault: Vault | None = None,
        secrets: SecretsSection | None = None,
    ) -> None:
        self.hostname = hostname
        self.staff = staff
        self.brands = {brand.slug: brand for brand in brands}
        self._portals = frozenset(urlsplit(brand.portal).netloc.lower() for brand in brands) - {""}
        self.domains = frozenset(brand.domain.lower() for brand in brands)
        self.teams = teams
        self.addresses = addresses
        self.keys = keys
        self.links = Links(keys)
        # A participant's token stands in each of their mails several times, and in every later one of the ticket.
        self._reply_token = lru_cache(maxsize=4_096)(partial(sign, keys, Purpose.REPLY))
        self.limits = limits
        self.rulebook = rulebook
        self.letters = letters
        self.audit = audit
        self._signer = signer
        self.discounts = discounts or {}
        self._topics = topics
        self.message_octets = message_octets
        self.link_days = link_days
        self.view_days = view_days
        self.members = members or {}
        self._roles, self._group_roles = roles, group_roles or {}
        self.tell_assigned = tell_assigned
        # Without keys of its own a house seals for itself alone: nobody opens it after its process has ended.
        self.vault = vault or fresh()
        self.secrets = secrets or SecretsSection()
        # Who may change tickets on the staff pages may do so by mail commands too.
        writers = [m.address for m in self.members.values() if m.may(Permission.TICKETS_WRITE)]
        people = (staff, *(team.address for team in teams.values()), *writers)
        self.staff_addresses = frozenset(address.casefold() for address in people)
        self._reply = reply
        self._authentication = authentication
        self.reopen_days = promises.reopen_days
        self.overdue_business_days = promises.overdue_business_days
        self._promises = promises
        self._calendars = Calendars()
        self._names: tuple[int, Names] = (-1, names_of(()))
        self.books_kept: set[str] = set()

    def assignee(self, name: str, brand: Brand) -> str:
        """The address of the member of staff that a rule names by slug or address; '' for nobody who works there."""
        member = self.members.get(name) or self.member_at(name)
        return member.address if member is not None and member.at(brand.slug) else ""

    def elsewhere(self, brand: Brand) -> frozenset[str]:
        """The addresses of members of staff who do not work for this brand."""
        return frozenset(m.address.casefold() for m in self.members.values() if not m.at(brand.slug))

    def member_by(self, staff: str, groups: Iterable[str] | None) -> Member | None:
        """The member of this name, as the config says today; with the roles of `groups` where they came by those."""
        member = self.members.get(staff)
        if member is None or groups is None or not self._group_roles:
            return member
        return by_groups(member, (role for group in groups for role in self._group_roles.get(group, ())), self._roles)

    def member_at(self, address: str) -> Member | None:
        """The member of staff with this address."""
        return next((m for m in self.members.values() if m.address.casefold() == address.casefold()), None)

    @property
    def topics(self) -> Topics:
        """The topics that serve now; none without their files."""
        return self._topics.topics if self._topics is not None else Topics()

    def look_at_topics(self, *, at_once: bool = False) -> bool:
        """Read the topics again where they have changed, or `at_once`; whether others serve now."""
        if self._topics is None:
            return False
        return self._topics.reload() if at_once else self._topics.poll()

    def names(self, tx: Tx) -> Names:
        """The names of every product, as they are in this transaction."""
        version = parties.version(tx)
        if self._names[0] != version:
            self._names = (version, names_of(parties.products(tx)))
        return self._names[1]

    def seal(self, raw: bytes, brand: Brand, now: Millis) -> bytes:
        """A composed mail of a brand as it goes out: signed where a DKIM key stands for the brand's domain (D3)."""
        if self._signer is None or not self._signer.covers(brand.domain):
            return raw
        return self._signer.sign(raw, now)

    def place(self, envelope: Envelope) -> Located | None:
        """By which of our addresses a mail came: a reply address before a product's before a support address."""
        located = [place for recipient in envelope.recipients if (place := self.addresses.locate(recipient))]
        return min(located, key=lambda place: _STRENGTH.index(place.kind), default=None)

    def brand_of(self, place: Located | None) -> Brand:
        """The brand of an address; the first one where it belongs to none in particular."""
        first = next(iter(self.brands.values()))
        return self.brands.get(place.brand, first) if place is not None else first

    def citations(self, letter: Letter, envelope: Envelope) -> tuple[Citation, ...]:
        """Every verified reply token of a mail: in its recipients, its References, its In-Reply-To."""
        found = [(Place.RECIPIENT, token) for token in self._tokens(envelope)]
        for place, ids in ((Place.REFERENCES, reversed(letter.references)), (Place.IN_REPLY_TO, letter.in_reply_to)):
            found += [(place, token) for cited in ids for token in find(self.keys, cited)]
        return tuple(Citation(place=place, token=token) for place, token in found if token.purpose is Purpose.REPLY)

    def returned(self, envelope: Envelope) -> Token | None:
        """The verified id of the mail of ours that came back: a report goes to its envelope sender (RFC 3464 2)."""
        return next((token for token in self._tokens(envelope) if token.purpose is Purpose.DELIVERY), None)

    def authenticate(self, letter: Letter) -> Proof:
        """What the mail itself can tell of its sender; in the mode `evaluate` the desk brings the proof instead."""
        section = self._authentication
        match section.mode:
            case "off":
                return Proof(result=Authentication.VERIFIED, why="authentication is off: From is believed")
            case "trusted-hop":
                return from_letter(
                    letter,
                    section.authserv_id,
                    fields=section.authserv_fields,
                    received_above=section.received_above,
                )
            case "evaluate":
                return Proof(result=Authentication.UNVERIFIED, why="the sender was not evaluated")
            case _:
                assert_never(section.mode)

    def topics_of(self, letter: Letter, product: Product | None) -> tuple[Topic, ...]:
        """What a mail is about, by its subject and its new words: at most two topics, best first.

        The product's name is left out: a fault of the Checkout Composer is not about paying.
        """
        names = (product.name, *product.aliases) if product is not None else ()
        return self.topics.of(without(f"{letter.subject}\n{letter.reply_text or letter.text}", names))

    def is_ours(self, address_or_id: str) -> bool:
        """Whether an address is one that we send from, or a Message-ID one that we have given."""
        bare = address_or_id.strip("<> ")
        if self.addresses.locate(bare) is not None:
            return True
        return any(token.purpose is Purpose.REPLY for token in find(self.keys, bare))

    def is_one_of_us(self, address: str) -> bool:
        """Whether an address is ours, or one of our staff's."""
        return self.is_ours(address) or address.casefold() in self.staff_addresses

    def unlinked(self, text: str) -> str:
        """`text` without the secrets of our own links: they are their recipient's, and whoever answers quotes them."""
        return without_secrets(text, self._portals)

    def reply_address(self, brand: Brand, participant: Participant) -> str:
        """The signed address of one participant on one ticket."""
        return self._signed_address(brand, self.token(participant))

    def _signed_address(self, brand: Brand, token: str) -> str:
        if self._reply.form == "subdomain":
            return f"{token}@{self._reply.domain}"
        return self._with_detail(brand.support[0], token)

    def confirm_token(self, question: int, participant: int) -> str:
        """The token of a question that this participant is asked."""
        return sign(self.keys, Purpose.CONFIRM, question, participant)

    def confirm_address(self, brand: Brand, question: int, participant: int) -> str:
        """The signed address to which a question is answered."""
        return self._signed_address(brand, self.confirm_token(question, participant))

    def answers(self, envelope: Envelope) -> Token | None:
        """The verified token of the question that a mail answers: of its envelope, never of its header (D27)."""
        return next((token for token in self._tokens(envelope) if token.purpose is Purpose.CONFIRM), None)

    def unsigned(self, envelope: Envelope) -> tuple[str, ...]:
        """Recipients that look like a reply address and carry no token of ours: somebody guesses, or a key is gone."""
        located = ((recipient, self.addresses.locate(recipient)) for recipient in envelope.recipients)
        return tuple(
            recipient
            for recipient, place in located
            if place is not None and place.kind is Kind.REPLY and read(self.keys, place.detail) is None
        )

    def product_address(self, brand: Brand, slug: str) -> str:
        """The address that files a ticket about a product, '' for the brand's own where it is not known."""
        return self._with_detail(brand.support[0], slug) if slug else brand.support[0]

    def bounce_address(self, brand: Brand, outbox: int, participant: int) -> str:
        """The envelope sender of one mail of ours: a report that comes to it is about that mail."""
        return self._with_detail(f"bounce@{brand.domain}", sign(self.keys, Purpose.DELIVERY, outbox, participant))

    def token(self, participant: Participant) -> str:
        """The token of a participant."""
        return self._reply_token(participant.ticket, participant.number)

    def message_id(self, token: str, key: str) -> str:
        """The Message-ID of the mail that the effect `key` sends: the same at every try."""
        unique = hashlib.sha256(f"{token} {key}".encode()).hexdigest()[:16]
        return f"{token}.{unique}@{self.hostname}" if token else f"{unique}@{self.hostname}"

    def thread_id(self, token: str) -> str:
        """The id that closes References: it brings a reply home where a provider has replaced our Message-ID."""
        return f"{token}@{self.hostname}"

    def terms(
        self, brand: Brand, participants: tuple[Participant, ...], vendor: Vendor | None, route: Route, now: Millis
    ) -> Terms:
        """The promises for a ticket, in the calendar of who answers it."""
        answers = vendor if route is Route.VENDOR else None
        own = terms(
            self._promises,
            calendar=self.calendar(brand, None, now),
            zone=brand.zone,
            participants=participants,
            staff=self.staff,
        )
        if answers is None:
            return own
        theirs = terms(
            self._promises,
            calendar=self.calendar(brand, answers, now),
            zone=brand.zone,
            participants=participants,
            staff=self.staff,
            team=self.answering(0, 0, Route.TRIAGE, "triage", None, now),
        )
        return replace(theirs, fallback=self._fallback(answers, theirs, own))

    def _fallback(self, vendor: Vendor, theirs: Terms, own: Terms) -> Fallback:
        """Who takes a ticket over that its vendor leaves lying: the substitute, or else the triage team."""
        team = self.answering(0, 0, Route.TRIAGE, "triage", None, 0)
        triage = Fallback(participant=team, route=Route.TRIAGE, team="triage", terms=own)
        substitute = vendor.away.substitute if vendor.away is not None else ""
        if not substitute or any(p.address == substitute for p in theirs.participants):
            return triage
        stands_in = Participant(
            ticket=0,
            number=0,
            role=Role.VENDOR,
            address=substitute,
            name=vendor.name,
            party_id=vendor.id,
            language=vendor.language,
        )
        return Fallback(participant=stands_in, route=Route.VENDOR, team="", terms=replace(theirs, fallback=triage))

    def overdue_at(self, brand: Brand, vendor: Vendor | None, now: Millis) -> Callable[[Millis], Millis]:
        """When an answer to a message of a given instant is overdue, in the vendor's calendar or the brand's."""
        calendar = self.calendar(brand, vendor, now)
        return partial(self._promises.overdue_at, calendar)

    def works(self, brand: Brand, vendor: Vendor | None, now: Millis) -> bool:
        """Whether it is working time for the vendor, or for the brand's own teams."""
        return is_open(self.calendar(brand, vendor, now), now)

    def calendar(self, brand: Brand, vendor: Vendor | None, now: Millis) -> Calendar:
        """The business time around `now` of the vendor, or of the brand's own teams."""
        if vendor is None:
            return self._calendars.get(hours_of_brand(brand), now)
        return self._calendars.get(vendor.hours, now, (vendor.away,) if vendor.away is not None else ())

    def answering(
        self, ticket: int, number: int, route: Route, team: str, vendor: Vendor | None, now: Millis
    ) -> Participant:
        """The party that answers a ticket of this route; a vendor who cannot leaves it to the triage team."""
        if route is Route.VENDOR and vendor is not None:
            away = vendor.away if vendor.away is not None and vendor.away.covers(now) else None
            return Participant(
                ticket=ticket,
                number=number,
                role=Role.VENDOR,
                address=away.substitute if away is not None and away.substitute else vendor.support_address,
                name=vendor.name,
                party_id=vendor.id,
                language=vendor.language,
            )
        chosen = self.teams.get(team) or self.teams["triage"]
        return Participant(ticket=ticket, number=number, role=Role.STAFF, address=chosen.address, name=chosen.name)

    def _tokens(self, envelope: Envelope) -> list[Token]:
        details = [place.detail for recipient in envelope.recipients if (place := self.addresses.locate(recipient))]
        return [token for detail in details if (token := read(self.keys, detail)) is not None]

    def _with_detail(self, address: str, detail: str) -> str:
        local, _, domain = address.rpartition("@")
        return f"{local}{self._reply.separator}{detail}@{domain}"


def requester(ticket: int, letter: Letter, envelope: Envelope, party_id: int, name: str, language: str) -> Participant:
    """The participant who filed a ticket: From, or the envelope sender where From says nobody."""
    address = letter.sender.address if letter.sender is not None else envelope.mail_from
    shown = name or (letter.sender.name if letter.sender is not None else "")
    return Participant(
        ticket=ticket, number=1, role=Role.REQUESTER, address=address, name=shown, party_id=party_id, language=language
    )
