"""Vendors' help desks: what is their own notice and what is an answer. Each row is one mail as such a desk writes it."""

import pytest

from gatepost.core import HOUR, MINUTE, SECOND
from gatepost.core.helpdesk import Habit, NoticeKind, weigh
from gatepost.core.letter import Attachment, Letter, Mailbox
from gatepost.core.nature import judge

ACK, RATING, CLOSING, UNKNOWN = NoticeKind
OURS = "Shipping Labels prints nothing [#1001]"
QUICK = Habit(after=20 * SECOND, our_subject=OURS, ticket=1001)
LATE = Habit(after=5 * HOUR, our_subject=OURS, ticket=1001)
DAYS_LATER = Habit(after=70 * HOUR, our_subject=OURS, ticket=1001, elsewhere=6)


def letter(subject, text, *fields, sender="tickets@acme.example", **more):
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in (f.partition(":") for f in fields))
    return Letter(
        sender=Mailbox(address=sender), subject=subject, text=text, reply_text=text, relay_text=text, headers=headers,
        **more,
    )  # fmt: skip


def weighed(mail, habit):
    nature = judge(mail, mail_from=mail.sender.address, ours=lambda address: False)
    return weigh(mail, nature, habit)


# (what, subject, text, header fields, what is known)
NOTICES = [
    ("Zendesk with its fields", ACK, "[Acme] Re: Shipping Labels prints nothing", "Your request (4711) has been received and is being reviewed by our support staff.", ["X-Mailer: Zendesk Mailer", "Auto-Submitted: auto-generated"], LATE),
    ("Zendesk, fields stripped", ACK, "[Request received] Shipping Labels prints nothing (#4711)", "##- Please type your reply above this line -##\n\nYour request (4711) has been received and is being reviewed by our support staff.", [], QUICK),
    ("Freshdesk, fields stripped", ACK, "Ticket Received - [#4711] Shipping Labels prints nothing", "Dear customer,\n\nWe would like to acknowledge that we have received your request and a ticket has been created. A support representative will be reviewing your request.", [], QUICK),
    ("Help Scout's receipt", ACK, "Re: Shipping Labels prints nothing", "Thanks for reaching out! We've received your message and a member of our team will get back to you within 24 hours.", [], Habit(after=8 * SECOND, our_subject=OURS, ticket=1001, elsewhere=1)),
    ("osTicket", ACK, "Shipping Labels prints nothing [#815234]", "Dear Orchard,\n\nA request for support has been created and assigned ticket #815234. A representative will follow-up with you as soon as possible.\nThank you for contacting us.", [], Habit(after=4 * SECOND, our_subject=OURS, ticket=1001, elsewhere=2)),
    ("OTRS in German", ACK, "[Ticket#2026110210000018] RE: Shipping Labels prints nothing", "Vielen Dank für Ihre Anfrage. Ihre Anfrage ist bei uns eingegangen und wird unter der Ticketnummer 2026110210000018 bearbeitet.", [], QUICK),
    ("in French", ACK, "[#4711] Shipping Labels prints nothing", "Bonjour,\n\nNous avons bien reçu votre demande. Votre numéro de ticket est le 4711.", [], QUICK),
    ("in Spanish", ACK, "Ticket #4711: Shipping Labels prints nothing", "Hemos recibido su solicitud y le responderemos lo antes posible.", [], QUICK),
    ("in Russian", ACK, "[#4711] Shipping Labels prints nothing", "Ваша заявка зарегистрирована под номером 4711.", [], QUICK),
    ("in Japanese", ACK, "[#4711] Shipping Labels prints nothing", "お問い合わせを受け付けました。番号は4711です。", [], QUICK),
    ("as noreply", ACK, "Ticket #4711 created", "We have received your request. This is an automated message.", [], LATE),
    ("a language we do not know, on ticket after ticket", UNKNOWN, "[#4711] Shipping Labels prints nothing", "Tu vaer chomh luath agus is feidir linn maidir le do cheist.", [], Habit(after=3 * SECOND, our_subject=OURS, ticket=1001, elsewhere=5)),
    ("Zendesk's rating request", RATING, "Request #4711: How would you rate the support you received?", "Hello,\n\nWe'd love to hear what you think of our customer service.\n\nGood, I'm satisfied https://acme.example/s/1\nBad, I'm unsatisfied https://acme.example/s/0", ["X-Mailer: Zendesk Mailer", "Auto-Submitted: auto-generated"], DAYS_LATER),
    ("a survey, fields stripped", RATING, "How did we do?", "Your ticket 4711 was solved. How satisfied are you with our answer?\nhttps://a.example/5 https://a.example/1", [], DAYS_LATER),
    ("a survey in German", RATING, "Wie zufrieden waren Sie? [#4711]", "Bitte nehmen Sie sich eine Minute. Wie zufrieden sind Sie mit unserem Support?\nhttps://a.example/5 https://a.example/1", [], DAYS_LATER),
    ("closed by itself", CLOSING, "[#4711] Shipping Labels prints nothing", "Your ticket has been closed automatically. Reply to this email to reopen it.", [], LATE),
    ("marked as solved", CLOSING, "[Acme] Re: Shipping Labels prints nothing (#4711)", "This ticket has been marked as solved. This is an automated message.", [], DAYS_LATER),
    ("hours late, fields stripped, no sign of a program", ACK, "[#4711] Shipping Labels prints nothing", "Hello Jane Roe,\n\nYour request has been received. One of our agents will review it and get back to you as soon as possible.\n\nKind regards,\nAcme Support", [], LATE),
    ("hours late in German", ACK, "[Ticket#4711] Shipping Labels prints nothing", "Guten Tag Frau Roe,\n\nwir haben Ihre Anfrage erhalten. Wir bearbeiten sie so bald wie möglich.\n\nIhr Acme Team", [], LATE),
    ("with the machine's field alone", ACK, "Ticket #4711 created", "We have received your request.", ["Auto-Submitted: auto-replied"], LATE),
]  # fmt: skip


@pytest.mark.catalogue("E03")
@pytest.mark.parametrize(
    ("kind", "subject", "text", "fields", "habit"), [r[1:] for r in NOTICES], ids=[r[0] for r in NOTICES]
)
def test_a_notice_is_known(kind, subject, text, fields, habit):
    sender = "noreply@acme.example" if "automated message" in text else "tickets@acme.example"
    found = weighed(letter(subject, text, *fields, sender=sender), habit)
    assert found.kind is kind, found.reason
    assert found.reason


ANSWERS = [
    ("a plain answer", "Re: Shipping Labels prints nothing [#1001]", "Please update to 4.2 and print again.", [], LATE),
    ("at once", "Re: Shipping Labels prints nothing [#1001]", "Please update to 4.2 and print again.", [], QUICK),
    ("thanks first", "Re: Shipping Labels prints nothing [#1001]", "Thank you for contacting us. Version 4.2 solves it.", [], LATE),
    ("thanks first, through a desk, at once", "[#4711] Shipping Labels prints nothing", "Thanks for reaching out! Which browser do you use?", ["X-Mailer: Zendesk Mailer", "Auto-Submitted: auto-generated"], Habit(after=3 * MINUTE, our_subject=OURS, ticket=1001)),
    ("the desk's tag and their words of receipt, hours later", "[#4711] Shipping Labels prints nothing", "Hi Jane, we have received your message and looked into it: the cause is version 4.1. Please update.", [], LATE),
    ("a canned answer", "[#4711] Shipping Labels prints nothing", "Please send us your system status report, we cannot see the cause without it.", [], Habit(after=2 * HOUR, our_subject=OURS, ticket=1001, elsewhere=40)),
    ("a canned answer, fast, in the plain thread", "Re: Shipping Labels prints nothing [#1001]", "Please send us your system status report, we cannot see the cause without it.", [], Habit(after=50 * SECOND, our_subject=OURS, ticket=1001, elsewhere=40)),
    ("closing by hand", "Re: Shipping Labels prints nothing [#1001]", "Fixed in 4.2. I am closing this ticket, write again if it comes back.", [], LATE),
    ("received, and the answer in four words", "[#4711] Shipping Labels prints nothing", "We have received your request. Please update to 4.2.", [], LATE),
    ("received, and fixed", "[#4711] Shipping Labels prints nothing", "We have received your message and fixed it.", [], LATE),
    ("received, and a question", "[#4711] Shipping Labels prints nothing", "We have received your request. Is it Windows?", [], LATE),
    ("received, and a link", "[#4711] Shipping Labels prints nothing", "We have received your request, please see https://acme.example/42", [], LATE),
    ("received, by hand, in the plain thread", "Re: Shipping Labels prints nothing [#1001]", "Hello Jane,\n\nwe have received your message and will get back to you soon.\n\nAnn", [], LATE),
    ("a file of the fix", "[#4711] Shipping Labels prints nothing", "We have received your request. Here is a patched file.", [], QUICK),
    ("a long explanation", "[#4711] Shipping Labels prints nothing", "We have received your request. " + "The printer driver wants a paper size in millimetres. " * 80, [], QUICK),
    ("a question about ratings", "Re: Ratings for products [#1001]", "The table that holds stars is called ratings. Please look whether it exists.", [], LATE),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text", "fields", "habit"), [r[1:] for r in ANSWERS], ids=[r[0] for r in ANSWERS])
def test_an_answer_stays_an_answer(subject, text, fields, habit):
    files = (Attachment(filename="fix.php", content_type="text/plain", size=9, sha256="0"),) if "file" in text else ()
    found = weighed(letter(subject, text, *fields, attachments=files), habit)
    assert found.kind is None, found.reason
    assert not found.asks_for_rating


def test_stars_begged_for_below_an_answer_are_told_and_the_answer_stays_one():
    mail = letter("Re: Shipping Labels [#1001]", "Version 4.2 solves it.\n\nHappy? Please leave us a review!")
    found = weighed(mail, LATE)
    assert (found.kind, found.asks_for_rating) == (None, True)


def test_an_absence_notice_and_a_report_are_weighed_elsewhere():
    away = letter("Automatic reply: Labels", "I am out of the office until Monday.", "Auto-Submitted: auto-replied")
    assert weighed(away, QUICK).kind is None
