"""Each page and each action in a real browser, from sign-in to effect."""

from __future__ import annotations

import re

import asyncpg
import pytest
from playwright.async_api import expect

from tests.console.conftest import Console, SignIn
from tests.support.log import logged
from tests.support.rare import MANY, rare
from tests.support.receiver import Receiver
from tests.support.until import until

pytestmark = [pytest.mark.once, pytest.mark.slow]


async def fill(console: Console, **fields: str) -> None:
    for name, text in fields.items():
        await console.page.fill(f"main [name={name}]", text)


async def press(console: Console, label: str) -> None:
    await console.page.get_by_role("button", name=label, exact=True).first.click()
    await console.page.wait_for_load_state()


async def test_from_nothing_to_a_transfer_and_back(console: Console) -> None:
    """A newcomer's way: wallets, a credit, a transfer, a look, a reversal."""
    page = console.page
    await console.see("/")
    assert "No wallets yet" in await console.text()
    for wallet in ("alice", "bob"):
        await console.see("/wallets")
        await console.open("Create a wallet…")
        await fill(console, id=wallet, asset="USD", metadata='{"user": 17}')
        await press(console, "Create")
        await expect(page.locator("h1")).to_contain_text(wallet)
    # A credit from the outside, with what it would do shown first.
    await console.see("/move?kind=credit&wallet=alice")
    await fill(console, amount="12.50")
    await press(console, "Show what it would do")
    assert "Nothing was posted yet" in await console.text()
    assert (await console.api("GET", "/v1/wallets/alice"))["posted"] == 0
    await press(console, "Post it")
    await page.wait_for_url(re.compile("/transactions/"))
    assert (await console.api("GET", "/v1/wallets/alice"))["posted"] == 1250
    await console.see("/move?kind=transfer")
    await fill(console, source="alice", destination="bob", amount="2.5")
    await press(console, "Show what it would do")
    await press(console, "Post it")
    await page.wait_for_url(re.compile("/transactions/"))
    posted = page.url
    assert (await console.api("GET", "/v1/wallets/bob"))["posted"] == 250
    # The transaction: its picture, its event, its reversal in part.
    await expect(page.locator("svg.flow")).to_be_visible()

    async def is_stamped() -> bool:
        await page.goto(posted)
        return "transaction.posted" in await console.text()

    await until(is_stamped)
    await console.open("Reverse…")
    await fill(console, amount="1")
    await press(console, "Show what it would do")
    await press(console, "Reverse")
    await expect(page.locator("h1")).to_contain_text("reversal")
    assert (await console.api("GET", "/v1/wallets/bob"))["posted"] == 150
    # What can't be is said in words, and what was typed stays.
    await console.see("/move?kind=transfer")
    await fill(console, source="alice", destination="bob", amount="1.005")
    await press(console, "Show what it would do")
    assert "at most 2 decimal places" in await console.text()
    assert await page.input_value("main [name=source]") == "alice"
    await fill(console, amount="99999")
    await press(console, "Show what it would do")
    assert "Insufficient funds" in await console.text()
    console.faults.clear()  # The browser logs each 422.


async def test_a_double_click_posts_once(console: Console) -> None:
    await console.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    await console.see("/move?kind=credit&wallet=alice")
    await fill(console, amount="1")
    await press(console, "Show what it would do")
    await console.page.get_by_role("button", name="Post it").dblclick()
    await console.page.wait_for_url(re.compile("/transactions/"))
    assert (await console.api("GET", "/v1/wallets/alice"))["posted"] == 100


async def test_a_wallets_life(console: Console) -> None:
    page = console.page
    await console.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    for amount in (1000, 500):
        await console.api("POST", "/v1/credits", {"wallet": "alice", "amount": amount})
    await console.see("/wallets/alice")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await console.open("Change limits")
    await page.fill("[name=max_balance]", "1 000.00")
    await page.fill("[name=metadata]", '{"vip": true}')
    await press(console, "Change")
    told = await console.api("GET", "/v1/wallets/alice")
    assert (told["max_balance"], told["metadata"]) == (100000, {"vip": True})
    await console.open("Freeze…")
    await page.check("[name=credits]")
    await press(console, "Freeze alice")
    told = await console.api("GET", "/v1/wallets/alice")
    assert (told["status"], told["credits_while_frozen"]) == ("frozen", True)
    await console.open("Unfreeze…")
    await press(console, "Unfreeze alice")
    await console.open("Close for good…")
    await press(console, "Close alice for good")
    assert "not empty" in await console.text()
    async with page.expect_download() as waiting:
        await page.click("text=Download the statement")
    rows = (await (await waiting.value).path()).read_text().splitlines()
    assert rows[0] == "recorded_at,transaction,posting,version,asset,amount,balance"
    assert [row.split(",")[4:] for row in rows[1:]] == [
        ["USD", "5.00", "15.00"],
        ["USD", "10.00", "10.00"],
    ]
    # The search: as one types, by htmx.
    await console.api("POST", "/v1/wallets", {"id": "bob", "asset": "USD"})
    await console.see("/wallets")
    await page.locator("#prefix").press_sequentially("bo", delay=30)
    await expect(page.locator("#wallets")).not_to_contain_text("alice")
    await expect(page.locator("#wallets")).to_contain_text("bob")
    # The way back shows the page whole, also where its address was htmx's doing.
    await page.click("#wallets >> text=bob")
    await expect(page.locator("h1")).to_contain_text("bob")
    await page.go_back()
    await expect(page.locator("nav.side")).to_be_visible()
    await expect(page.locator("#wallets")).to_contain_text("bob")
    assert await page.input_value("#prefix") == "bo"
    await page.locator("#prefix").press_sequentially("b", delay=30)
    await page.go_back()
    await expect(page.locator("nav.side")).to_have_count(1)
    await console.see("/wallets?key=vip&value=true")
    await expect(page.locator("#wallets")).to_contain_text("alice")
    await expect(page.locator("#wallets")).not_to_contain_text("bob")
    console.faults.clear()


async def test_holds(console: Console) -> None:
    page = console.page
    for wallet in ("alice", "shop"):
        await console.api("POST", "/v1/wallets", {"id": wallet, "asset": "USD"})
    await console.api("POST", "/v1/credits", {"wallet": "alice", "amount": 1000})
    await console.see("/holds")
    assert "No holds yet" in await console.text()
    await console.see("/move?kind=hold")
    await fill(console, source="alice", destination="shop", amount="5", hours="24")
    await press(console, "Show what it would do")
    await press(console, "Post it")
    await page.wait_for_url(re.compile("/holds/"))
    number = page.url.rpartition("/")[2].partition("?")[0]
    assert "24 h" in await console.text()
    await console.open("Capture…")
    await page.fill("[name=amount]", "2")
    await press(console, "Show what it would do")
    await press(console, "Capture")
    await page.wait_for_url(re.compile("done=capture"))
    hold = await console.api("GET", f"/v1/holds/{number}")
    assert (hold["captured"], hold["remaining"]) == (200, 300)
    await console.open("Void…")
    await press(console, f"Void hold #{number}")
    assert (await console.api("GET", f"/v1/holds/{number}"))["status"] == "voided"


async def test_events_come_by_themselves_and_are_proved_here(console: Console) -> None:
    page = console.page
    await console.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    await console.see("/events")
    await expect(page.locator("#feed-state")).to_have_text("live")
    for _ in range(3):
        await console.api("POST", "/v1/credits", {"wallet": "alice", "amount": 1})
    await expect(page.locator("tbody tr")).to_have_count(3)
    await console.see("/events?types=wallet.*")
    assert "No event matches yet" in await console.text()
    await console.api("POST", "/v1/wallets/alice/freeze", {})
    await expect(page.locator("tbody")).to_contain_text("wallet.frozen")
    for seq in (1, 4):
        await console.see(f"/events/{seq}")
        await press(console, "Prove it here")
        await expect(page.locator("#proof-result")).to_contain_text("Proved")
    # A byte that differs is no proof.
    await page.evaluate(
        "() => { const b = document.querySelector('[data-proof]');"
        " b.dataset.proof = b.dataset.proof.replace('alice', 'alicf'); }"
    )
    await press(console, "Prove it here")
    await expect(page.locator("#proof-result")).to_contain_text("Not proved")


async def test_webhooks(console: Console) -> None:
    page = console.page
    await console.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    async with Receiver(500) as receiver:
        await console.see("/webhooks")
        await fill(console, url=f"{receiver.url}/hook", types="transaction.*, endpoint.*")
        await press(console, "Create")
        secret = await page.inner_text(".secret code")
        assert secret.startswith("whsec_")
        await console.api("POST", "/v1/credits", {"wallet": "alice", "amount": 1})
        await receiver.until(1)

        async def is_listed() -> bool:
            await console.see("/webhooks/1")
            return "500" in await console.text()

        await until(is_listed)
        assert secret not in await page.content()
        await press(console, "Resend event 1")
        await receiver.until(2)

        async def is_delivered() -> bool:
            await console.see("/webhooks/1")
            return await page.locator(".badge.delivered").count() >= 1

        await until(is_delivered)
        await page.locator("td summary").first.click()
        assert "500" in await console.text()
        await press(console, "Send a test event")
        await receiver.until(3)
        await console.open("Rotate the secret…")
        await press(console, "Rotate")
        assert await page.inner_text(".secret code") != secret
        await console.open("Send a range of events again…")
        await press(console, "Count first")
        assert re.search("[1-9] events? would be sent", await console.text())
        await press(console, "Send them")
        await receiver.until(4)
        await press(console, "Pause")
        assert (await console.api("GET", "/v1/webhooks/1"))["status"] == "disabled"
        await press(console, "Enable")
        await console.open("Change…")
        await page.fill("[name=description]", "Shop")
        await press(console, "Change")
        assert (await console.api("GET", "/v1/webhooks/1"))["description"] == "Shop"
        await console.see("/")
        assert "1 endpoint, none failing" in await console.text()
        await console.see("/transactions/1")
        assert "delivered" in await console.text()
        await console.see("/webhooks/1")
        await console.open("Delete…")
        await press(console, "Delete this endpoint")
        assert "No endpoint yet" in await console.text()


async def test_assets_consumers_keys_and_sinks(console: Console) -> None:
    page = console.page
    await console.see("/assets")
    await fill(console, code="POINTS", scale="0")
    await press(console, "Create")
    assert "POINTS" in await console.text()
    await console.see("/consumers")
    await console.open("Create a consumer…")
    await fill(console, name="worker")
    await press(console, "Create")
    assert "worker" in await console.text()
    await press(console, "Delete worker")
    assert "No consumer yet" in await console.text()
    await console.see("/keys")
    await page.check("input[value=write]")
    await press(console, "Create")
    key = await page.inner_text(".secret code")
    assert key.startswith("zs_")
    await console.see("/keys")
    assert key not in await page.content()
    await page.locator("td summary").last.click()
    await page.get_by_role("button", name=re.compile("Revoke key")).last.click()
    await page.wait_for_url(re.compile("done=revoked"))
    revoked = [one["revoked_at"] for one in (await console.api("GET", "/v1/keys"))["data"]]
    assert [one is None for one in revoked] == [True, False]
    await console.see("/sinks")
    await console.open("Create a sink…")
    await fill(console, url="kafka://evil.example/topic")
    await press(console, "Create")
    assert "ZEROSUM_SINK_HOSTS" in await console.text()
    console.faults.clear()
    await console.see("/proof")
    await press(console, "Sign out")
    await expect(page.locator("h1")).to_have_text("Sign in")


async def test_transactions_are_searched(console: Console) -> None:
    page = console.page
    await console.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    one = {"wallet": "alice", "amount": 1, "reference": "order 7", "metadata": {"order": 7}}
    first = await console.api("POST", "/v1/credits", one)
    await console.api("POST", "/v1/credits", {"wallet": "alice", "amount": 2})
    await console.see("/transactions")
    for fields, count in (
        ({"wallet": "alice"}, 2),
        ({"wallet": "bob"}, 0),
        ({"reference": "order 7"}, 1),
        ({"key": "order", "value": "7"}, 1),
        ({"since": "2020-01-31T12:00"}, 2),
        ({"until": "2020-01-31T12:00"}, 0),
    ):
        await console.see("/transactions")
        await console.open("More fields")
        await fill(console, **fields)
        await press(console, "Search")
        assert await page.locator("tbody tr").count() == count, fields
        if not count:
            assert "Nothing found" in await console.text()
    await console.see("/transactions")
    await page.select_option("#kind", "debit")
    await press(console, "Search")
    assert "Nothing found" in await console.text()
    await page.get_by_role("link", name="All", exact=True).click()
    await page.wait_for_load_state()
    assert await page.locator("tbody tr").count() == 2
    await console.see("/transactions?wallet=a%20b")
    assert "wallet must match" in await console.text()
    await fill(console, id=str(first["id"]))
    await press(console, "Open")
    await page.wait_for_url(re.compile(f"/transactions/{first['id']}"))


async def test_a_search_for_what_is_rare_goes_on(console: Console, db: asyncpg.Connection) -> None:
    await logged(db, MANY)
    hook = await console.api("POST", "/v1/webhooks", {"url": "https://example.com"})
    await rare(db, hook["id"])
    for path, fields, found in (
        ("/wallets", {"key": "tier", "value": "gold"}, "w025000"),
        (f"/webhooks/{hook['id']}?status=dismissed", {}, "5002"),
    ):
        await console.see(path)
        await fill(console, **fields)
        if fields:
            await press(console, "Search")
        for _ in range(2):
            await expect(console.page.get_by_text("Nothing found so far")).to_be_visible()
            await console.page.get_by_role("link", name="Search on", exact=True).click()
            await console.page.wait_for_load_state()
        await expect(console.page.get_by_role("link", name=found, exact=True)).to_be_visible()


async def test_sinks_and_consumers_are_rewound(console: Console, db: asyncpg.Connection) -> None:
    """With a count of the events first."""
    page = console.page
    await console.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    for _ in range(4):
        await console.api("POST", "/v1/credits", {"wallet": "alice", "amount": 1})

    async def is_stamped() -> bool:
        return bool((await console.api("GET", "/v1/proof"))["log"]["size"] == 4)

    await until(is_stamped)
    await console.api("PUT", "/v1/consumers/worker", {"start": "now"})
    await db.fetch("select * from zerosum.create_sink(1, 'kafka', 'kafka://h/t', '{*}', 'now')")
    (sink,) = (await console.api("GET", "/v1/sinks"))["data"]
    await console.see("/sinks")
    await press(console, "Pause kafka")
    for path, place in (("/sinks", "sent_seq"), ("/consumers", "acknowledged_seq")):
        await console.see(path)
        for seq, told in (
            ("2", "3 events again"),
            ("5", "that is where it is"),
            ("9", "The feed ends with event 4"),
        ):
            await console.open("Send from another event on…")
            await fill(console, seq=seq)
            await press(console, "Count first")
            assert told in await console.text()
            (one,) = (await console.api("GET", f"/v1{path}"))["data"]
            assert one[place] == 4
            await console.see(path)
        console.faults.clear()  # The last answer was a refusal.
        await console.open("Send from another event on…")
        await fill(console, seq="2")
        await press(console, "Count first")
        await press(console, "Rewind")
        await page.wait_for_url(re.compile("done=rewound"))
        (one,) = (await console.api("GET", f"/v1{path}"))["data"]
        assert one[place] == 1
    await console.see("/sinks")
    await press(console, "Remove kafka")
    assert "No sink yet" in await console.text()
    assert sink["state"] != "paused"


async def test_what_a_scope_may_not_do_is_not_offered(sign_in: SignIn) -> None:
    writer, reader = await sign_in("write"), await sign_in("read")
    await writer.api("POST", "/v1/wallets", {"id": "alice", "asset": "USD"})
    await writer.see("/wallets/alice")
    assert await writer.page.locator("details.action").count() == 3
    await reader.see("/wallets/alice")
    assert await reader.page.locator("details.action").count() == 0
    await reader.see("/move")
    assert "This key only reads" in await reader.text()
    for one, offered in ((writer, 0), (reader, 0)):
        await one.see("/webhooks")
        assert await one.page.locator("details.action").count() == offered
        assert await one.page.locator("nav.side >> text=API keys").count() == 0
    assert writer.faults == reader.faults == []


HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


async def test_what_others_write_is_text(console: Console) -> None:
    """Metadata, descriptions, a webhook's answer and its error: tags, a bidi override, 64 KiB."""
    page = console.page
    bidi = "\u202etxt.exe"
    for wallet in ("a:b@c", "x" * 128):
        await console.api("POST", "/v1/wallets", {"id": wallet, "asset": "USD"})
    body = {
        "wallet": "a:b@c",
        "amount": 5,
        "description": (HOSTILE + bidi)[:1024],
        "reference": HOSTILE,
        "metadata": {HOSTILE: [HOSTILE, bidi]},
    }
    await console.api("POST", "/v1/credits", body)

    async def is_stamped() -> bool:
        return bool((await console.api("GET", "/v1/proof"))["log"]["size"])

    await until(is_stamped)
    async with Receiver() as receiver:
        receiver.body = HOSTILE * 900
        await console.api("POST", "/v1/webhooks", {"url": f"{receiver.url}/hook?{'q' * 900}"})
        await console.api("POST", "/v1/webhooks/1/test")
        await receiver.until(1)
        for path in (
            "/",
            "/wallets",
            "/wallets/a%3Ab%40c",
            f"/wallets/{'x' * 128}",
            "/transactions",
            "/transactions/1",
            "/events",
            "/events/1",
            "/webhooks",
            "/webhooks/1",
        ):
            await console.see(path)
            assert "owned" not in await page.title(), path
            assert await page.locator("main script, main img").count() == 0, path
        await console.see(f"/transactions/1?done={HOSTILE}")
        assert await page.locator("main script, main img").count() == 0
    await console.see("/wallets/a%3Ab%40c")
    await expect(page.locator("h1")).to_contain_text("a:b@c")
