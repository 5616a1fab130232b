"""The portal of the running daemon: a link by mail, a ticket by form, an answer by mail, all of it on both sides."""

import re
import socket

import pytest
from httpx2 import AsyncClient
from tests.portal.conftest import forms_of

from gatepost.demo import letters
from gatepost.demo.story import post

ROSA = "rosa@ceramica.example"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def portal():
    """The base URL, and the change of the config that makes it so."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"

    def change(config):
        config = re.sub(r'(?m)^portal = ".*my\.orchard\.example"$', f'portal = "{base}"', config)
        return re.sub(r'listen = "127\.0\.0\.1:0"\nplain_http', f'listen = "127.0.0.1:{port}"\nplain_http', config)

    return base, change


async def submit(client, page, action=None, **fields):
    form = [one for one in forms_of(page.text) if action is None or one["action"] == action][-1]
    target = form["action"] or str(page.url)
    return await client.post(target, data={**form["fields"], **fields}, headers={"sec-fetch-site": "same-origin"})


async def test_a_customer_signs_in_files_and_is_answered(start, portal):
    base, change = portal
    async with start(change) as running, AsyncClient(base_url=base, follow_redirects=True) as client:
        await submit(client, await client.get("/sign-in"), address=ROSA)
        mail = await running.office.wait_for(lambda mail: mail.to == ROSA and "/sign-in/" in mail.parts.text)
        page = await client.get(re.search(r"http://\S+/sign-in/\S+", mail.parts.text)[0])
        boxes = [
            re.search(r'name="(\w+)"', tag)[1] for tag in re.findall(r'<input[^>]*type="checkbox"[^>]*>', page.text)
        ]
        page = await submit(client, page, **dict.fromkeys(boxes, "1"))
        assert page.url.path == "/tickets" and 'action="/sign-out"' in page.text

        product = re.search(r'<option value="([\w-]{2,})"', (await client.get("/tickets/new")).text)[1]
        page = await submit(
            client,
            await client.get("/tickets/new"),
            product=product,
            subject="Declined",
            text="Every card is declined.",
        )
        assert "Every card is declined." in page.text and re.fullmatch(r"/tickets/\d+", page.url.path)
        relayed = await running.office.wait_for(
            lambda mail: "Every card is declined." in mail.parts.text and mail.to != ROSA
        )

        answer = letters.answer(
            relayed, sender=relayed.to, name="Ann", words="Please renew the key.\n", at=running.place.clock.now()
        )
        await post(running.endpoint, answer)
        await running.office.wait_for(lambda mail: mail.to == ROSA and "Please renew the key." in mail.parts.text)
        page = await client.get(page.url.path)
        assert "Please renew the key." in page.text
        page = await submit(client, page, f"{page.url.path}/reply", text="That was it.")
        assert "That was it." in page.text
        await running.office.wait_for(lambda mail: mail.to == relayed.to and "That was it." in mail.parts.text)
