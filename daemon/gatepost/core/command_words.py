"""What a transcript says of each command, in the languages of the letters: these sentences stand only here."""

from collections.abc import Mapping
from enum import StrEnum

from .commands import Fault, Refused


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


_SAID: Mapping[Said, tuple[str, str]] = {
    Said.CLOSED: ("The ticket is closed.", "Das Ticket ist geschlossen."),
    Said.CLOSED_ALREADY: ("The ticket was closed already.", "Das Ticket war schon geschlossen."),
    Said.OPENED: ("The ticket is open again.", "Das Ticket ist wieder offen."),
    Said.OPEN_ALREADY: ("The ticket was open already.", "Das Ticket war schon offen."),
    Said.NOTED: ("Kept as a note; nobody was sent anything.", "Als Notiz behalten; niemandem wurde etwas geschickt."),
    Said.NOTE_EMPTY: ("A note needs some text.", "Eine Notiz braucht einen Text."),
    Said.MOVED: (
        "The ticket is now with {vendor}, about {product}. They have everything that was said, and the customer knows.",
        "Das Ticket ist jetzt bei {vendor}, zu {product}. Alles Gesagte ist dort, und der Kunde weiß Bescheid.",
    ),
    Said.NAMED: ("The ticket is now about {product}.", "Das Ticket betrifft jetzt {product}."),
    Said.SAME_PRODUCT: ("The ticket was about {product} already.", "Das Ticket betraf schon {product}."),
    Said.NO_PRODUCT: ("There is no product {word}.{near}", "Es gibt kein Produkt {word}.{near}"),
    Said.VENDOR_GONE: (
        "The vendor of {product} takes no tickets.",
        "Der Anbieter von {product} nimmt keine Tickets an.",
    ),
    Said.COPIED: (
        "{who} takes part now and has everything that was said.", "{who} ist jetzt dabei und hat alles Gesagte.",
    ),
    Said.HERE_ALREADY: ("{who} takes part already.", "{who} ist schon dabei."),
    Said.NOBODY: (
        "{word} is no vendor, team or colleague.{near}",
        "{word} ist kein Anbieter, kein Team und nicht vom Personal.{near}",
    ),
    Said.REMOVED: (
        "{who} is off the ticket; their reply address no longer works.",
        "{who} ist nicht mehr dabei; die Antwortadresse gilt nicht mehr.",
    ),
    Said.NOT_COPIED: ("{word} was not copied in.", "{word} war nicht dazugenommen."),
    Said.AWAY: (
        "{vendor} is away from {starts} and back on {ends}.",
        "{vendor} ist ab {starts} abwesend und am {ends} zurück.",
    ),
    Said.BACK: ("{vendor} is not away.", "{vendor} ist da."),
    Said.AWAY_FORM: (
        "Write it like this: #away until 2027-01-08", "Schreiben Sie es so: #away until 2027-01-08",
    ),
    Said.AWAY_PAST: (
        "The day on which you are back must be to come, and after the first day.",
        "Der Tag der Rückkehr muss bevorstehen und nach dem ersten Tag liegen.",
    ),
    Said.NO_VENDOR: ("There is no vendor {word}.{near}", "Es gibt keinen Anbieter {word}.{near}"),
    Said.OTHER_VENDOR: ("You can say this for yourself only.", "Das können Sie nur für sich selbst sagen."),
    Said.TOPIC: ("The ticket has the topic {word}.", "Das Ticket hat das Thema {word}."),
    Said.NO_TOPIC: ("There is no topic {word}.{near}", "Es gibt kein Thema {word}.{near}"),
    Said.ASSIGNED: ("The ticket is assigned to {who}.", "Das Ticket ist {who} zugewiesen."),
    Said.NOT_STAFF: ("{word} is nobody of staff.{near}", "{word} gehört nicht zum Personal.{near}"),
    Said.UNASSIGNED: ("The ticket is assigned to nobody.", "Das Ticket ist niemandem zugewiesen."),
    Said.REFUND: (
        "{who} decides about it; no rating is asked for.",
        "{who} entscheidet darüber; es wird keine Bewertung erbeten.",
    ),
    Said.REFUND_ALREADY: ("The ticket is with {who} already.", "Das Ticket ist schon bei {who}."),
    Said.SUBSCRIPTIONS: ("{listed}", "{listed}"),
    Said.NO_SUBSCRIPTIONS: ("There are none.", "Es gibt keine."),
    Said.LINKED: ("Below your answer: {listed}.", "Unter Ihrer Antwort: {listed}."),
    Said.NO_PAGES: (
        "This marketplace has named no product pages.",
        "Dieser Marktplatz hat keine Produktseiten angegeben.",
    ),
    Said.TOO_MANY_LINKS: ("An answer carries three links at most.", "Eine Antwort trägt höchstens drei Links."),
    Said.DISCOUNT: ("Below your answer: {code}.", "Unter Ihrer Antwort: {code}."),
    Said.NO_CODE: ("There is no code {word}.{near}", "Es gibt keinen Code {word}.{near}"),
    Said.CODE_INACTIVE: ("The code {code} is not active.", "Der Code {code} ist nicht aktiv."),
    Said.CODE_ENDED: ("The code {code} was valid until {until}.", "Der Code {code} galt bis {until}."),
    Said.SECRET_ASKED: (
        "The customer was sent a link; what they hand over comes to you as a link that can be read once.",
        "Der Kunde hat einen Link bekommen; was er Ihnen gibt, kommt als Link, den man einmal lesen kann.",
    ),
    Said.ACCESS_ASKED: (
        "The customer was sent our text about access; please ask for no password by mail.",
        "Der Kunde hat unseren Text über Zugang bekommen; bitte fragen Sie nicht per Mail nach Passwörtern.",
    ),
    Said.NO_REQUESTER: ("Nobody is there to be asked.", "Es ist niemand da, der gefragt werden könnte."),
    Said.NO_PORTAL: (
        "This marketplace has no pages on which something could be handed over.",
        "Dieser Marktplatz hat keine Seiten, auf denen man etwas übergeben könnte.",
    ),
    Said.HELP: ("All commands stand below.", "Alle Befehle stehen unten."),
    Said.LEFT_OUT: (
        "Not done, because of another line of this mail.", "Nicht ausgeführt, wegen einer anderen Zeile dieser Mail.",
    ),
}  # fmt: skip
_NEAR = (" Did you mean {near}?", " Meinten Sie {near}?")
_FAULT: Mapping[Fault, tuple[str, str]] = {
    Fault.UNKNOWN: ("There is no such command.{near}", "Diesen Befehl gibt es nicht.{near}"),
    Fault.NOT_YOURS: ("This command is not for you.", "Dieser Befehl ist nicht für Sie."),
    Fault.WORDS: ("Write it like this: {hint}", "Schreiben Sie es so: {hint}"),
    Fault.TOO_MANY: ("Too many commands in one mail.", "Zu viele Befehle in einer Mail."),
}


def tell(said: Said, language: str, *, near: str = "", **values: str) -> str:
    """The sentence for what became of a command, in `language` or English."""
    at = _index(language)
    return _SAID[said][at].format(near=_near(near, at), **values)


def tell_fault(refused: Refused, language: str) -> str:
    """The sentence for a line that is no command of the sender's."""
    at = _index(language)
    return _FAULT[refused.fault][at].format(near=_near(refused.hint, at), hint=refused.hint)


def help_language(language: str) -> str:
    """In which of the languages of these sentences somebody of this language is told."""
    return ("en", "de")[_index(language)]


def _index(language: str) -> int:
    return int(language.lower().partition("-")[0] == "de")


def _near(near: str, at: int) -> str:
    return _NEAR[at].format(near=near) if near else ""
