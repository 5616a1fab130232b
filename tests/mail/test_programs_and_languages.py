"""The habits of twenty mail programs in sixteen languages: each mail is composed as its program does, then read.

The bytes are made here, so that what must be read is known exactly: author, subject, words, files.
"""

import base64
import quopri
from email.header import Header

import pytest

from gatepost.core.letter import Trouble
from gatepost.mail.parse import read_letter

# Language: charset of old programs, name, subject, words. The words are two lines.
LANGUAGES = {
    "en": ("us-ascii", "Ann Lee", "Checkout is broken", "Hello, the checkout is broken since the update.\nThank you, Ann"),
    "de": ("iso-8859-1", "Jürgen Müller", "Grüße, die Kasse hängt", "Guten Tag, die Kasse hängt seit gestern.\nSchöne Grüße, Jürgen"),
    "fr": ("iso-8859-15", "Hélène Lefèvre", "Problème de paiement à la caisse", "Bonjour, le paiement a échoué : « erreur 5 ».\nÀ bientôt, Hélène"),
    "es": ("windows-1252", "José Muñoz", "¿Dónde está mi pedido?", "Hola, ¿dónde está mi pedido? No lo encuentro.\nGracias, José"),
    "pt": ("iso-8859-1", "João Conceição", "Atualização não funciona", "Olá, a atualização não funciona.\nObrigado, João"),
    "it": ("iso-8859-1", "Niccolò Però", "Il modulo non è più visibile", "Buongiorno, il modulo non è più visibile.\nCordialità, Niccolò"),
    "nl": ("iso-8859-1", "Zoë Brontë", "Geïmporteerde bestellingen", "Hallo, de geïmporteerde bestellingen ontbreken.\nGroet, Zoë"),
    "pl": ("iso-8859-2", "Łukasz Żółć", "Zamówienie nie działa", "Dzień dobry, zamówienie nie działa.\nPozdrawiam, Łukasz"),
    "cs": ("windows-1250", "Jiří Dvořák", "Chyba při placení", "Dobrý den, při placení došlo k chybě.\nDěkuji, Jiří"),
    "tr": ("iso-8859-9", "Gülşah Çağlı", "Ödeme çalışmıyor", "Merhaba, ödeme sayfası çalışmıyor.\nTeşekkürler, Gülşah"),
    "ru": ("koi8-r", "Анна Ли", "Не работает оплата", "Здравствуйте, не работает оплата заказа.\nСпасибо, Анна"),
    "el": ("iso-8859-7", "Άννα Λη", "Πρόβλημα πληρωμής", "Καλημέρα, έχω πρόβλημα με την πληρωμή.\nΕυχαριστώ, Άννα"),
    "he": ("windows-1255", "אנה לי", "בעיה בתשלום", "שלום, יש בעיה בתשלום.\nתודה, אנה"),
    "ja": ("iso-2022-jp", "山田太郎", "決済の不具合について", "お世話になっております。決済ができません。\nよろしくお願いします。"),
    "zh": ("gb2312", "王小明", "付款页面打不开", "您好，付款页面打不开。\n谢谢，王小明"),
    "ko": ("euc-kr", "김철수", "결제 오류 문의", "안녕하세요, 결제가 되지 않습니다.\n감사합니다."),
}  # fmt: skip
PDF = b"%PDF-1.4\n" + bytes(range(60)) * 3
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def words_of(label, text):
    return Header(text, label, maxlinelen=70).encode()


def head(name, subject, label, *more):
    lines = [
        f"From: {words_of(label, name)} <someone@shop.example>", "To: support@market.example",
        f"Subject: {words_of(label, subject)}", "Message-ID: <1@shop.example>", "Date: Mon, 23 Nov 2026 10:00:00 +0100",
        "MIME-Version: 1.0", *more,
    ]  # fmt: skip
    return (
        "\r\n".join(lines).replace("\r\n\n", "\r\n").replace("\n ", "\r\n ").replace("\r\r", "\r").encode()
        + b"\r\n\r\n"
    )


def qp(text, label):
    return quopri.encodestring(text.replace("\n", "\r\n").encode(label)).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def b64(octets):
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def part(kind, content, encoding="7bit", *more):
    fields = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *more]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + content


def multi(boundary, *parts, preamble=b""):
    mark = b"\r\n--" + boundary.encode()
    return preamble + b"".join(mark + b"\r\n" + one for one in parts) + mark + b"--\r\n"


def html(text, style="p"):
    lines = text.split("\n")
    if style == "word":
        return "".join(f"<p class=MsoNormal><span lang=DE>{line}<o:p></o:p></span></p>" for line in lines)
    if style == "div":
        return "".join(f'<div dir="ltr">{line}</div>' for line in lines)
    return "<br>\r\n".join(lines)


def plain_8bit(old, name, subject, text):  # Mutt, Pine
    return head(
        name, subject, old, f"Content-Type: text/plain; charset={old}", "Content-Transfer-Encoding: 8bit"
    ) + text.encode(old)


def plain_qp(old, name, subject, text):  # Evolution
    return head(
        name, subject, "utf-8", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"
    ) + qp(text, "utf-8")


def plain_base64(old, name, subject, text):  # Python and PHP scripts
    return head(
        name, subject, "utf-8", 'Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: base64"
    ) + b64(text.replace("\n", "\r\n").encode())


def gmail(old, name, subject, text):
    body = multi(
        "000000000000abc",
        part('text/plain; charset="UTF-8"', b64(text.encode()), "base64"),
        part('text/html; charset="UTF-8"', b64(html(text, "div").encode()), "base64"),
    )
    return head(name, subject, "utf-8", 'Content-Type: multipart/alternative; boundary="000000000000abc"') + body


def outlook(old, name, subject, text):
    inner = multi(
        "_000_B_",
        part(f'text/plain; charset="{old}"', qp(text, old), "quoted-printable"),
        part(f'text/html; charset="{old}"', qp(html(text, "word"), old), "quoted-printable"),
    )
    related = multi(
        "_004_B_",
        part('multipart/alternative; boundary="_000_B_"', inner),
        part(
            'image/png; name="image001.png"',
            b64(PNG),
            "base64",
            "Content-Description: image001.png",
            "Content-ID: <image001.png@01D>",
            'Content-Disposition: inline; filename="image001.png"; size=48',
        ),
    )
    return (
        head(
            name,
            subject,
            old,
            "X-MS-Has-Attach: yes",
            'Content-Type: multipart/related;\r\n\tboundary="_004_B_"; type="multipart/alternative"',
        )
        + related
    )


def outlook_html_only(old, name, subject, text):
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={old}"><style><!-- p {{margin:0}} --></style></head><body>{html(text, "word")}</body></html>'
    return head(name, subject, old, "Content-Type: text/html", "Content-Transfer-Encoding: 8bit") + page.encode(old)


def apple_mail(old, name, subject, text):
    first, second = text.split("\n")
    body = multi(
        "Apple-Mail=_1",
        part("text/plain;\r\n\tcharset=utf-8", qp(first, "utf-8"), "quoted-printable"),
        part(
            "application/pdf;\r\n\tname=a.pdf", b64(PDF), "base64", "Content-Disposition: inline;\r\n\tfilename=a.pdf"
        ),
        part("text/plain;\r\n\tcharset=utf-8", qp(second, "utf-8"), "quoted-printable"),
    )
    return (
        head(
            name,
            subject,
            "utf-8",
            "X-Mailer: Apple Mail (2.3774)",
            'Content-Type: multipart/mixed;\r\n\tboundary="Apple-Mail=_1"',
        )
        + body
    )


def iphone(old, name, subject, text):
    body = multi(
        "Apple-Mail-2",
        part("text/html;\r\n\tcharset=utf-8", qp(html(text), "utf-8"), "quoted-printable"),
        part("text/plain;\r\n\tcharset=utf-8", qp(text, "utf-8"), "quoted-printable"),
    )
    return (
        head(
            name,
            subject,
            "utf-8",
            "X-Mailer: iPhone Mail (21A)",
            "Content-Type: multipart/alternative; boundary=Apple-Mail-2",
        )
        + body
    )


def thunderbird(old, name, subject, text):
    flowed = text.replace(" ", " \r\n", 1)
    body = multi(
        "------------B7",
        part(
            "text/plain; charset=UTF-8; format=flowed",
            flowed.replace("\n", "\r\n").replace("\r\r", "\r").encode(),
            "8bit",
        ),
        part(
            'application/pdf; name="=?UTF-8?B?' + base64.b64encode("Übersicht.pdf".encode()).decode() + '?="',
            b64(PDF),
            "base64",
            "Content-Disposition: attachment; filename*=UTF-8''%C3%9Cbersicht.pdf",
        ),
        preamble=b"This is a multi-part message in MIME format.",
    )
    return (
        head(
            name,
            subject,
            "utf-8",
            "User-Agent: Mozilla Thunderbird",
            'Content-Type: multipart/mixed; boundary="------------B7"',
        )
        + body
    )


def k9(old, name, subject, text):
    return gmail(old, name, subject, text).replace(b"MIME-Version", b"User-Agent: K-9 Mail for Android\r\nMIME-Version")


def yahoo(old, name, subject, text):
    inner = multi(
        "----=_Part_2",
        part("text/plain; charset=UTF-8", qp(text, "utf-8"), "quoted-printable"),
        part(
            "text/html; charset=UTF-8",
            qp(f"<html><head></head><body><div class='yahoo'>{html(text)}</div></body></html>", "utf-8"),
            "quoted-printable",
        ),
    )
    return head(name, subject, "utf-8", 'Content-Type: multipart/mixed; boundary="----=_Part_1"') + multi(
        "----=_Part_1",
        part('multipart/alternative; boundary="----=_Part_2"', inner),
        part("application/pdf", b64(PDF), "base64", "Content-Disposition: attachment; filename=a.pdf"),
    )


def lotus_notes(old, name, subject, text):
    inner = multi(
        "=_alt 1",
        part(f'text/plain; charset="{old}"', qp(text, old), "quoted-printable"),
        part(f'text/html; charset="{old}"', qp(f"<font face=sans-serif>{html(text)}</font>", old), "quoted-printable"),
    )
    return head(
        name, subject, old, "X-Mailer: Lotus Notes Release 8.5", 'Content-Type: multipart/mixed; boundary="=_mixed 2"'
    ) + multi(
        "=_mixed 2",
        part('multipart/alternative; boundary="=_alt 1"', inner),
        part('application/pdf; name="a.pdf"', b64(PDF), "base64", 'Content-Disposition: attachment; filename="a.pdf"'),
    )


def groupwise(old, name, subject, text):
    return head(name, subject, "utf-8", 'Content-Type: multipart/mixed; boundary="=__Part__="') + multi(
        "=__Part__=",
        part("text/plain; charset=UTF-8", qp(text, "utf-8"), "quoted-printable", "Content-Disposition: inline"),
        part("application/pdf; name=a.pdf", b64(PDF), "base64", "Content-Disposition: attachment; filename=a.pdf"),
    )


def exchange_tnef(old, name, subject, text):
    return head(
        name, subject, old, "X-MS-TNEF-Correlator: <1>", 'Content-Type: multipart/mixed; boundary="_000_t_"'
    ) + multi(
        "_000_t_",
        part(f'text/plain; charset="{old}"', qp(text, old), "quoted-printable"),
        part(
            'application/ms-tnef; name="winmail.dat"',
            b64(PDF),
            "base64",
            'Content-Disposition: attachment; filename="winmail.dat"',
        ),
    )


def the_bat(old, name, subject, text):
    return head(
        name,
        subject,
        old,
        "X-Mailer: The Bat! (v4)",
        f"Content-Type: text/plain; charset={old.upper()}",
        "Content-Transfer-Encoding: 8bit",
    ) + text.replace("\n", "\r\n").encode(old)


def raw_headers(old, name, subject, text):  # web forms that write eight bits into the header
    fields = f"From: {name} <someone@shop.example>\r\nTo: support@market.example\r\nSubject: {subject}\r\nContent-Type: text/plain; charset={old}\r\n\r\n"
    if old == "iso-2022-jp":
        old = "utf-8"
        fields = fields.replace("iso-2022-jp", "utf-8")
    return (fields + text).encode(old)


def undeclared_utf8(old, name, subject, text):  # shell scripts
    return f"From: {name} <someone@shop.example>\nTo: support@market.example\nSubject: {subject}\n\n{text}".encode()


def quoted_words(old, name, subject, text):  # programs that put encoded words into quotes
    field = f'From: "{words_of("utf-8", name)}" <someone@shop.example>'.encode()
    return b"\r\n".join(
        [
            field,
            b"Subject: " + words_of("utf-8", subject).encode(),
            b"Content-Type: text/plain; charset=utf-8",
            b"",
            text.encode(),
        ]
    )


def help_desk(old, name, subject, text):  # osTicket, Zendesk: HTML alone, base64, names in RFC 2231
    return head(name, subject, "utf-8", 'Content-Type: multipart/mixed; boundary="=_z"') + multi(
        "=_z",
        part(
            "text/html; charset=utf-8",
            b64(
                f"<!DOCTYPE html><html><head><title>t</title></head><body><div style='display:none'>hidden</div>{html(text)}</body></html>".encode()
            ),
            "base64",
        ),
        part(
            'application/pdf; name*0="long-"; name*1="name.pdf"',
            b64(PDF),
            "base64",
            'Content-Disposition: attachment;\r\n filename*0="long-";\r\n filename*1="name.pdf"',
        ),
    )


def signed(old, name, subject, text):  # Enigmail, S/MIME gateways
    return head(
        name,
        subject,
        "utf-8",
        'Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary=sig',
    ) + multi(
        "sig",
        part("text/plain; charset=utf-8", qp(text, "utf-8"), "quoted-printable"),
        part("application/pgp-signature; name=signature.asc", b"-----BEGIN PGP SIGNATURE-----", "7bit"),
    )


def forwarded(old, name, subject, text):
    inner = b"From: else@y.example\r\nSubject: Old\r\n\r\nforeign words"
    return head(name, subject, "utf-8", "Content-Type: multipart/mixed; boundary=f") + multi(
        "f",
        part("text/plain; charset=utf-8", text.encode(), "8bit"),
        b"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n" + inner,
    )


FILES = {
    outlook: ["image001.png"], apple_mail: ["a.pdf"], thunderbird: ["Übersicht.pdf"], yahoo: ["a.pdf"], lotus_notes: ["a.pdf"],
    groupwise: ["a.pdf"], exchange_tnef: ["winmail.dat"], help_desk: ["long-name.pdf"], signed: ["signature.asc"],
    forwarded: ["Old.eml"],
}  # fmt: skip
PROGRAMS = [
    plain_8bit, plain_qp, plain_base64, gmail, outlook, outlook_html_only, apple_mail, iphone, thunderbird, k9, yahoo, lotus_notes,
    groupwise, exchange_tnef, the_bat, raw_headers, undeclared_utf8, quoted_words, help_desk, signed, forwarded,
]  # fmt: skip


def test_there_are_twenty_programs_and_fifteen_languages():
    assert len(PROGRAMS) >= 20
    assert len(LANGUAGES) >= 15
    assert len(PROGRAMS) * len(LANGUAGES) >= 300


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_mail_is_read_as_its_program_meant_it(program, language):
    old, name, subject, text = LANGUAGES[language]
    letter = read_letter(program(old, name, subject, text))
    assert letter.sender is not None
    assert (letter.sender.name, letter.sender.address) == (name, "someone@shop.example")
    assert letter.subject == subject
    assert letter.text.split() == text.split()
    assert [file.filename for file in letter.attachments] == FILES.get(program, [])
    assert all(file.content in (PDF, PNG) or not file.filename.endswith(("pdf", "png")) for file in letter.attachments)
    assert Trouble.STRUCTURE_BROKEN not in letter.troubles
