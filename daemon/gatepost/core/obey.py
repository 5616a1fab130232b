"""What the commands of one mail make of its ticket: all of them, or none where one of them cannot be done.

The names that commands mention are looked up beforehand (`Known`); nothing is done here, effects say what is to be.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from . import Millis, command_letter, command_ticket
from .command_words import Said, tell, tell_fault
from .command_work import Known, Line, Work
from .commands import Command, Name, Orders, Rank, Refused, allowed
from .discount import Card
from .effect import Auto, Effect, Send, Transcript
from .party import Participant
from .phrase import Sentence
from .ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Obeyed:
    """What became of the commands; where not `done`, the ticket is unchanged and the only effect is the transcript."""

    ticket: Ticket
    effects: tuple[Effect, ...]
    cards: tuple[Card, ...] = ()
    done: bool


def obey(
    orders: Orders,
    ticket: Ticket,
    people: Iterable[Participant],
    author: Participant,
    rank: Rank,
    known: Known,
    *,
    message: int,
    now: Millis,
) -> Obeyed:
    """What `orders` of `author` make of the ticket, with the transcript as the last effect. Never raises."""
    work = Work(
        ticket=ticket,
        people=list(people),
        author=author,
        rank=rank,
        known=known,
        orders=orders,
        message=message,
        now=now,
    )
    lines = [
        (one.written, False, tell_fault(one)) if isinstance(one, Refused) else (one.written, *_give(work, one))
        for one in orders.given
    ]
    done = all(good for _, good, _ in lines)
    if not done:
        other = tell(Said.LEFT_OUT)
        told = tuple((written, other if good else said) for written, good, said in lines)
        return Obeyed(ticket=ticket, effects=(_transcript(work, told, done=False),), done=False)
    told = tuple((written, said) for written, _, said in lines)
    effects = (*work.effects, _transcript(work, told, done=True))
    return Obeyed(ticket=work.ticket, effects=effects, cards=tuple(work.cards), done=True)


def _give(work: Work, command: Command) -> Line:  # noqa: PLR0912 - one branch for each command
    """Do one command on the ticket at hand: whether it can be done, and the sentence for the transcript."""
    word = command.words[0] if command.words else ""
    match command.name:
        case Name.CLOSE:
            return command_ticket.close(work)
        case Name.OPEN:
            return command_ticket.open_(work)
        case Name.NOTE:
            return command_ticket.note(work, command)
        case Name.PRODUCT:
            return command_ticket.product(work, word.lower())
        case Name.COPY:
            return command_ticket.copy(work, word)
        case Name.UNCOPY:
            return command_ticket.uncopy(work, word)
        case Name.AWAY:
            return command_letter.away(work, command.words)
        case Name.TOPIC:
            return command_ticket.topic(work, word.lower())
        case Name.ASSIGN:
            return command_ticket.assign(work, word)
        case Name.UNASSIGN:
            work.ticket = replace(work.ticket, assignee="")
            return work.said(Said.UNASSIGNED)
        case Name.REFUND:
            return command_ticket.refund(work)
        case Name.SUBSCRIPTIONS:
            return command_letter.subscriptions(work)
        case Name.LINK:
            return command_letter.link(work, command.words)
        case Name.DISCOUNT:
            return command_letter.discount(work, word)
        case Name.SECRET:
            return command_letter.ask(work, "customer/hand-over", Said.SECRET_ASKED, "secret")
        case Name.ACCESS:
            return command_letter.ask(work, "customer/access", Said.ACCESS_ASKED, "access")
        case Name.HELP:
            return work.said(Said.HELP)
        case _:
            assert_never(command.name)


def _transcript(work: Work, lines: tuple[tuple[str, Sentence], ...], *, done: bool) -> Send:
    """The mail to the author with what became of each command; with the list of commands where that is wanted."""
    helps = not done or work.orders.has(Name.HELP)
    entries = allowed(work.rank) if helps else ()
    return Send(
        template="transcript",
        participant=work.author.number,
        auto=Auto.REPLIED,
        key=f"transcript-{work.message}",
        transcript=Transcript(lines=lines, help=tuple((entry.form, entry.help) for entry in entries), done=done),
    )
