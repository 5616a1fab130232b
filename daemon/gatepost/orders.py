"""Carries out mail commands (R11): looks up what they name, lets the core decide, and does it with the mail's message.

How commands are written is core/commands.py's, what each does core/obey.py's; the mail without its commands goes on as
any answer does.
"""

from dataclasses import dataclass, replace
from functools import partial

from .assigned import tell_assigned
from .case import Case, case_of
from .core import Millis
from .core.access import remind
from .core.audit import Act, Action, ActorKind, Who
from .core.command_work import Known
from .core.commands import Command, Name, Orders, Rank, below, read_orders
from .core.discount import Card
from .core.effect import Join, Send
from .core.identity import Authentication
from .core.letter import Letter, Mailbox
from .core.nature import Author
from .core.obey import Obeyed, obey
from .core.party import Participant, Product, Role, Subscription, Vendor
from .core.staff import Member
from .core.ticket import State, Terms
from .core.verdict import Route
from .house import House
from .mail import wording
from .mail.catalogue import served, tell
from .perform import perform
from .store import parties, tickets, trace
from .store.database import Tx
from .travel import Trip

_KEPT = (Name.NOTE, Name.AWAY)
_NOTED = 100
_SIGNATURE = ("-- ", "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The commands of one mail: the letter without them, the cards for the answer, whether anything is passed on."""

    orders: Orders
    author: Participant
    rank: Rank
    letter: Letter
    cards: tuple[Card, ...]
    relays: bool


def rank_of(house: House, author: Participant) -> Rank | None:
    """What a participant may command; None for the customer's side, whose `#` lines are text."""
    if author.role is Role.VENDOR:
        return Rank.VENDOR
    if author.role is Role.STAFF or (
        author.role is Role.COLLABORATOR and author.address.casefold() in house.staff_addresses
    ):
        return Rank.STAFF
    return Rank.COLLABORATOR if author.role is Role.COLLABORATOR else None


def given_in(tx: Tx, house: House, trip: Trip, case: Case, author: Participant | None, now: Millis) -> Given | None:
    """The commands of a person's verified mail on its ticket, tried on the ticket as it is; None where it has none."""
    rank = rank_of(house, author) if author is not None else None
    verified = trip.proof.result is Authentication.VERIFIED
    if author is None or rank is None or not verified or trip.nature.author is not Author.HUMAN:
        return None
    orders = read_orders(trip.letter.reply_text, rank)
    if orders is None:
        return None
    tried = _obey(tx, house, case, orders, author, rank, 0, now)
    kept = not tried.done or orders.has(*_KEPT)
    words = "" if kept else _without_signature(orders.rest)
    relayed = below(trip.letter.relay_text, orders)
    letter = replace(
        trip.letter, reply_text=orders.rest, relay_text=relayed if words and relayed is not None else words
    )
    files = any(not attachment.inline for attachment in letter.attachments)
    relays = not kept and bool(words or tried.cards or files)
    return Given(orders=orders, author=author, rank=rank, letter=letter, cards=tried.cards, relays=relays)


def carry_out(tx: Tx, house: House, case: Case, given: Given, message: int, now: Millis) -> Case:
    """Do the commands on the ticket as their own mail has left it, and send the transcript; the case after."""
    done = _obey(tx, house, case, given.orders, given.author, given.rank, message, now)
    said = "; ".join(one.written for one in given.orders.given)
    kind = "command" if done.done else "command-refused"
    trace.note(tx, kind=kind, said=said, now=now, ticket=case.ticket.number, arrival=case.arrival)
    _into_audit(tx, house, case, given, done, now)
    tickets.save(tx, done.ticket, now)
    tell_assigned(tx, house, case, done.ticket, _named(house, given.author), now)
    after = replace(case_of(tx, house, done.ticket, now), arrival=case.arrival, message=case.message)
    closed = case.ticket.state is State.OPEN and done.ticket.state is State.CLOSED
    perform(tx, house, after, (*done.effects, *(remind(case.accounts, now) if closed else ())), now)
    return replace(after, participants=tickets.participants(tx, done.ticket.number))


def by_staff(tx: Tx, house: House, case: Case, member: Member, command: Command, now: Millis) -> tuple[bool, str]:
    """Do one command that a member of staff gives on a page; whether it is done, and the sentence that says so.

    They need not take part in the ticket, and no transcript is mailed.
    """
    author = author_of(case, member)
    done = _obey(tx, house, case, Orders(given=(command,), rest=""), replace(author, language="en"), Rank.STAFF, 0, now)
    said = next(line for effect in done.effects if isinstance(effect, Send) and effect.transcript is not None
                for _, line in effect.transcript.lines)  # fmt: skip
    if done.done:
        written = f"{command.written}, by {member.slug} on the staff pages"
        trace.note(tx, kind="command", said=written, now=now, ticket=case.ticket.number)
        tickets.save(tx, done.ticket, now)
        tell_assigned(tx, house, case, done.ticket, Mailbox(address=member.address, name=member.name), now)
        effects = [one for one in done.effects if not (isinstance(one, Send) and one.transcript is not None)]
        perform(tx, house, case_of(tx, house, done.ticket, now), effects, now)
    return done.done, tell("en", said)


def author_of(case: Case, member: Member) -> Participant:
    """The member as they take part in the ticket; without a number where they do not."""
    known = next((p for p in case.participants if p.active and p.is_at(member.address)), None)
    return known or Participant(
        ticket=case.ticket.number, number=0, role=Role.STAFF, address=member.address, name=member.name
    )


def _into_audit(tx: Tx, house: House, case: Case, given: Given, done: Obeyed, now: Millis) -> None:
    """Who has commanded what, in short; what a note says stays with the ticket."""
    commands = (one for one in given.orders.given if isinstance(one, Command))
    said = ["#note" if one.name is Name.NOTE else one.written[:_NOTED] for one in commands]
    act = Act(
        actor=_who(house, given.author),
        action=Action.COMMANDED,
        object=f"ticket {case.ticket.number}",
        details={"commands": said, "done": done.done},
        about=case.ticket.customer_id,
    )
    house.audit.write(tx, act, now)


def _who(house: House, author: Participant) -> Who:
    member = house.member_at(author.address)
    if member is not None:
        return member.who
    kind = ActorKind.VENDOR if author.party_id else ActorKind.STAFF
    return Who(kind=kind, name=author.address, party=author.party_id)


def _named(house: House, author: Participant) -> Mailbox:
    """Who gave a command, as colleagues call them."""
    member = house.member_at(author.address)
    return Mailbox(address=author.address, name=member.name if member is not None else author.name)


def _obey(
    tx: Tx, house: House, case: Case, orders: Orders, author: Participant, rank: Rank, message: int, now: Millis
) -> Obeyed:
    language = author.language or case.brand.languages[0]
    known = _known(tx, house, case, rank, author, served(language), now)
    return obey(orders, case.ticket, case.participants, author, rank, known, message=message, now=now)


def _known(tx: Tx, house: House, case: Case, rank: Rank, author: Participant, language: str, now: Millis) -> Known:
    """What the commands may name; commands are rare, so that all is read."""
    names = house.names(tx)
    vendor = author.party_id if rank is not Rank.STAFF else 0

    def answering(route: Route, team: str, chosen: Vendor | None) -> Participant:
        return house.answering(case.ticket.number, 0, route, team, chosen, now)

    def terms(route: Route, chosen: Vendor | None) -> Terms:
        return house.terms(case.brand, case.participants, chosen, route, now)

    bought = parties.subscriptions_of(tx, case.ticket.customer_id) if case.ticket.customer_id else ()
    seen = [one for one in bought if (product := names.by_id.get(one.product_id)) is not None
            and vendor in (0, product.vendor_id)]  # fmt: skip
    listed = tuple(_in_words(names.by_id[one.product_id].name, one, language, case.brand.zone, now) for one in seen)
    return Known(
        brand=case.brand,
        products=names.by_slug,
        vendors={one.slug: one for one in parties.vendors(tx)},
        teams=house.teams,
        staff=house.staff_addresses,
        elsewhere=house.elsewhere(case.brand),
        answering=answering,
        terms=terms,
        topics=frozenset(house.topics.named),
        discounts=house.discounts,
        subscriptions=listed,
        day=partial(_day, language),
    )


def _day(language: str, at: Millis, zone: str) -> str:
    return wording.day(at, language, zone)


def _in_words(product: str, subscription: Subscription, language: str, zone: str, now: Millis) -> str:
    until = f" – {wording.day(subscription.ends, language, zone)}" if subscription.ends is not None else ""
    span = f"{wording.day(subscription.starts, language, zone)}{until}"
    return (
        f"{product}: {wording.standing(subscription.standing(now), language)}, {span}, {subscription.reference or '-'}"
    )


def _without_signature(text: str) -> str:
    """`text`, or '' where nothing but a signature is left of it."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return "" if first.rstrip("\r") in _SIGNATURE else text


def copied_by_rule(tx: Tx, house: House, case: Case, names: tuple[str, ...], now: Millis) -> Case:
    """Let the vendors and addresses take part that the rules' step `copies` names; each gets the mail (R9)."""
    for name in names:
        vendor = parties.vendor_named(tx, name) if "@" not in name else None
        number = max(p.number for p in case.participants) + 1
        if vendor is not None and vendor.active and vendor.support_address:
            who = house.answering(case.ticket.number, number, Route.VENDOR, "", vendor, now)
        elif "@" in name:
            who = Participant(ticket=case.ticket.number, number=number, role=Role.COLLABORATOR, address=name)
        else:
            said = f"{name} is no vendor who takes tickets: not copied in"
            trace.note(tx, kind="unsent", said=said, now=now, ticket=case.ticket.number, arrival=case.arrival)
            continue
        if any(p.is_at(who.address) for p in case.participants) or house.is_ours(who.address):
            continue
        perform(
            tx, house, case, (Join(participant=replace(who, role=Role.COLLABORATOR), template="collaborator"),), now
        )
        case = replace(case, participants=tickets.participants(tx, case.ticket.number))
    return case


def move(tx: Tx, house: House, case: Case, product: Product, author: Participant, why: str, now: Millis) -> Case | None:
    """Give a ticket to the vendor of a product, as `#product` of staff does, by `why`; None where that cannot be done.

    The customer is told once, and the vendor has all that was said (R10).
    """
    order = Command(name=Name.PRODUCT, written=why, words=(product.slug,))
    done = _obey(tx, house, case, Orders(given=(order,), rest=""), author, Rank.STAFF, 0, now)
    if not done.done:
        return None
    trace.note(tx, kind="product", said=why, now=now, ticket=case.ticket.number, arrival=case.arrival)
    tickets.save(tx, done.ticket, now)
    after = replace(case_of(tx, house, done.ticket, now), arrival=case.arrival, message=case.message)
    # The last effect is the transcript of a command, and nobody has given one.
    perform(tx, house, after, done.effects[:-1], now)
    return replace(after, participants=tickets.participants(tx, done.ticket.number))
