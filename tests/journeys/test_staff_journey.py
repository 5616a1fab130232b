"""The staff pages of the running daemon: in by mail and code, an answer that goes out, a reset that ends it all."""

import asyncio
import re
import socket
import subprocess
import sys

import httpx2
import pyotp

from gatepost.cli import run
from gatepost.demo import letters


def form_of(page):
    return re.findall(r'name="form" value="([^"]+)"', page.text)[-1]


def on_port(port):
    """The config of the daemon with its pages on that port."""
    return lambda text: text.replace('listen = "127.0.0.1:0"\nplain_http', f'listen = "127.0.0.1:{port}"\nplain_http')


async def sign_in(browser, office):
    page = await browser.get("/staff/sign-in")
    asked = await browser.post("/staff/sign-in", data={"form": form_of(page), "address": "vera@office.example"})
    assert "on its way" in asked.text
    mail = await office.wait_for(lambda mail: mail.to == "vera@office.example" and "/staff/sign-in/" in mail.parts.text)
    link = re.search(r"(/staff/sign-in/\S+)", mail.parts.text)[1]
    page = await browser.get(link)
    secret = re.search(r'class="number">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")
    return await browser.post(link, data={"form": form_of(page), "code": pyotp.TOTP(secret).now()})


async def test_a_member_answers_on_the_pages_of_the_running_daemon(start):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    headers = {"host": "my.orchard.example", "user-agent": "Mozilla/5.0", "sec-fetch-site": "same-origin"}
    async with (
        start(on_port(port)) as running,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as browser,
    ):
        await running.post(
            letters.write(
                sender="ada@teashop.example", to="support@orchard.example", subject="Checkout Composer",
                words="It broke.\n", at=1,
            )
        )  # fmt: skip
        await running.office.wait_for(lambda mail: mail.to == "ada@teashop.example")
        entered = await sign_in(browser, running.office)
        assert entered.status_code == 303 and entered.headers["location"] == "/staff/queue"
        ticket = await browser.get("/staff/tickets/1001")
        assert "It broke." in ticket.text

        seen = re.search(r'name="seen" value="(\d+)"', ticket.text)[1]
        said = {"form": form_of(ticket), "text": "We look into it.", "seen": seen}
        assert (await browser.post("/staff/tickets/1001/answer", data=said)).status_code == 303
        told = await running.office.wait_for(lambda mail: "We look into it." in mail.parts.text)
        assert told.to in ("ada@teashop.example", "support@brightside.example", "help@brightside.example")

        pasted = "From: a@b.example\nTo: support@orchard.example\nSubject: refund\n\nMoney back"
        explained = await browser.post("/staff/rules/explain", data={"form": form_of(ticket), "mail": pasted})
        assert "What would become of the mail" in explained.text

        config = str(running.place.config_file)
        reset = [sys.executable, "-m", "gatepost", "staff", "reset-totp", "vera", "-c", config]
        done = await asyncio.to_thread(subprocess.run, reset, capture_output=True, timeout=60)
        assert done.returncode == 0 and b"signed out" in done.stdout
        assert "/staff/sign-in" in (await browser.get("/staff/queue")).headers["location"]
        assert await asyncio.to_thread(run, ["audit", "verify", "-c", config]) == 0
