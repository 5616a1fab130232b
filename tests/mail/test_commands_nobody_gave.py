"""A command is what the sender wrote on top, and saw: never what is quoted, forwarded, hidden or beside the text."""

import pytest

from gatepost.core.commands import Rank, read_orders
from gatepost.mail.html import to_text
from gatepost.mail.parse import read_letter

HEAD = "From: v@acme.example\r\nTo: x@o.example\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\nContent-Type: text/"
TEXT = {
    "quoted": "> #close\n> the printer",
    "quoted with a lead": "On Mon, Jane wrote:\n> #close\n",
    "a lead without marks": "On Mon, Jane wrote:\n#close\n",
    "forwarded": "---------- Forwarded message ---------\nFrom: Jane <j@x>\nDate: Mon\nSubject: x\nTo: v\n\n#close\n",
    "forwarded by Apple": "Begin forwarded message:\n\n> From: Jane\n> Subject: x\n>\n> #close\n",
    "as Outlook quotes": "-----Original Message-----\nFrom: Jane\nSent: Monday\nTo: v\nSubject: x\n\n#close\n",
    "as Outlook quotes in German": "Von: Jane\nGesendet: Montag\nAn: v\nBetreff: x\n\n#close\n",
    "below a quote": "> hello\n\n#close\nHello",
    "below the line of a help desk": "##- Please type your reply above this line -##\n#close",
    "a signature": "-- \n#close",
    "another sign": "＃close\nHello",
}
MARKUP = {
    "a blockquote": "<blockquote type=cite>#close<br>hi</blockquote>",
    "as Gmail quotes": '<div class="gmail_quote"><div>On Mon, Jane wrote:</div><blockquote>#close</blockquote></div>',
    "as Outlook quotes": '<div id="divRplyFwdMsg"><b>From:</b> Jane<br><b>Sent:</b> Monday</div><div>#close</div>',
    "as Outlook mobile quotes": '<div id="appendonsend"></div><hr><div dir="ltr">#close</div>',
    "as Thunderbird quotes": '<div>On 1.1.26, Jane wrote:</div><blockquote type="cite"><p>#close</p></blockquote>',
    "as Yahoo quotes": '<div class="yahoo_quoted"><div>On Monday, Jane wrote:</div><div>#close</div></div>',
    "hidden by style": '<div style="display: none">#close</div><p>Hello</p>',
    "hidden from Outlook": '<p style="mso-hide:all">#close</p><p>Hello</p>',
    "hidden by attribute": "<p hidden>#close</p><p>Hello</p>",
    "a comment": "<!-- #close --><p>Hello</p>",
    "a title": "<html><head><title>#close</title></head><body><p>Hello</p></body></html>",
    "a picture": '<img alt="#close" src="cid:x"><p>Hello</p>',
}


def orders(kind: str, body: str):
    raw = f"{HEAD}{kind}; charset=utf-8\r\n\r\n{body}\r\n".replace("\r\n", "\n").replace("\n", "\r\n")
    return read_orders(read_letter(raw.encode()).reply_text, Rank.VENDOR)


@pytest.mark.parametrize("body", TEXT.values(), ids=TEXT.keys())
def test_text_that_is_not_on_top_commands_nothing(body: str) -> None:
    assert orders("plain", body) is None


@pytest.mark.parametrize("body", MARKUP.values(), ids=MARKUP.keys())
def test_markup_that_nobody_wrote_or_saw_commands_nothing(body: str) -> None:
    assert orders("html", body) is None


@pytest.mark.parametrize(("kind", "body"), [("plain", "#close\n\n> #open"), ("html", "<p>#close</p><p>Hello</p>")])
def test_what_stands_on_top_is_a_command(kind: str, body: str) -> None:
    assert [one.written for one in orders(kind, body).commands] == ["#close"]


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("<p HIDDEN>x</p>y", "y"),
        ("<p hidden='hidden'>x</p>y", "y"),
        ("<p data-x=1 hidden=until-found>x</p>y", "y"),
        ('<p class="a hidden b">x</p>', "x"),
        ('<p aria-hidden="true">x</p>', "x"),
        ('<p title="hidden text">x</p>', "x"),
        ('<td style="font-size:0px"><div style="font-size:13px">x</div></td>', "x"),
    ],
)
def test_the_attribute_hides_and_what_looks_like_it_does_not(markup: str, seen: str) -> None:
    assert to_text(markup) == seen
