"""A page of the portal as its visitors would see it, made of the operator's config and templates and a sample customer.

The whole portal is opened over an empty store in a temporary folder, asked for the page, and closed; nothing of the
marketplace's own data is touched or read. Style and pictures are put into the page, so that it stands alone.
"""

import asyncio
import base64
import re
import secrets
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2

from .. import shipped
from ..clock import Clock
from ..config import Config, load
from ..core import DAY, HOUR, Millis
from ..core.letter import Arrival, Envelope
from ..core.party import Brand, Customer, Product, Standing, Subscription, Vendor
from ..errors import PermanentError
from ..house import House
from ..mail.parse import read_letter
from ..parts import build_house, open_database
from ..pipeline import handle
from ..portal.app import Portal, open_counter
from ..portal.page import Page, Who
from ..portal.routes import pages
from ..store import accounts, parties, sessions
from ..store.database import Database, Tx
from ..store.sessions import Kind, Session

_ADDRESS = "ada@sample.example"
_TICKET, _REQUESTER = 1001, 1
_BASE = "https://preview.example"
# What is no page, or none that stands alone.
_NO_PAGE = re.compile(r"^/(style|face|staff|as)/|/files/|^/sign-in/(with|shop)")
_WORDS = "Hello,\r\n\r\nsince the update the calendar stays empty. What can I do?\r\n\r\nAda\r\n"


def listed() -> list[str]:
    """The pages that can be shown."""
    with tempfile.TemporaryDirectory() as folder:
        config = _sample(Path(folder))
        with closing(open_database(config)) as db:
            every = pages(open_counter(build_house(config), db, Clock()))
    shown = (page.path for page in every if page.method == "GET" and page.who in (Who.ANYONE, Who.CUSTOMER))
    return [path for path in shown if path != "/" and not _NO_PAGE.search(path)]


def preview(config: Config | None, slug: str | None, path: str, language: str) -> str:
    """The HTML of the page at `path`. Raises PermanentError for a page that cannot be shown."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config = _sample(place) if config is None else _moved(config, place / "data")
        (place / "data").mkdir(mode=0o700, exist_ok=True)
        house = build_house(config)
        brand = _brand(house, slug, language)
        with closing(open_database(config)) as db:
            return asyncio.run(_shown(config, house, db, brand, path, language))


def _sample(folder: Path) -> Config:
    """The shipped marketplace's config, at home in `folder`."""
    text = (shipped.folder("examples") / "marketplace" / "config.toml").read_text(encoding="utf-8")
    (folder / "config.toml").write_text(text, encoding="utf-8")
    (folder / "data").mkdir(mode=0o700)
    return load(folder / "config.toml", secrets=False)


def _moved(config: Config, data: Path) -> Config:
    return config.model_copy(update={"gatepost": config.gatepost.model_copy(update={"data": str(data)})})


def _brand(house: House, slug: str | None, language: str) -> Brand:
    """The brand, at a host of its own, with the language among its own."""
    found = house.brands.get(slug) if slug is not None else next(iter(house.brands.values()))
    if found is None:
        raise PermanentError(f"there is no brand {slug}", f"There are: {', '.join(house.brands)}.")
    brand = replace(found, portal=_BASE, languages=tuple(dict.fromkeys((language, *found.languages))))
    house.brands = {brand.slug: brand}
    return brand


async def _shown(config: Config, house: House, db: Database, brand: Brand, path: str, language: str) -> str:
    clock, secret = Clock(), secrets.token_urlsafe(32)
    own = Path(config.gatepost.templates) / "portal"
    counter = open_counter(
        house, db, clock, own, portal=config.portal, sso=config.sso, shop_sign_in=config.shop_sign_in
    )
    portal = Portal(counter)
    await db.write(lambda tx: _fill(tx, house, brand, secret, language, clock.now()))
    page = _page(pages(counter), path)
    transport = httpx2.ASGITransport(app=portal.app)
    cookies = {counter.cookies.name(Kind.CUSTOMER.value): secret}
    headers = {"accept-language": language}
    async with httpx2.AsyncClient(transport=transport, base_url=_BASE, cookies=cookies, headers=headers) as browser:
        answer = await browser.get(_filled(house, page, path, secret, clock.now()))
        if answer.is_redirect:
            raise PermanentError(f"{path} only leads to {answer.headers['location']}", "Ask for that one.")
        return await _alone(browser, answer.text)


def _page(every: tuple[Page, ...], path: str) -> Page:
    for page in every:
        if page.method == "GET" and path in (page.path, _numbered(page.path)):
            return page
    raise PermanentError(f"there is no page {path}", "gatepost portal preview without a page lists them.")


def _numbered(path: str) -> str:
    return re.sub(r"\{(number|ticket)(:int)?\}", str(_TICKET), path)


def _filled(house: House, page: Page, path: str, secret: str, now: Millis) -> str:
    """The path with values in its places: a signed link, the secret of a mailed one, the sample ticket's number."""
    token = house.links.sign(page.link, (_TICKET, _REQUESTER), now + HOUR) if page.link is not None else secret
    return re.sub(r"\{[^}]*\}", "5", _numbered(path).replace("{token}", token))


def _fill(tx: Tx, house: House, brand: Brand, secret: str, language: str, now: Millis) -> None:
    """A vendor, a product, a signed-in customer with a subscription and a ticket, and links that were mailed."""
    vendor, _ = parties.put_vendor(
        tx, Vendor(id=0, slug="sample", name="Sample Works", support_address="help@works.example")
    )
    product, _ = parties.put_product(tx, Product(id=0, slug="calendar", name="Calendar", vendor_id=vendor))
    who, _ = parties.put_customer(
        tx, Customer(id=0, address=_ADDRESS, name="Ada Example", language=language, zone=brand.zone)
    )
    parties.put_subscription(
        tx,
        Subscription(
            id=0, customer_id=who, product_id=product, status=Standing.ACTIVE, starts=now - 90 * DAY,
            ends=now + 275 * DAY, reference="S-1",
        ),
    )  # fmt: skip
    head = f"From: Ada Example <{_ADDRESS}>\r\nSubject: Calendar stays empty\r\nMessage-ID: <1@sample.example>\r\n"
    raw = f"{head}Content-Language: {language}\r\n\r\n{_WORDS}".encode()
    envelope = Envelope(mail_from=_ADDRESS, recipients=(brand.support[0],))
    handle(tx, house, Arrival(id=1, received=now, envelope=envelope, raw=raw), read_letter(raw), now)
    accounts.enter(tx, who, "", now)
    own = Session(id=0, kind=Kind.CUSTOMER, customer=who, brand=brand.slug, started=now, expires=now + DAY)
    sessions.open_(tx, own, secret)
    sessions.ask(
        tx, address=_ADDRESS, kind=Kind.CUSTOMER, brand=brand.slug, language=language, wanted="", per_hour=9, now=now
    )
    for asked in sessions.waiting(tx):
        sessions.mailed(tx, asked.id, secret, now + HOUR)
    accounts.claim(tx, who, "ada@work.example", secret, until=now + HOUR, now=now)


async def _alone(browser: httpx2.AsyncClient, html: str) -> str:
    """The page with its style and pictures in it."""
    for whole, path in re.findall(r'(<link rel="stylesheet" href="([^"]+)">)', html):
        html = html.replace(whole, f"<style>\n{(await browser.get(path)).text}</style>")
    for path in sorted(set(re.findall(r'"(/face/[^"]+)"', html))):
        picture = await browser.get(path)
        data = base64.b64encode(picture.content).decode("ascii")
        html = html.replace(f'"{path}"', f'"data:{picture.headers["content-type"]};base64,{data}"')
    return html
