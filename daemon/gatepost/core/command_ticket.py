"""The commands that change a ticket: its state, its topic, who looks after it, and who takes part."""

from dataclasses import replace

from .command_words import Said
from .command_work import Line, Work, near
from .commands import Command, Rank
from .effect import Auto, Label, Note, Release, Send
from .event import DeadlineKind
from .party import Membership, Role
from .ticket import State
from .ticket import close as closed
from .verdict import Route

_BILLING = "billing"


def close(work: Work) -> Line:
    """Close the ticket."""
    if work.ticket.state is State.CLOSED:
        return work.said(Said.CLOSED_ALREADY)
    work.ticket, effects = closed(work.ticket)
    work.effects += effects
    return work.said(Said.CLOSED)


def open_(work: Work) -> Line:
    """Open it again."""
    if work.ticket.state is State.OPEN:
        return work.said(Said.OPEN_ALREADY)
    work.ticket = replace(work.ticket, state=State.OPEN)
    return work.said(Said.OPENED)


def note(work: Work, command: Command) -> Line:
    """Keep the rest of the mail as a note."""
    text = "\n".join(filter(None, (" ".join(command.words), work.orders.rest)))
    if not text.strip():
        return work.cannot(Said.NOTE_EMPTY)
    work.effects.append(Note(text=f"{work.author.role.value} {work.author.address}: {text}"))
    return work.said(Said.NOTED)


def topic(work: Work, word: str) -> Line:
    """Give it a topic."""
    if work.known.topics and word not in work.known.topics:
        return work.cannot(Said.NO_TOPIC, near=near(word, work.known.topics), word=word)
    work.effects.append(Label(topic=word, confidence=1.0, corrects=work.rank is Rank.STAFF))
    return work.said(Said.TOPIC, word=word)


def assign(work: Work, word: str) -> Line:
    """Assign it to one of staff."""
    address = (work.author.address if word.lower() == "me" else word.strip("<>")).casefold()
    assignable = work.known.staff - work.known.elsewhere
    if address not in assignable:
        return work.cannot(Said.NOT_STAFF, near=near(address, assignable), word=word)
    work.ticket = replace(work.ticket, assignee=address)
    return work.said(Said.ASSIGNED, who=address)


def product(work: Work, slug: str) -> Line:
    """Give it to the vendor of another product, who gets all that was said."""
    product = work.known.products.get(slug)
    if product is None:
        return work.cannot(Said.NO_PRODUCT, near=near(slug, work.known.products), word=slug)
    vendor = work.known.vendor(product.vendor_id)
    if product.id == work.ticket.product_id and work.ticket.route is Route.VENDOR:
        return work.said(Said.SAME_PRODUCT, product=product.name)
    if vendor is None or not vendor.active or not vendor.support_address:
        return work.cannot(Said.VENDOR_GONE, product=product.name)
    stays = vendor.id == work.ticket.vendor_id and work.ticket.route is Route.VENDOR
    work.ticket = replace(work.ticket, product_id=product.id, vendor_id=vendor.id)
    if stays:
        return work.said(Said.NAMED, product=product.name)
    for one in [p for p in work.people if p.active and p.role is Role.VENDOR]:
        work.join(replace(one, membership=Membership.REMOVED))
    work.hand_over(Route.VENDOR, "", vendor, template="ticket")
    requester = next((p for p in work.people if p.active and p.role is Role.REQUESTER), None)
    if requester is not None:
        work.effects.append(
            Send(
                template="customer/moved",
                participant=requester.number,
                auto=Auto.GENERATED,
                key=f"moved-{product.id}",
            )
        )
    return work.said(Said.MOVED, vendor=vendor.name, product=product.name)


def refund(work: Work) -> Line:
    """Give it to billing."""
    slug = _BILLING if _BILLING in work.known.teams else "triage"
    team = work.known.teams[slug]
    if work.ticket.route is Route.TEAM and work.ticket.team == slug:
        return work.said(Said.REFUND_ALREADY, who=team.name)
    work.ticket = replace(work.ticket, rating_wanted=False)
    work.effects.append(Release(kinds=(DeadlineKind.RATING,), reason="a refund was asked for"))
    work.effects.append(Note(text=f"refund: {work.author.role.value} {work.author.address} asks {slug} to decide"))
    work.hand_over(Route.TEAM, slug, None, template="team")
    return work.said(Said.REFUND, who=team.name)


def copy(work: Work, word: str) -> Line:
    """Let somebody take part."""
    found = work.somebody(word)
    if found is None:
        known = {*work.known.vendors, *work.known.teams, *work.known.staff}
        return work.cannot(Said.NOBODY, near=near(word.lower(), known), word=word)
    here = next((p for p in work.people if p.active and p.is_at(found.address)), None)
    if here is not None:
        return work.said(Said.HERE_ALREADY, who=found.name or found.address)
    work.take_in(replace(found, role=Role.COLLABORATOR), "collaborator")
    return work.said(Said.COPIED, who=found.name or found.address)


def uncopy(work: Work, word: str) -> Line:
    """Take somebody off who was copied in."""
    found = work.somebody(word)
    address = found.address if found is not None else word
    here = next((p for p in work.people if p.active and p.role is Role.COLLABORATOR and p.is_at(address)), None)
    own = here is not None and here.number == work.author.number
    if here is None or (work.rank is Rank.COLLABORATOR and not own):
        return work.cannot(Said.NOT_COPIED, word=word)
    work.join(replace(here, membership=Membership.REMOVED))
    return work.said(Said.REMOVED, who=here.name or here.address)
