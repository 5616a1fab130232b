"""A portal served on this machine for a real browser, over http, and what axe says of a page."""

import asyncio
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright

from gatepost.config import PageSection
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.server import PortalServer


@contextmanager
def served(house, db, clock, desk=None):
    """The portal over this house; its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for slug, brand in house.brands.items():
        house.brands[slug] = replace(brand, portal=base)
    section = PageSection(plain_http=True)
    portal = Portal(open_counter(house, db, clock, page=section, desk=desk))
    server, ready, stop = PortalServer(portal.app, section), threading.Event(), []

    async def serve():
        end = asyncio.Event()
        stop.append((asyncio.get_running_loop(), end))
        await server.serve(listener)
        ready.set()
        await end.wait()
        await server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield base
    finally:
        loop, end = stop[0]
        loop.call_soon_threadsafe(end.set)
        thread.join(30)


@contextmanager
def chromium(**options):
    """A context of a real browser without JavaScript of the page's own to run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def violations(page):
    """What axe finds wrong on the page, in short; on the next one where a click is still leading there."""
    for last in (False, False, True):
        page.wait_for_load_state("load")
        try:
            found = Axe().run(page).response["violations"]
        except Error:
            # The page went away while axe was at it.
            if last:
                raise
        else:
            return [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found]
    raise AssertionError("axe was never done")
