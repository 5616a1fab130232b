"""Tries every letter with full and with scanty figures, and looks at what it says to machines' readers (A2).

Finds what loading cannot: a figure's part that does not exist, a missing pair, links where none may be. Sends nothing.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..core.discount import Card, CardKind
from ..core.effect import Auto, Transcript
from ..core.letter import Mailbox
from ..core.party import Brand, Product, Standing, Subscription, Vendor
from ..core.phrase import Sentence
from ..errors import GatepostError, Mistake
from .compose import Composed, Draft, compose
from .status_report import find
from .templates import Letters, TemplateError
from .upsell import FILE, UpsellWords
from .values import Figures

_AUTOMATIC = "customer/acknowledgement"
_PORTAL = "https://portal.example"
_DATE = 1_780_315_200_000
_LINK = re.compile(r"https?://[^\s\"'<>)]{1,2000}")
_TARGET = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s>]{0,2000})", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
_LOADS = re.compile(r"\bsrc\s*=|url\(|@import|<script|<iframe|<form|<object", re.IGNORECASE)
_AFFILIATE = re.compile(r"utm_\w+|aff\w*|ref|referrer|partner\w*|coupon|discount|promo\w*|gclid|fbclid|\w*clickid")
_NONE = UpsellWords(None)
_REPORT = """### WordPress Environment ###
WP Version: 6.4
WC Version: 8.5
### Server Environment ###
PHP Version: 8.1
### Active Plugins (1) ###
Sample: by Sample – 1.0 (update to version 1.1 is available)
### Templates ###
Overrides: sample/cart.php version 3.8.0 is out of date. The core version is 7.9.0
"""
_FIGURES: dict[str, Any] = {
    "customer_language": "en", "team": "Sample", "standing": Standing.ACTIVE, "topics": ["sample"], "author": "Sample",
    "product": Product(id=1, slug="sample", name="Sample", vendor_id=1),
    "vendor": Vendor(id=1, slug="sample", name="Sample", support_address="help@vendor.example"),
    "subscription": Subscription(
        id=1, customer_id=1, product_id=1, status=Standing.ACTIVE, starts=_DATE, ends=_DATE, reference="1"
    ),
    "fields": {"order_number": "1"},
    "words": "Sample\n\n> quote\n\n  code", "files": ["sample.txt"], "report": find(_REPORT), "link": _PORTAL,
    "choices": [("Sample", _PORTAL)], "reason": "sample", "unsubscribe": _PORTAL,
    "confirm": {"link": f"{_PORTAL}/confirm/sample", "subject": "Sample", "date": "today", "names": ["a@shop.example"]},
    "cards": [Card(kind=CardKind.PRODUCT, title="Sample", note="Sample", link=_PORTAL)],
    "listed": [{"number": 1, "subject": "Sample", "when": "today", "late": True}],
    "short": [
        {"figure": "in_time", "seen": "61 %", "wanted": "80 %", "count": "18", "days": "30"},
        {"figure": "rating", "seen": "3.1", "wanted": "3.5", "count": "12", "days": "30"},
    ],
    "leave": {
        "staff": "Sample", "customer": "Sample Customer", "reason": "sample", "acting": True, "granted": True,
        "ticket": 1, "until": "today", "minutes": 30, "link": f"{_PORTAL}/leave/sample", "started": "today",
        "ended": "today", "why": "Sample.", "acts": [{"at": "today", "said": "Sample"}],
        "looks": [{"at": "today", "said": "Sample"}],
    },
    "secret": {
        "kinds": ["a password"], "link": f"{_PORTAL}/secret/sample", "until": "today", "passphrase": True,
        "who": "Jane Doe",
        "accounts": [{"login": "support-acme", "until": "today"}], "closed": True, "days": 14,
    },
    "linked": [{"name": "sample.zip", "size": "31 MB", "link": f"{_PORTAL}/files/sample", "until": "today"}],
    "later": [{"author": "Sample", "at": "today", "words": "Sample"}],
    "transcript": Transcript(
        lines=(("#sample", Sentence(message="Sample")),), help=(("#sample", "Sample"),), done=False
    ),
    "absent": [{"name": "Sample", "until": "today"}], "forwarder": "Sample <sample@staff.example>",
    "answer_by": "today", "waiting_since": "today", "filed": "today", "away_until": "today",
}  # fmt: skip
_SAMPLES: tuple[dict[str, Any] | None, ...] = (
    {}, {"away": "Sample", "over": True, "pair": "loop.example"},
    {"first": False, "away_until": "", "choices": [("Sample", "")]}, None,
)  # fmt: skip


def lint(letters: Letters, brand: Brand, upsell: UpsellWords = _NONE) -> list[Mistake]:
    """Every mistake of the letters as they would go out for `brand`, in the order of the files.

    `upsell` are words that no automatic answer may say.
    """
    found = {mistake for key, language in letters.all() for mistake in _letter(letters, brand, key, language, upsell)}
    return sorted(found, key=lambda mistake: (mistake.file, mistake.line, mistake.message))


def sample(letters: Letters, brand: Brand, name: str, language: str) -> Composed:
    """The letter `name`, or `audience/name`, with sample figures, as it would go out for `brand`.

    Raises TemplateError where there is no such letter, or where it cannot be made.
    """
    keys = [key for key, _ in letters.all() if name in (key, key.partition("/")[2])]
    return compose(_draft(brand, keys[0] if keys else name, language, {}), letters)


def _letter(letters: Letters, brand: Brand, key: str, language: str, upsell: UpsellWords) -> Iterator[Mistake]:
    text, html = letters.file(key, language), letters.file(key, language, html=True)
    if not letters.source(html):
        beside = text.replace(".txt.j2", ".html.j2")
        yield Mistake(file=text, message="it has no HTML form", suggestion=f"add {beside}")
    automatic = key.startswith(_AUTOMATIC)
    for change in _SAMPLES:
        try:
            mail = compose(_draft(brand, key, language, change), letters)
        except TemplateError as error:
            yield Mistake(file=error.file, line=error.line, message=error.why)
            continue
        except GatepostError as error:
            yield Mistake(file=text, message=error.message)
            continue
        yield from _look(letters, brand, text, mail.text, automatic=automatic)
        yield from _look(letters, brand, html, mail.html, automatic=automatic)
        if automatic:
            yield from _sells(letters, text, f"{mail.subject}\n{mail.text}", language, upsell)
            yield from _sells(letters, html, unescape(_MARKUP.sub(" ", mail.html)), language, upsell)


def _sells(letters: Letters, file: str, said: str, language: str, upsell: UpsellWords) -> Iterator[Mistake]:
    """Words that sell something, in an answer that nobody has written."""
    for word in upsell.said(said):
        line = _line(letters.source(file).lower(), word)
        message = f"an automatic answer sells nothing, and this says “{word}” ({language})"
        yield Mistake(file=file, line=line, message=message, suggestion=f"or take the word out of {FILE}")


def _look(letters: Letters, brand: Brand, file: str, said: str, *, automatic: bool) -> Iterator[Mistake]:
    """What one form of a letter may not hold."""
    source = letters.source(file)
    if file.endswith(".html.j2"):
        if loads := _LOADS.search(said):
            line = _line(source, loads.group())
            yield Mistake(file=file, line=line, message=f"a letter loads nothing, and this does: {loads.group()}")
        targets = {unescape(target) for target in _TARGET.findall(said)} | set(_LINK.findall(unescape(said)))
    else:
        targets = set(_LINK.findall(said))
    for target in sorted(targets):
        parts = urlsplit(target.rstrip(".,;"))
        line = _line(source, parts.netloc or target)
        if parts.scheme not in ("http", "https", "mailto"):
            yield Mistake(file=file, line=line, message=f"a link goes nowhere: {target or 'an empty href'}")
        elif automatic and parts.hostname not in _hosts(brand):
            yield Mistake(
                file=file,
                line=line,
                message=f"an automatic answer links only to the brand's own pages, not to {target}",
            )
        elif automatic and (
            words := [name for name, _ in parse_qsl(parts.query) if _AFFILIATE.fullmatch(name.lower())]
        ):
            yield Mistake(file=file, line=line, message=f"an automatic answer carries no affiliate mark: {words[0]}")


def _hosts(brand: Brand) -> set[str | None]:
    """The hosts to which an automatic answer may link: those of the brand's configured pages."""
    pages = (brand.portal, brand.privacy, brand.data_use, brand.knowledge_base)
    return {urlsplit(page).hostname for page in (*pages, _PORTAL) if page}


def _line(source: str, words: str) -> int:
    """The first line of the template that holds `words`; 0 where it comes from elsewhere."""
    return next((number for number, line in enumerate(source.split("\n"), 1) if words in line), 0)


def _draft(brand: Brand, key: str, language: str, change: dict[str, Any] | None) -> Draft:
    """A sample mail: with every figure but for `change`, or with as few as there can be."""
    full = change is not None
    customer = Mailbox(address="customer@shop.example", name="Sample Customer" if full else "")
    usual: dict[str, Any] = {"brand": brand, "language": language, "customer": customer}
    values = Figures(
        **usual, verified=full, masked=not full, **(_FIGURES | change if change is not None else {})
    ).values()
    automatic = key.startswith(_AUTOMATIC)
    return Draft(
        template=key,
        language=language,
        brand=brand,
        to=customer,
        from_name=brand.name,
        reply_address=brand.support[0],
        message_id="sample@portal.example",
        subject="Sample" if full else "",
        tag=1,
        auto=Auto.REPLIED if automatic else Auto.NO,
        values=values,
        date=_DATE,
    )
