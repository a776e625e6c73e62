"""A real server with the console, and a real browser that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.support.api import KEY
from tests.support.process import ServerProcess

# Chromium refuses to run as root inside its own sandbox; the pages are ours.
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]


@dataclass
class Console:
    """A signed-in person's browser. faults: what the browser complained about: errors of scripts,
    violations of the policy, requests that failed."""

    server: ServerProcess
    client: httpx.AsyncClient
    page: Page
    faults: list[str] = field(default_factory=list)

    async def see(self, path: str) -> None:
        """Open a page of the console. It must answer 200."""
        answer = await self.page.goto(f"{self.server.base}/console{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status, await self.text())

    async def text(self) -> str:
        return await self.page.inner_text("main")

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API beside the browser."""
        answer = await self.client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def open(self, summary: str) -> None:
        """Open what is folded behind this summary."""
        await self.page.locator("summary", has_text=summary).first.click()


SignIn = Callable[..., Awaitable[Console]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, once for all tests of this process."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium here")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield found
        await found.close()


@pytest.fixture
async def sign_in(browser: Browser, running_server: ServerProcess) -> AsyncIterator[SignIn]:
    """Signs in with a key: an admin's, or that of another scope, which is created."""
    opened = []

    async def sign(scope: str = "admin", **options: Any) -> Console:
        client = running_server.client()
        key = KEY
        if scope != "admin":
            key = (await client.post("/v1/keys", json={"scope": scope})).json()["key"]
        context = await browser.new_context(
            **{"viewport": {"width": 1200, "height": 900}, "locale": "en-GB", **options}
        )
        page = await context.new_page()
        console = Console(running_server, client, page)
        page.on("pageerror", lambda error: console.faults.append(str(error)))
        page.on(
            "console",
            lambda told: (
                console.faults.append(told.text) if told.type in {"error", "warning"} else None
            ),
        )
        await page.goto(f"{running_server.base}/console/")
        await page.fill("#key", key)
        await page.click("button[type=submit]")
        await page.wait_for_selector("nav.side")
        opened.append((client, context))
        return console

    yield sign
    for client, context in opened:
        await client.aclose()
        await context.close()


@pytest.fixture
async def console(sign_in: SignIn) -> AsyncIterator[Console]:
    """An admin's browser; it must have had nothing to complain about."""
    found = await sign_in()
    yield found
    assert found.faults == []
