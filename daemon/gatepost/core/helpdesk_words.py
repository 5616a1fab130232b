"""What vendors' help desks write by themselves, in the words of fourteen languages: data, and how it is looked for.

Three kinds: “your request came in”, “how did we do?”, “this ticket is closed”. Phrases are lower-case pieces of
sentences that a program writes and a person seldom does; which of them counts how much is helpdesk.py's business.
"""

import re
from collections.abc import Iterable

from . import absence

_CAP = 2_000
OFTEN = 3
"""On so many other tickets the same words are no chance."""

# Only the marketplace asks for ratings (A6); a person who asks for a review is told apart by what stands around it.
RATING = (
    "how would you rate", "rate the support", "rate our support", "rate your support", "rate the service",
    "rate this conversation", "rate our service", "rate your experience", "please rate", "how did we do",
    "how was your experience", "how satisfied are you", "satisfied with the support", "customer satisfaction",
    "satisfaction survey", "we'd love to hear what you think", "tell us how we did", "leave us a review",
    "leave a review", "give us a rating", "good, i'm satisfied", "bad, i'm unsatisfied", "five-star review",
    "5-star review", "wie zufrieden", "wie bewerten sie", "bewerten sie unseren", "bewerten sie den support",
    "bewerten sie unsere", "ihre bewertung", "zufriedenheitsumfrage", "waren sie zufrieden", "comment évalueriez",
    "évaluez notre", "évaluez votre", "notez notre", "enquête de satisfaction", "êtes-vous satisfait",
    "votre satisfaction", "cómo calificaría", "califique nuestro", "valore nuestro", "encuesta de satisfacción",
    "valora nuestra", "come valuteresti", "valuta il nostro", "valuta la nostra", "sondaggio di soddisfazione",
    "hoe beoordeelt u", "beoordeel onze", "hoe tevreden", "tevredenheidsonderzoek", "como avalia", "avalie nosso",
    "avalie o nosso", "pesquisa de satisfação", "hur nöjd", "betygsätt", "hvor tilfreds", "hvor fornøyd",
    "jak oceniasz", "oceń naszą", "oceń nasze", "ankieta satysfakcji", "jak jste spokojen", "ohodnoťte",
    "оцените нашу", "оцените работу", "оцените качество", "насколько вы удовлетворены", "memnuniyet anketi",
    "değerlendirin", "満足度", "評価をお願い", "满意度", "请为我们的服务", "만족도",
)  # fmt: skip
CLOSING = (
    "has been marked as solved", "has been marked as resolved", "has been marked as closed", "marked as solved",
    "your request has been solved", "your ticket has been closed", "your ticket has been resolved",
    "your request has been closed", "your case has been closed", "this ticket has been closed",
    "ticket has been automatically closed", "closed automatically", "automatically closed", "has been set to solved",
    "deemed to be solved", "been deemed solved", "this conversation has been closed", "status of your ticket",
    "status has been changed to", "ihr ticket wurde geschlossen", "ihre anfrage wurde geschlossen",
    "ihr ticket wurde gelöst", "wurde als gelöst markiert", "ticket geschlossen", "automatisch geschlossen",
    "votre ticket a été fermé", "votre demande a été fermée", "votre demande a été résolue", "a été clôturé",
    "su solicitud ha sido cerrada", "su ticket ha sido cerrado", "se ha cerrado el ticket",
    "marcada como resuelta", "la richiesta è stata chiusa", "il ticket è stato chiuso", "contrassegnata come risolta",
    "uw ticket is gesloten", "uw verzoek is gesloten", "gemarkeerd als opgelost", "foi marcado como resolvido",
    "sua solicitação foi encerrada", "seu chamado foi encerrado", "ärendet har stängts", "ditt ärende är stängt",
    "sagen er lukket", "saken er lukket", "zgłoszenie zostało zamknięte", "zostało rozwiązane",
    "váš požadavek byl uzavřen", "ваша заявка закрыта", "обращение закрыто", "заявка решена",
    "talebiniz kapatıldı", "チケットはクローズ", "解決済み", "工单已关闭", "티켓이 종료",
)  # fmt: skip
# What only a program promises about a mail that comes back to it.
REOPENING = (
    "reply to this email to reopen", "replying to this email will reopen", "reply to reopen", "will reopen",
    "by replying to this email", "reply to this email to add", "to add additional comments, reply",
    "to add further comments", "simply reply to this email", "bitte antworten sie auf diese e-mail, um",
    "um kommentare hinzuzufügen", "um das ticket wieder zu öffnen", "répondez à cet e-mail pour",
    "pour ajouter des commentaires", "responda a este correo para", "para agregar comentarios",
    "rispondi a questa email per", "per aggiungere", "beantwoord deze e-mail om", "responda a este e-mail para",
    "##- please type your reply above this line", "please type your reply above", "reply above this line",
)  # fmt: skip
# More ways to say “it came in”, beside those by which absence.py knows a help desk.
RECEIVED = (
    "request for support has been created", "has been created and assigned",
    "ticket id", "ticket number", "ticket #", "case number", "reference number", "request id", "your request (",
    "thank you for contacting", "thanks for contacting", "thanks for reaching out", "thank you for reaching out",
    "we typically reply", "we usually respond", "within 24 hours", "within 48 hours", "within one business day",
    "within 2 business days", "our team will", "a member of our team", "we will be in touch", "is being reviewed",
    "has been assigned", "ticketnummer", "vorgangsnummer", "vielen dank für ihre anfrage",
    "vielen dank für ihre nachricht", "werden uns schnellstmöglich", "so schnell wie möglich bei ihnen",
    "numéro de ticket", "merci de nous avoir contacté", "dans les plus brefs délais", "número de ticket",
    "gracias por contactar", "gracias por ponerse en contacto", "lo antes posible", "numero di ticket",
    "grazie per averci contattato", "il prima possibile", "ticketnummer", "bedankt voor uw bericht",
    "zo snel mogelijk", "número do ticket", "obrigado por entrar em contato", "o mais breve possível",
    "ärendenummer", "tack för att du", "sagsnummer", "saksnummer", "numer zgłoszenia", "dziękujemy za kontakt",
    "číslo požadavku", "номер заявки", "номер обращения", "talep numarası", "お問い合わせ番号", "工单号", "접수번호",
)  # fmt: skip
# Small words around a receipt, none of which tells a customer anything: with the words of the phrases above, the whole
# vocabulary of a mail that only says that something came in. Words of doing (fixed, refunded) never belong here.
_SMALL = """
    a about acknowledge agent agents an and any as assigned at automated automatic automatically be been being
    best business by can case come contact contacting contacted created customer day days dear desk enquiry
    following for forwarded from get greetings have hello help helpdesk here hi hour hours id if in inquiry is it
    just kind let like looking mail message messages möchten my next no note number of on one or our out personal
    please possible processed processing queue quickly re reaching received receipt reference regarding regards
    representative request requests respond response review reviewed reviewing shortly sincerely soon staff
    submitted submitting support team thank thanks that the their them this ticket time to touch under up us very
    warm was we week weeks will with within would writing yours you your aber auf bald bearbeiten bearbeitet bei
    bekommen bitte das dem den der des die diese dieser ein eine er es freundlichen für grüße grüßen guten hallo
    haben ich ihr ihre ihrem ihren im ist lautet mit nummer sie so tag und uns unser unsere unserem unter vielen
    von werden wird wir zu zur à au aux avec bien bonjour ce cette dans de du en equipe équipe est et l la le les
    meilleur merci n nos notre nous numéro par plus pour que sera son sous sur un une vos votre vous cordialement
    con del el equipo esta este gracias hola las lo los nuestro nuestra número o para por responderemos saludos se
    será su sus te tu una y che ci cordiali di e gentile grazie il lei nostro numero per più quanto risponderemo
    saluti si sua suo vi aan dank een het hebben i met ons onze op u uw van voor wij zal zullen do dla jak jest na
    nasz nr numer oraz pod pozdrawiamy przez się są twoje twoją w z za że został została ваш ваша ваше в вам и мы
    на номер номером по под с скоро спасибо уже
"""
_FAREWELL = 4
_GREETING = 8
_CALLS = (",", "!", ":", "،", "，", "、")
_TAG = re.compile(
    r"[\[({]?(?:[^\W\d_]{2,12}[ :_-]{0,2})?(?:#|id[: ]|no\.? ?|nr\.? ?|n° ?|№ ?)\s?([A-Z]{0,6}-?\d{2,12})\b"
    r"|\[[^\[\]\n]{0,40}?([A-Z]{0,6}-?\d{3,12})\]|\b([A-Z]{2,6}-\d{2,9})\b",
    re.IGNORECASE,
)
_NOISE = re.compile(r"[\d_]+|https?://\S{1,500}|\S{1,64}@\S{1,255}|[^\w\s]")
_LINK = re.compile(r"https?://")


def found(phrases: tuple[str, ...], subject: str, text: str) -> str:
    """The first of `phrases` that stands in the subject or near the beginning of the text, or ''."""
    seen = folded(f"{subject}\n{text}")
    return next((phrase for phrase in phrases if phrase in seen), "")


def acknowledges(subject: str, text: str) -> bool:
    """Whether it says that something came in, in the words that absence.py knows programs by."""
    return absence.is_acknowledgement(subject, text)


def program_line(text: str) -> str:
    """The line with which a program names itself, or a promise that only a program makes, or ''."""
    return absence.program_line(text) or found(REOPENING, "", text)


def tag(subject: str, but: int = 0) -> str:
    """The number that a help desk has put into a subject, or ''; our own tag `[#but]` is none."""
    for match in _TAG.finditer(subject[:500]):
        number = next(group for group in match.groups() if group)
        if number != str(but):
            return number
    return ""


def shape(text: str, *leave_out: str, names: Iterable[str] = ()) -> str:
    """The words of a text without what differs from ticket to ticket: numbers, links, addresses, the subject, names.

    A receipt to Jane is the same as one to Joe.
    """
    lowered = folded(text)
    for words in leave_out:
        lowered = lowered.replace(folded(words), " ") if words.strip() else lowered
    called = {word for name in names for word in _NOISE.sub(" ", folded(name)).split()}
    return " ".join(word for word in _NOISE.sub(" ", lowered).split() if word not in called)


def only_receipt(text: str, *leave_out: str, names: Iterable[str] = ()) -> bool:
    """Whether a text says that something came in, and nothing else at all: each of its words belongs to a receipt.

    The greeting, a farewell of a few words, the subjects in `leave_out` and names count for nothing.
    """
    lines = without_greeting(text).split("\n")
    while len(lines) > 1 and len(lines[-1].split()) <= _FAREWELL:
        lines = lines[:-1]
    said = shape("\n".join(lines), *leave_out, names=names).split()
    return bool(said) and all(word in _RECEIPT for word in said)


def without_greeting(text: str) -> str:
    """The lines of a text that say something, without a first one that only calls somebody by name."""
    lines = [line for line in text[:_CAP].split("\n") if line.strip()]
    greets = len(lines) > 1 and len(lines[0].split()) <= _GREETING and lines[0].rstrip().endswith(_CALLS)
    return "\n".join(lines[greets:])


def links(text: str) -> int:
    """How many links stand in the text."""
    return len(_LINK.findall(text[:_CAP]))


def folded(text: str) -> str:
    """`text`, capped, in lower case, its spaces made one."""
    return " ".join(text[:_CAP].replace("’", "'").replace("\u00a0", " ").lower().split())


_RECEIPT = frozenset(_SMALL.split()) | {
    word
    for phrases in (RECEIVED, REOPENING, absence.ACKNOWLEDGEMENTS)
    for phrase in phrases
    for word in shape(phrase).split()
}
