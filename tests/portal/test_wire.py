"""The portal's web server on a real socket: requests that two programs could read in two ways, slow ones, too large ones."""

import asyncio
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from gatepost.config import PageSection
from gatepost.core import MINUTE
from gatepost.links import For
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.cookies import Cookies
from gatepost.portal.guard import Guard
from gatepost.portal.headers import dressed
from gatepost.portal.page import Page, Who
from gatepost.portal.routes import pages
from gatepost.portal.server import PortalServer

from .conftest import BASE, JANE, Browser, forms_of, link_in, mail

HOST = b"Host: my.orchard.example\r\n"


@pytest.fixture
async def wire(market, clock):
    """Makes connections to a portal that waits a second for what does not come, and takes eight at once."""
    section = PageSection(read_seconds=1.0, connections=8)
    portal = Portal(open_counter(market.house, market.db, clock, page=section))
    listener = socket.create_server(("127.0.0.1", 0))
    server = PortalServer(portal.app, section)
    await server.serve(listener)
    open_ones = []

    async def connect():
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        open_ones.append(writer)
        return reader, writer

    yield connect
    for writer in open_ones:
        writer.close()
    await server.close()


async def said(wire, request, timeout=20.0):
    """Everything that comes back until the server closes, or the time is over."""
    reader, writer = await wire()
    writer.write(request)
    found = b""
    try:
        async with asyncio.timeout(timeout):
            while piece := await reader.read(65536):
                found += piece
    except (TimeoutError, ConnectionResetError):
        return found, False
    return found, True


async def test_a_sound_request_is_answered(wire):
    answer, closed = await said(wire, b"GET /sign-in HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200") and b"\r\nserver:" not in answer.lower() and closed


async def test_a_connection_serves_one_request_after_the_other(wire):
    reader, writer = await wire()
    for _ in range(3):
        writer.write(b"GET /sign-in HTTP/1.1\r\n" + HOST + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))


@pytest.mark.catalogue("I18")
@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: identity, chunked\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length : 5\r\n",
        b"X-Folded: one\r\n two\r\nContent-Length: 0\r\n",
        b"X-Folded: one\r\n\ttwo\r\n",
        b"Transfer-Encoding:\r\n chunked\r\n",
        b"Host: elsewhere.example\r\n",
        b"X-Null: a\0b\r\n",
        b"X Space: a\r\n",
    ],
)
async def test_what_can_be_read_in_two_ways_is_refused(wire, head):
    answer, closed = await said(wire, b"POST /sign-in HTTP/1.1\r\n" + HOST + head + b"\r\nhelloGET / HTTP/1.1\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")), answer[:80]
    assert answer.count(b"HTTP/1.1 ") == 1 and closed


@pytest.mark.catalogue("I18", "I13")
@pytest.mark.parametrize(
    ("request_line", "host", "status"),
    [
        (b"GET /sign-in HTTP/1.1\r\n", b"", (b"400", b"421")),
        (b"GET /sign-in HTTP/1.0\r\n", b"", (b"400", b"421")),
        (b"GET /sign-in HTTP/1.1\r\n", b"Host: evil.example\r\n", (b"421",)),
        (b"GET /sign-in HTTP/1.1\r\n", b"Host: my.orchard.example:8443\r\n", (b"421",)),
        (b"GET /sign-in HTTP/1.1\r\n", b"Host: my.orchard.example@evil.example\r\n", (b"400", b"421")),
        (b"GET http://evil.example/sign-in HTTP/1.1\r\n", HOST, (b"400", b"404", b"421")),
        (b"GET /sign-in HTTP/1.1\r\n", HOST + b"X-Forwarded-Host: evil.example\r\n", (b"200",)),
    ],
)
async def test_only_our_own_hosts_are_served(wire, request_line, host, status):
    answer, _ = await said(wire, request_line + host + b"Connection: close\r\n\r\n")
    assert answer.split(b" ")[1] in status
    assert b"evil.example" not in answer


@pytest.mark.catalogue("I18")
async def test_pipelined_requests_are_not_answered(wire):
    one = b"GET /sign-in HTTP/1.1\r\n" + HOST + b"\r\n"
    answer, closed = await said(wire, one + one)
    assert answer.count(b"HTTP/1.1 200") <= 1 and closed


@pytest.mark.catalogue("I19")
@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /",
        b"GET /sign-in HTTP/1.1\r\nHost: my",
        b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: 50\r\n\r\nabc",
    ],
    ids=["nothing", "line", "head", "body"],
)
async def test_who_sends_slowly_is_not_waited_for(wire, beginning):
    begun = time.monotonic()
    answer, closed = await said(wire, beginning)
    assert closed and time.monotonic() - begun < 4 and b" 200 " not in answer


@pytest.mark.catalogue("I19")
async def test_a_drop_now_and_then_does_not_keep_a_connection(wire):
    reader, writer = await wire()
    begun = time.monotonic()
    for letter in b"GET /sign-in HTTP/1.1\r\nHost: my.orchard.example\r\n":
        writer.write(bytes((letter,)))
        try:
            async with asyncio.timeout(0.1):
                if await reader.read(100) == b"":
                    break
        except TimeoutError:
            continue
    else:
        pytest.fail("every letter was waited for")
    assert time.monotonic() - begun < 3


@pytest.mark.catalogue("I19")
async def test_heads_and_bodies_have_bounds(wire):
    many = b"".join(b"X-%d: y\r\n" % n for n in range(70))
    answer, _ = await said(wire, b"GET /sign-in HTTP/1.1\r\n" + HOST + many + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431")
    answer, closed = await said(wire, b"GET /sign-in HTTP/1.1\r\n" + HOST + b"X-Long: " + b"y" * 40_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 4") and closed
    form = (
        b"POST /sign-in HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000000\r\n\r\n"
    )
    answer, closed = await said(wire, form + b"x" * 70_000)
    assert answer.startswith(b"HTTP/1.1 413") and closed
    chunks = (
        b"POST /sign-in HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer, closed = await said(wire, chunks + b"11170\r\n" + b"x" * 0x11170 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413") and closed


async def test_who_sends_too_much_reads_that_it_was_too_much(wire):
    reader, writer = await wire()
    head = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8000000\r\n\r\n"
    writer.write(b"POST /sign-in HTTP/1.1\r\n" + HOST + head)
    for _ in range(80):
        writer.write(b"x" * 100_000)
        await writer.drain()
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 413") and b"</html>" in answer


def upload(path, *parts, header=b""):
    """A form of three megabytes, of which these fields come first; head and body."""
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    body += (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n'
        + b"x" * 3_000_000
        + b"\r\n--b--\r\n"
    )
    head = b"POST %s HTTP/1.1\r\n%sContent-Type: multipart/form-data; boundary=b\r\n" % (path, HOST + header)
    return head + b"Content-Length: %d\r\n\r\n" % len(body), body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (upload(b"/ask", *[b'name="f%d"\r\n\r\nx' % number for number in range(80)]), b"413"),
        (upload(b"/ask", *[b'name="files"; filename="%d"\r\n\r\nx' % number for number in range(40)]), b"413"),
        (upload(b"/tickets/1001/reply"), b"401"),
        (upload(b"/ask", header=b"Sec-Fetch-Site: cross-site\r\n"), b"403"),
        (upload(b"/nowhere"), b"404"),
        (upload(b"/sign-in", header=b"Sec-Fetch-Site: same-origin\r\n"), b"413"),
        (upload(b"/tickets/1001/reply", header=b"Sec-Fetch-Site: same-origin\r\n"), b"401"),
    ],
    ids=["fields", "files", "signed out", "another site", "no page", "ours, too large", "ours, signed out"],
)
async def test_who_uploads_and_is_refused_reads_why(wire, sent, status):
    """A connection that is closed over what nobody has read would be reset, and the browser show that."""
    reader, writer = await wire()
    writer.write(sent[0])
    for start in range(0, len(sent[1]), 100_000):
        writer.write(sent[1][start : start + 100_000])
        await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"</html>"), 60)
    assert answer.startswith(b"HTTP/1.1 " + status)


async def test_who_asks_before_sending_is_answered_before_it(wire):
    head, _ = upload(b"/nowhere", header=b"Expect: 100-continue\r\n")
    answer, _ = await said(wire, head)
    assert answer.startswith(b"HTTP/1.1 404")


@pytest.mark.catalogue("I19")
async def test_more_connections_than_are_allowed_get_503(wire):
    kept = [await wire() for _ in range(8)]
    answer, _ = await said(wire, b"GET /sign-in HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503")
    assert len(kept) == 8


@pytest.mark.catalogue("I13")
def test_links_are_made_of_the_config_whatever_the_request_says(market, browser):
    headers = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "forwarded": "host=evil.example",
        "x-original-url": "//evil",
    }
    visitor = browser(headers=headers)
    visitor.submit("/sign-in", address=JANE)
    (letter,) = market.sent("customer/sign-in")
    assert f"{BASE}/sign-in/" in letter.text and "evil" not in letter.raw.decode("latin-1")


@pytest.mark.catalogue("I17")
@pytest.mark.parametrize("value", [b"a\r\nX: y", b"a\nX: y", b"a\rb", b"a\0b"])
def test_no_header_is_split(value):
    with pytest.raises(ValueError, match="line end"):
        dressed([(b"location", value)], secure=True)
    with pytest.raises(ValueError, match="line end"):
        dressed([(value, b"x")], secure=True)


@pytest.mark.catalogue("I17")
@pytest.mark.parametrize("path", ["/sign-in/%0d%0aX-Split:%20y", "/tickets/1%0d%0aSet-Cookie:%20a=b", "/%0aX:y"])
def test_nothing_of_a_path_comes_back_as_a_header(browser, path):
    answer = browser().get(path)
    assert "x-split" not in answer.headers and "set-cookie" not in {
        k.lower() for k, v in answer.headers.items() if "a=b" in v
    }


@pytest.mark.catalogue("I20")
@pytest.mark.parametrize(
    "cookie", ['a="' + "\\" * 60_000, "=" * 60_000, ";" * 60_000, 'x="' * 20_000, " ;" * 30_000, "a=b; " * 12_000]
)
def test_cookies_are_read_in_no_time(browser, cookie):
    begun = time.process_time()
    assert browser(headers={"cookie": cookie}).get("/tickets").status_code == 303
    assert time.process_time() - begun < 1.0


@pytest.mark.catalogue("I30")
def test_over_plain_http_no_cookie_is_set(market, clock):
    """A brand whose portal stands at http gets no cookies, unless the config says that this is for trying things out."""
    plain = Portal(open_counter(market.house, market.db, clock))
    market.house.brands["orchard"] = market.house.brands["orchard"].__class__(
        slug="orchard", name="Orchard", support=("support@orchard.example",), portal="http://my.orchard.example"
    )
    plain = Portal(open_counter(market.house, market.db, clock))
    with_word = Portal(open_counter(market.house, market.db, clock, page=PageSection(plain_http=True)))
    refused = TestClient(plain.app, base_url="http://my.orchard.example", follow_redirects=False).get("/sign-in")
    assert "set-cookie" not in refused.headers and "https" in refused.text and refused.status_code == 403
    cookie = TestClient(with_word.app, base_url="http://my.orchard.example").get("/sign-in").headers["set-cookie"]
    assert cookie.startswith("gatepost-visit=") and "Secure" not in cookie
    assert Cookies().name("customer").startswith("__Host-")


@pytest.mark.catalogue("I05")
def test_who_guesses_links_is_asked_to_wait(market, browser, clock):
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams."))
    good = market.house.links.sign(For.VIEW, (1001, 1), clock.at + MINUTE)
    head, mac = good.rpartition(".")[0], good.rpartition(".")[2]
    flipped = [f"{head}.{mac[:at]}{'A' if mac[at] != 'A' else 'B'}{mac[at + 1 :]}" for at in range(0, 40, 5)]
    wrong = [*flipped, good[:-1], good[:-9], mac, f"{head}.", head, "e30.e30.", good + "A", good.swapcase()]
    guesser, other = (
        browser(headers={"x-forwarded-for": "203.0.113.9"}),
        browser(headers={"x-forwarded-for": "203.0.113.10"}),
    )
    statuses = [guesser.get(f"/view/{token}").status_code for token in wrong]
    assert set(statuses[:10]) == {404} and set(statuses[10:]) == {429}
    assert other.get(f"/view/{good}").status_code == 200
    clock.at += MINUTE - 1
    assert guesser.get(f"/view/{good}").status_code == 200
    assert len(mac) >= 22


@pytest.mark.catalogue("I05")
def test_a_proxy_that_adds_a_line_of_its_own_is_believed_and_the_visitors_line_is_not(browser):
    behind = browser(client=("127.0.0.1", 4711))
    said = [[("x-forwarded-for", f"198.51.100.{n}"), ("x-forwarded-for", "203.0.113.9")] for n in range(12)]
    statuses = [behind.get("/view/e30.e30", headers=lines).status_code for lines in said]
    assert statuses == [404] * 10 + [429] * 2


@pytest.mark.catalogue("I04")
def test_a_link_that_is_sent_by_fifty_at_once_opens_one_session(market, browser):
    jane = browser()
    jane.submit("/sign-in", address=JANE)
    path = link_in(market, JANE)
    fields = forms_of(jane.get(path).text)[-1]["fields"]
    visit = jane.cookies["__Host-gatepost-visit"]

    def send(_):
        one = Browser(jane.app)
        one.cookies.set("__Host-gatepost-visit", visit, domain="my.orchard.example")
        return one.post(path, data=fields).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(send, range(50)))
    assert statuses.count(303) == 1 and set(statuses) <= {303, 410}
    assert len(market.rows("SELECT * FROM session")) == 1


@pytest.mark.catalogue("I07")
def test_a_link_is_used_up_into_a_clean_address_and_stands_in_no_log(market, browser, caplog):
    caplog.set_level("DEBUG")
    jane = browser()
    jane.submit("/sign-in", address=JANE)
    path = link_in(market, JANE)
    page = jane.get(path)
    assert page.headers["referrer-policy"] == "no-referrer"
    links = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
    assert links and all(link.startswith(("/", "#", "https://orchard.example/")) for link in links)
    done = jane.submit(page)
    token = path.rpartition("/")[2]
    assert done.status_code == 303 and token not in done.headers["location"]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("gatepost", "uvicorn"))]
    assert all(token not in line for line in ours)


async def test_only_a_few_uploads_are_in_memory_at_one_time(market, site, signed_in):
    cookies, at_once, most = dict(signed_in().cookies), 0, 0

    async def slow(request, visitor):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        for _ in range(5):
            await asyncio.sleep(0)
        at_once -= 1
        return PlainTextResponse("done")

    probe = Page("POST", "/probe", slow, Who.CUSTOMER, "Probe", files=1)
    app = Guard([*pages(site.counter), probe], site.counter)
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE, cookies=cookies) as client:
        form = forms_of((await client.get("/tickets/new")).text)[-1]["fields"]["form"]

        async def send():
            return (await client.post("/probe", data={"form": form}, headers=headers)).status_code

        said = await asyncio.gather(*(send() for _ in range(30)))
    assert set(said) == {200} and 1 < most <= 4
