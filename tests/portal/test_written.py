"""How a mail's words stand on a page: pictures where they stood, rows as a table, nothing of the sender's HTML."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.portal.customer.written import Pictures, written

from .conftest import JANE
from .test_tickets import PNG

HTML = """<html><head><style>p{margin:0}</style></head><body><div>My order:</div>
<table border=1 onclick="alert(1)"><tr><th>Order</th><th>Status</th><th>Total</th></tr>
<tr><td>#4711</td><td>paid &amp; shipped</td><td>12.00</td></tr><tr><td>#12</td><td></td><td>9.00</td></tr></table>
<p>It looks like this:<br><img src="cid:shot@x" width=300><br>and then like that: <img src="cid:other@x"></p>
<img src="https://tracker.example/p.png"><script>alert(2)</script>
<pre>if (a)
\treturn b;</pre><p>See <a href="https://docs.example/a">the docs</a>.</p></body></html>"""


def formatted(html):
    """A mail that has only HTML, and three pictures, of which one is named nowhere."""
    parts = [f"Content-Type: text/html; charset=utf-8\n\n{html}"]
    for name, cid in (("shot.png", "shot@x"), ("other.png", "other@x"), ("logo.png", "nowhere@x")):
        head = f'Content-Type: image/png; name="{name}"\nContent-ID: <{cid}>\nContent-Disposition: inline; filename="{name}"'
        parts.append(f"{head}\nContent-Transfer-Encoding: base64\n\n{base64.b64encode(PNG + name.encode()).decode()}")
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    head = f"From: Jane <{JANE}>\nTo: support@orchard.example\nSubject: Shipping Labels\nMessage-ID: <html@client.example>\n"
    return f'{head}Date: Mon, 2 Nov 2026 09:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n{body}'


@pytest.mark.catalogue("G02", "G03")
def test_a_formatted_mail_reads_well_and_brings_nothing_of_its_own_html(market, signed_in):
    market.arrive(formatted(HTML))
    jane = signed_in()
    page = jane.get("/tickets/1001").text
    words = page.partition('<div class="words">')[2].partition("</article>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", words)
    assert rows[1:] == [
        "<td>#4711</td><td>paid &amp; shipped</td><td>12.00</td>", "<td>#12</td><td></td><td>9.00</td>",
    ]  # fmt: skip
    shown = [
        (match.start(), name) for match in re.finditer(r'<img src="\S+" alt="(\S+)"', words) for name in match.groups()
    ]
    assert [name for _, name in shown] == ["shot.png", "other.png", "logo.png"]
    assert words.index("looks like this") < shown[0][0] < words.index("and then like that") < shown[1][0]
    assert shown[1][0] < words.index("if (a)\n        return b;") < words.index("https://docs.example/a") < shown[2][0]
    assert "[shot.png]" not in words
    for never in ("tracker.example", "alert(", "onclick", "<style", "cid:"):
        assert never not in page
    for source, name in re.findall(r'<img src="(\S+)" alt="(\S+)"', words):
        assert source.startswith("/tickets/1001/files/") and jane.get(source).content == PNG + name.encode()


def test_a_name_in_brackets_without_its_picture_stays_as_it_was_written():
    pictures = Pictures([{"name": "a.png", "link": "/f/1"}])
    text = "[a.png] [a.png] [b.png] [<b>] ["
    assert written(text, pictures) == (
        '<a class="picture" href="/f/1"><img src="/f/1" alt="a.png" loading="lazy"></a>[a.png] [b.png] [&lt;b&gt;] ['
    )
    assert pictures.left == []


@pytest.mark.parametrize(
    "text", ["a\tb", "\tif\n\tthen", "> a\tb\n> c\td", "\t".join("x" * 13) + "\n" + "\t".join("y" * 13)]
)
def test_what_is_no_table_stays_lines(text):
    assert "<table" not in written(text, Pictures([]))


@given(st.text(alphabet="ab\t\n[]<&\"'> ", max_size=60))
def test_no_word_is_lost_or_let_through(text):
    html = written(text, Pictures([{"name": "a", "link": '/"><script>'}, {"name": "<b>", "link": "/2"}]))
    plain = re.sub(r"</?(?:table|tr|td|a|img)(?: [^<>]*)?>", "", html)
    assert "<" not in plain
    kept = "".join(
        plain.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", '"')
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .split()
    )
    # Two pictures may have taken the place of their names.
    wanted = "".join(text.split())
    for name in ("[a]", "[<b>]"):
        if html.count(f'alt="{name[1:-1].replace("<", "&lt;").replace(">", "&gt;")}"'):
            wanted = wanted.replace(name, "", 1)
    assert kept == wanted
