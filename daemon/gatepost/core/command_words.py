"""What a transcript says of each command: these sentences stand only here, and their translations in locale/."""

from collections.abc import Mapping
from enum import StrEnum

from .commands import Fault, Refused
from .phrase import Sentence, phrase


class Said(StrEnum):
    """What became of one command."""

    CLOSED = "closed"
    CLOSED_ALREADY = "closed_already"
    OPENED = "opened"
    OPEN_ALREADY = "open_already"
    NOTED = "noted"
    NOTE_EMPTY = "note_empty"
    MOVED = "moved"
    NAMED = "named"
    SAME_PRODUCT = "same_product"
    NO_PRODUCT = "no_product"
    VENDOR_GONE = "vendor_gone"
    COPIED = "copied"
    HERE_ALREADY = "here_already"
    NOBODY = "nobody"
    REMOVED = "removed"
    NOT_COPIED = "not_copied"
    AWAY = "away"
    BACK = "back"
    AWAY_FORM = "away_form"
    AWAY_PAST = "away_past"
    NO_VENDOR = "no_vendor"
    OTHER_VENDOR = "other_vendor"
    TOPIC = "topic"
    NO_TOPIC = "no_topic"
    ASSIGNED = "assigned"
    NOT_STAFF = "not_staff"
    UNASSIGNED = "unassigned"
    REFUND = "refund"
    REFUND_ALREADY = "refund_already"
    SUBSCRIPTIONS = "subscriptions"
    NO_SUBSCRIPTIONS = "no_subscriptions"
    LINKED = "linked"
    NO_PAGES = "no_pages"
    TOO_MANY_LINKS = "too_many_links"
    DISCOUNT = "discount"
    NO_CODE = "no_code"
    CODE_INACTIVE = "code_inactive"
    CODE_ENDED = "code_ended"
    SECRET_ASKED = "secret_asked"  # noqa: S105 - what became of a command
    ACCESS_ASKED = "access_asked"
    NO_REQUESTER = "no_requester"
    NO_PORTAL = "no_portal"
    HELP = "help"
    LEFT_OUT = "left_out"


_SAID: Mapping[Said, str] = {
    Said.CLOSED: phrase("The ticket is closed."),
    Said.CLOSED_ALREADY: phrase("The ticket was closed already."),
    Said.OPENED: phrase("The ticket is open again."),
    Said.OPEN_ALREADY: phrase("The ticket was open already."),
    Said.NOTED: phrase("Kept as a note; nobody was sent anything."),
    Said.NOTE_EMPTY: phrase("A note needs some text."),
    Said.MOVED: phrase(
        "The ticket is now with %(vendor)s, about %(product)s. They have everything that was said, "
        "and the customer knows."
    ),
    Said.NAMED: phrase("The ticket is now about %(product)s."),
    Said.SAME_PRODUCT: phrase("The ticket was about %(product)s already."),
    Said.NO_PRODUCT: phrase("There is no product %(word)s."),
    Said.VENDOR_GONE: phrase("The vendor of %(product)s takes no tickets."),
    Said.COPIED: phrase("%(who)s takes part now and has everything that was said."),
    Said.HERE_ALREADY: phrase("%(who)s takes part already."),
    Said.NOBODY: phrase("%(word)s is no vendor, team or colleague."),
    Said.REMOVED: phrase("%(who)s is off the ticket; their reply address no longer works."),
    Said.NOT_COPIED: phrase("%(word)s was not copied in."),
    Said.AWAY: phrase("%(vendor)s is away from %(starts)s and back on %(ends)s."),
    Said.BACK: phrase("%(vendor)s is not away."),
    Said.AWAY_FORM: phrase("Write it like this: #away until 2027-01-08"),
    Said.AWAY_PAST: phrase("The day on which you are back must be to come, and after the first day."),
    Said.NO_VENDOR: phrase("There is no vendor %(word)s."),
    Said.OTHER_VENDOR: phrase("You can say this for yourself only."),
    Said.TOPIC: phrase("The ticket has the topic %(word)s."),
    Said.NO_TOPIC: phrase("There is no topic %(word)s."),
    Said.ASSIGNED: phrase("The ticket is assigned to %(who)s."),
    Said.NOT_STAFF: phrase("%(word)s is nobody of staff."),
    Said.UNASSIGNED: phrase("The ticket is assigned to nobody."),
    Said.REFUND: phrase("%(who)s decides about it; no rating is asked for."),
    Said.REFUND_ALREADY: phrase("The ticket is with %(who)s already."),
    Said.SUBSCRIPTIONS: "%(listed)s",
    Said.NO_SUBSCRIPTIONS: phrase("There are none."),
    Said.LINKED: phrase("Below your answer: %(listed)s."),
    Said.NO_PAGES: phrase("This marketplace has named no product pages."),
    Said.TOO_MANY_LINKS: phrase("An answer carries three links at most."),
    Said.DISCOUNT: phrase("Below your answer: %(code)s."),
    Said.NO_CODE: phrase("There is no code %(word)s."),
    Said.CODE_INACTIVE: phrase("The code %(code)s is not active."),
    Said.CODE_ENDED: phrase("The code %(code)s was valid until %(until)s."),
    Said.SECRET_ASKED: phrase(
        "The customer was sent a link; what they hand over comes to you as a link that can be read once."
    ),
    Said.ACCESS_ASKED: phrase("The customer was sent our text about access; please ask for no password by mail."),
    Said.NO_REQUESTER: phrase("Nobody is there to be asked."),
    Said.NO_PORTAL: phrase("This marketplace has no pages on which something could be handed over."),
    Said.HELP: phrase("All commands stand below."),
    Said.LEFT_OUT: phrase("Not done, because of another line of this mail."),
}
_FAULT: Mapping[Fault, str] = {
    Fault.UNKNOWN: phrase("There is no such command."),
    Fault.NOT_YOURS: phrase("This command is not for you."),
    Fault.WORDS: phrase("Write it like this: %(hint)s"),
    Fault.TOO_MANY: phrase("Too many commands in one mail."),
}


def tell(said: Said, *, near: str = "", **values: str) -> Sentence:
    """The sentence for what became of a command."""
    return Sentence(message=_SAID[said], values=values, near=near)


def tell_fault(refused: Refused) -> Sentence:
    """The sentence for a line that is no command of the sender's."""
    if refused.fault is Fault.WORDS:
        return Sentence(message=_FAULT[refused.fault], values={"hint": refused.hint})
    return Sentence(message=_FAULT[refused.fault], near=refused.hint)
