"""`make screenshots`: a picture of every page of the console, over a demo ledger: on a desktop, on a
phone, in the dark. They are in screenshots/; the one that the docs show is written there."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.console.conftest import OPTIONS
from tests.support.process import ServerProcess

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "screenshots"
SHOWN = ROOT / "docs/assets/console.png"
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 900}},
    "phone": {"viewport": {"width": 360, "height": 740}},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
}
PAGES = {
    "overview": "/",
    "move": "/move",
    "move-postings": "/move?kind=transaction",
    "wallets": "/wallets",
    "wallet": "/wallets/customer:ada-1",
    "transactions": "/transactions",
    "transaction": "/transactions/3",
    "holds": "/holds",
    "events": "/events",
    "event": "/events/3",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/1",
    "consumers": "/consumers",
    "sinks": "/sinks",
    "assets": "/assets",
    "keys": "/keys",
    "proof": "/proof",
}
SAMPLES_S = 65  # Until the overview has a chart.


async def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("screenshots: install Chromium first")
    await asyncio.to_thread(empty_folder)
    with tempfile.TemporaryDirectory() as room:
        server = ServerProcess(Path(room), ZEROSUM_LOG_REQUESTS="off")
        await server.start()
        try:
            key = await demo(server)
            await asyncio.sleep(SAMPLES_S)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
                for size, options in SIZES.items():
                    await look(browser, server, key, size, options)
                await browser.close()
        finally:
            await server.end()


def empty_folder() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()


async def demo(server: ServerProcess) -> str:
    """Fill a ledger. Returns its key."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "demo",
        env=server.environ,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    (key,) = re.findall("zs_[A-Za-z0-9_-]+", out.decode())
    return str(key)


async def look(
    browser: Browser, server: ServerProcess, key: str, size: str, options: dict[str, Any]
) -> None:
    context = await browser.new_context(**options, locale="en-GB", timezone_id="UTC")
    page = await context.new_page()
    await page.goto(f"{server.base}/console/sign-in")
    await page.screenshot(path=FOLDER / f"sign-in-{size}.png")
    await page.fill("#key", key)
    await page.click("button[type=submit]")
    for name, path in PAGES.items():
        await page.goto(f"{server.base}/console{path}")
        await page.wait_for_timeout(400)
        await page.screenshot(path=FOLDER / f"{name}-{size}.png", full_page=True)
        if (name, size) == ("overview", "desktop"):
            await page.screenshot(path=SHOWN)
    await context.close()
    print(f"screenshots/*-{size}.png")


if __name__ == "__main__":
    asyncio.run(main())
