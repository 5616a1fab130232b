"""An answer to a letter of ours, written above our line in a usual mail program, brings back the new words alone."""

import html
from email.message import EmailMessage

import pytest

from gatepost.mail.compose import compose
from gatepost.mail.parse import read_letter

ANSWERED = [
    f"{name}.{language}"
    for language in ("en", "de")
    for name in ("vendor/ticket", "customer/answer", "customer/acknowledgement", "staff/team")
]
ATTRIBUTIONS = {
    "en": "On Mon, 1 Jun 2026 at 14:00, Jane Doe via Extension Market <support+x@market.example> wrote:",
    "de": "Am Mo., 1. Juni 2026 um 14:00 Uhr schrieb Jane Doe via Extension Market <support+x@market.example>:",
}


@pytest.fixture
def answer(draft, values, letters):
    def make(stem: str, style: str) -> bytes:
        template, language = stem.rsplit(".", 1)
        mail = compose(draft(template, language=language, values=values(language)), letters)
        new = "Please try 2.1.1.\n\nIt fixes this."
        reply = EmailMessage()
        reply["From"], reply["To"], reply["Subject"] = (
            "bob@acme.example",
            "support@market.example",
            f"Re: {mail.subject}",
        )
        quoted = "\n".join(f"> {line}" if line else ">" for line in mail.text.split("\n"))
        head = "-----Original Message-----\nFrom: Jane Doe via Extension Market\nSent: Monday, 1 June 2026\nTo: help@acme.example\n"
        reply.set_content({
            "quoted": f"{new}\n\n{ATTRIBUTIONS[language]}\n\n{quoted}",
            "outlook": f"{new}\n\n{head}\n{mail.text}",
            "bare": f"{new}\n\n{mail.text}",
            "html": new,
        }[style])  # fmt: skip
        if style == "html":
            paragraphs = "".join(f"<div>{line or '<br>'}</div>" for line in new.split("\n"))
            quote = f'<div class="gmail_quote"><div class="gmail_attr">{html.escape(ATTRIBUTIONS[language])}</div><blockquote>{mail.html}</blockquote></div>'
            reply.set_content(f"<html><body>{paragraphs}{quote}</body></html>", subtype="html")
        return reply.as_bytes()

    return make


@pytest.mark.parametrize("style", ["quoted", "outlook", "bare", "html"])
@pytest.mark.parametrize("stem", ANSWERED)
def test_the_new_words_alone_go_on(answer, stem, style):
    assert read_letter(answer(stem, style)).relay_text == "Please try 2.1.1.\n\nIt fixes this."
