"""The original sender of a forwarded mail, in the forms of the usual programs and languages (M6)."""

import time

import pytest

from gatepost.mail.forward import in_text, is_forward_subject, plain_subject
from gatepost.mail.parse import read_letter


def gmail(mark, sender, date, subject, to):
    return f"""Please have a look.

---------- {mark} ---------
{sender}: Jane Roe <jane@customer.example>
{date}: Mon, 2 Nov 2026 at 09:00
{subject}: Labels stay blank
{to}: <desk@office.example>

It prints nothing."""


def outlook(sender, date, to, subject):
    return f"""Kind regards

{sender}: Jane Roe <jane@customer.example>
{date}: Monday, November 2, 2026 9:00 AM
{to}: Desk <desk@office.example>
{subject}: Labels stay blank

It prints nothing."""


def apple(mark, sender, subject, date, to):
    return f"""FYI

{mark}

> {sender}: Jane Roe <jane@customer.example>
> {subject}: Labels stay blank
> {date}: 2 November 2026 at 09:00:00 CET
> {to}: desk@office.example
>
> It prints nothing."""


def thunderbird(mark, subject, date, sender, to):
    return f"""See below.


-------- {mark} --------
{subject}: \tLabels stay blank
{date}: \tMon, 2 Nov 2026 09:00:00 +0100
{sender}: \tJane Roe <jane@customer.example>
{to}: \tdesk@office.example


It prints nothing."""


SAMPLES = {
    "gmail-en": ("Fwd: Labels", gmail("Forwarded message", "From", "Date", "Subject", "To")),
    "gmail-de": ("Fwd: Labels", gmail("Forwarded message", "Von", "Datum", "Betreff", "An")),
    "gmail-fr": ("Fwd: Labels", gmail("Message transféré", "De", "Date", "Objet", "À")),
    "gmail-es": ("Fwd: Labels", gmail("Forwarded message", "De", "Fecha", "Asunto", "Para")),
    "gmail-it": ("Fwd: Labels", gmail("Forwarded message", "Da", "Data", "Oggetto", "A")),
    "gmail-nl": ("Fwd: Labels", gmail("Forwarded message", "Van", "Datum", "Onderwerp", "Aan")),
    "gmail-pl": ("Fwd: Labels", gmail("Wiadomość przekazana", "Od", "Data", "Temat", "Do")),
    "gmail-pt": ("Fwd: Labels", gmail("Mensagem encaminhada", "De", "Data", "Assunto", "Para")),
    "gmail-sv": ("Fwd: Labels", gmail("Vidarebefordrat meddelande", "Från", "Datum", "Ämne", "Till")),
    "gmail-da": ("Fwd: Labels", gmail("Videresendt meddelelse", "Fra", "Dato", "Emne", "Til")),
    "outlook-en": ("FW: Labels", outlook("From", "Sent", "To", "Subject")),
    "outlook-de": ("WG: Labels", outlook("Von", "Gesendet", "An", "Betreff")),
    "outlook-fr": ("TR: Labels", outlook("De", "Envoyé", "À", "Objet")),
    "outlook-es": ("RV: Labels", outlook("De", "Enviado el", "Para", "Asunto")),
    "outlook-it": ("I: Labels", outlook("Da", "Inviato", "A", "Oggetto")),
    "outlook-nl": ("FW: Labels", outlook("Van", "Verzonden", "Aan", "Onderwerp")),
    "outlook-pl": ("PD: Labels", outlook("Od", "Wysłano", "Do", "Temat")),
    "outlook-pt": ("ENC: Labels", outlook("De", "Enviada em", "Para", "Assunto")),
    "outlook-sv": ("VB: Labels", outlook("Från", "Skickat", "Till", "Ämne")),
    "outlook-da": ("VS: Labels", outlook("Fra", "Sendt", "Til", "Emne")),
    "apple-en": ("Fwd: Labels", apple("Begin forwarded message:", "From", "Subject", "Date", "To")),
    "apple-de": ("Fwd: Labels", apple("Anfang der weitergeleiteten Nachricht:", "Von", "Betreff", "Datum", "An")),
    "apple-fr": ("Fwd: Labels", apple("Début du message réexpédié :", "De", "Objet", "Date", "À")),
    "apple-es": ("Fwd: Labels", apple("Inicio del mensaje reenviado:", "De", "Asunto", "Fecha", "Para")),
    "apple-it": ("Fwd: Labels", apple("Inizio messaggio inoltrato:", "Da", "Oggetto", "Data", "A")),
    "apple-nl": ("Fwd: Labels", apple("Begin doorgestuurd bericht:", "Van", "Onderwerp", "Datum", "Aan")),
    "apple-da": ("Fwd: Labels", apple("Start på videresendt besked:", "Fra", "Emne", "Dato", "Til")),
    "thunderbird-en": ("Fwd: Labels", thunderbird("Forwarded Message", "Subject", "Date", "From", "To")),
    "thunderbird-de": ("Fwd: Labels", thunderbird("Weitergeleitete Nachricht", "Betreff", "Datum", "Von", "An")),
    "thunderbird-fr": ("Fwd: Labels", thunderbird("Message transféré", "Sujet", "Date", "De", "Pour")),
    "thunderbird-it": ("Fwd: Labels", thunderbird("Messaggio Inoltrato", "Oggetto", "Data", "Mittente", "A")),
    "thunderbird-pl": ("Fwd: Labels", thunderbird("Wiadomość przekazana", "Temat", "Data", "Nadawca", "Adresat")),
    "outlook-bold": ("FW: Labels", outlook("*From*", "*Sent*", "*To*", "*Subject*").replace("*:", ":*")),
    "outlook-2003": (
        "FW: Labels",
        "See below.\n\n-----Original Message-----\nFrom: Jane Roe [mailto:jane@customer.example]\n"
        "Sent: Monday, November 02, 2026 9:00 AM\nTo: Desk\nSubject: Labels stay blank\n\nIt prints nothing.",
    ),
    "outlook-linked": (
        "FW: Labels",
        outlook("From", "Sent", "To", "Subject").replace(
            "<jane@customer.example>", "<jane@customer.example<mailto:jane@customer.example>>"
        ),
    ),
    "bare-address": (
        "Fwd: Labels",
        "---------- Forwarded message ----------\nFrom: jane@customer.example\nDate: today\n"
        "Subject: Labels stay blank\nTo: x\n\nHello",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_the_original_sender_and_subject_are_found(name):
    subject, text = SAMPLES[name]
    found = read_letter(f"From: Ann <ann@staff.example>\nSubject: {subject}\n\n{text}\n".encode()).forwarded
    assert found is not None
    assert (found.sender.address, found.subject) == ("jane@customer.example", "Labels stay blank")
    assert found.sender.name in ("Jane Roe", "") and (found.sender.name or name == "bare-address")


NONE = {
    "a reply": ("Re: Labels", outlook("From", "Sent", "To", "Subject")),
    "words about forwarding": (
        "Forwarding does not work",
        "The forwarded message: where is it?\nFrom: my point of view",
    ),
    "no address": ("Fwd: Labels", "---------- Forwarded message ---------\nFrom: Jane Roe\nSubject: Labels\n\nHello"),
    "two addresses": (
        "Fwd: Labels",
        "---------- Forwarded message ---------\nFrom: a@x.example, b@y.example\nSubject: Labels\n\nHello",
    ),
    "a disguised address": (
        "Fwd: Labels",
        "---------- Forwarded message ---------\nFrom: jane@customer.example <eve@evil.example>\nSubject: L\n\nHello",
    ),
    "plain": ("Labels stay blank", "It prints nothing."),
    "only a prefix": ("Fwd: Labels", "See the shop."),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_forward_of_one_sender_names_nobody(name):
    subject, text = NONE[name]
    assert read_letter(f"From: a@b.example\nSubject: {subject}\n\n{text}\n".encode()).forwarded is None


def attached(*originals, subject="Fwd: Labels", text="Please look."):
    pieces = [
        "From: Ann <ann@staff.example>", f"Subject: {subject}", "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain", "", text,
    ]  # fmt: skip
    for original in originals:
        pieces += ["--b", "Content-Type: message/rfc822", "", original]
    return read_letter("\r\n".join([*pieces, "--b--", ""]).encode())


ORIGINAL = "From: =?utf-8?q?Jan=C3=A9?= <jane@customer.example>\r\nSubject: Labels\r\n\r\nIt prints nothing.\r\n"


def test_an_attached_mail_gives_its_sender_subject_and_words():
    found = attached(ORIGINAL).forwarded
    assert (found.sender.name, found.sender.address) == ("Jané", "jane@customer.example")
    assert (found.subject, found.words.strip()) == ("Labels", "It prints nothing.")


@pytest.mark.parametrize(
    "letter",
    [
        attached(ORIGINAL, ORIGINAL),
        attached(ORIGINAL.replace("From:", "From: eve@evil.example\r\nFrom:")),
        attached("no mail at all"),
        attached(ORIGINAL, subject="Our talk", text="I attach an old mail as an example. " * 40),
    ],
)
def test_an_attachment_that_is_no_one_forwarded_mail_names_nobody(letter):
    assert letter.forwarded is None


def test_a_subject_loses_the_marks_of_a_forward():
    assert plain_subject("[Fwd: WG: Labels stay blank]") == "Labels stay blank"
    assert plain_subject("Forwarding fails") == "Forwarding fails"
    assert is_forward_subject("  TR : Labels") and not is_forward_subject("Train tickets")


@pytest.mark.parametrize(
    "piece", ["> " * 50 + "From: x\n", "-" * 900 + "\n", "From: a@b.example\n", "From: " + "<" * 900 + "\n", "*" * 999]
)
def test_the_search_is_linear(piece):
    def seconds(n):
        text = piece * n
        best = []
        for _ in range(3):
            began = time.process_time()
            in_text(text, subject_says_so=True)
            best.append(time.process_time() - began)
        return min(best)

    base = max(seconds(50), 1e-4)
    assert seconds(400) < base * 8 * 4
