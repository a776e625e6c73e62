"""`zerosum listen`: a person follows the feed, and a service on the same machine gets it signed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from standardwebhooks import Webhook

from tests.support import command
from tests.support.api import KEY
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver

CREDIT = {"wallet": "alice", "amount": 1}


class Listening:
    """The command as a process; line() reads what it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.out, self.err = process.stdout, process.stderr

    async def line(self) -> str:
        async with asyncio.timeout(20):
            return (await self.out.readline()).decode().rstrip("\n")

    async def told(self) -> str:
        """Return the next sentence on standard error."""
        async with asyncio.timeout(20):
            return (await self.err.readline()).decode().rstrip("\n")


@contextlib.asynccontextmanager
async def listening(server: ServerProcess, *options: str) -> AsyncIterator[Listening]:
    """The command, from when it listens on. Ctrl-C ends it well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "listen", "--url", server.base, *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "ZEROSUM_API_KEY": KEY},
    )
    one = Listening(process)
    assert await one.told() == (
        f"zerosum: listening to {server.base} from event 0 on; Ctrl-C ends it"
    )
    try:
        yield one
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            _, err = await process.communicate()
    assert (process.returncode, b"Traceback" in err) == (0, False), err


async def credit(server: ServerProcess, key: str) -> None:
    async with server.client() as client:
        headers = {"Idempotency-Key": key}
        assert (await client.post("/v1/credits", json=CREDIT, headers=headers)).status_code == 201


async def test_it_forwards_each_event_signed(started: ServerProcess) -> None:
    """The URL may leave out its scheme. A service that is away is named, and the next event comes."""
    async with Receiver(500) as receiver:
        place = receiver.url.removeprefix("http://") + "/hook"
        async with listening(started, "--forward-to", place) as one:
            secret = re.fullmatch(
                rf"zerosum: forwarding to http://{place}, signed with (whsec_\S+)", await one.told()
            )
            assert secret is not None
            for key, status in (("a", 500), ("b", 204)):
                await credit(started, key)
                line = await one.line()
                assert re.search(rf" -> {status} in \d+ ms$", line), line
            first, second = await receiver.until(2, "/hook")
            for got in (first, second):
                Webhook(secret[1]).verify(got.body, got.headers)
            assert [got.event["seq"] for got in (first, second)] == [1, 2]
            assert line.startswith(f"2 transaction.posted {second.id} -> ")
            await receiver.runner.cleanup()
            await credit(started, "c")
            assert re.match(r"3 \S+ \S+ -> NOT SENT: nothing listens at http://", await one.line())


@pytest.mark.slow
async def test_it_goes_on_after_a_break(started: ServerProcess) -> None:
    """The server is killed. Nothing is lost or comes twice, and one sentence says what happened."""
    async with listening(started, "--after", "0") as one:
        await credit(started, "a")
        assert (await one.line()).startswith("1 ")
        await started.end(signal.SIGKILL)
        assert re.match(
            r"zerosum: the stream broke \(the connection ended\); trying again from event 1 on$",
            await one.told(),
        )
        await started.start()
        await credit(started, "b")
        assert (await one.line()).startswith("2 ")
        assert await one.told() == "zerosum: the stream goes on"


async def test_json_is_the_feed(started: ServerProcess) -> None:
    await credit(started, "a")
    async with started.client() as client:
        body = {"source": "alice", "destination": "bob", "amount": 1}
        await client.post("/v1/wallets", json={"id": "bob", "asset": "USD"})
        assert (await client.post("/v1/holds", json=body)).status_code == 201
        async with listening(started, "--after", "0", "--types", "hold.*", "--json") as one:
            line = await one.line()
        events = (await client.get("/v1/events?types=hold.*")).json()["data"]
    assert [json.loads(line)] == events


@pytest.mark.parametrize(
    ("options", "key", "sentence"),
    [
        (("--types", "A"), KEY, "types must "),
        ((), "zs_" + "x" * 20, "API key"),
        (("--secret", "whsec_AAAA"), KEY, "24 to 64 bytes"),
        (("--url", "http://127.0.0.1:1"), KEY, "nothing listens at http://127.0.0.1:1"),
    ],
)
async def test_what_cant_go_well_ends_with_a_sentence(
    started: ServerProcess, options: tuple[str, ...], key: str, sentence: str
) -> None:
    given = ("listen", "--after", "0") if "--types" in options else ("listen",)
    code, out, err = await command.run(
        "", *given, "--url", started.base, *options, ZEROSUM_API_KEY=key
    )
    assert code
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err
