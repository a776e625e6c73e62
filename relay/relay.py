"""The relay: holds the ledgers' leases, stamps what the outbox has, wakes the endpoints' workers.

A NOTIFY wakes it; a poll each second finds what a NOTIFY missed, retries that have come due, and leases that
others let go of. Everything it knows is in Postgres: one that dies is followed by another, which sends again what
it can't know to have arrived, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
import secrets

import asyncpg

from app.db import DATABASE_ERRORS, call
from relay.endpoint import EndpointWorker
from relay.listener import listen
from relay.webhook import WebhookSender

POLL_S = 1.0
LEASE_S = 5.0  # How long the next relay waits for one that was killed.
STAMP_MAX = 500
POOL_SIZE = 2  # and one connection to listen
LEASE_LOST = "ZS301"

log = logging.getLogger("zerosum.relay")


class Relay:
    """run() until cancelled. listen_url: past a pooler."""

    def __init__(self, pool: asyncpg.Pool, listen_url: str, sender: WebhookSender) -> None:
        self.pool, self.listen_url, self.sender = pool, listen_url, sender
        self.holder = f"relay-{secrets.token_hex(8)}"
        self.woken = asyncio.Event()
        self.workers: dict[tuple[int, int], EndpointWorker] = {}

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(listen(self.listen_url, self.woken.set))
                group.create_task(self.turn_for_ever(group))
        finally:
            await self.let_go()

    async def turn_for_ever(self, group: asyncio.TaskGroup) -> None:
        while True:
            try:
                async with asyncio.timeout(POLL_S):
                    await self.woken.wait()
            except TimeoutError:
                pass
            self.woken.clear()
            try:
                await self.turn(group)
            except DATABASE_ERRORS as error:
                if getattr(error, "sqlstate", None) != LEASE_LOST:
                    log.warning("the relay waits for the database: %s", error)
                await asyncio.sleep(POLL_S)

    async def turn(self, group: asyncio.TaskGroup) -> None:
        """Look once at every ledger whose lease can be had."""
        for row in await call(self.pool, "take_leases", holder=self.holder, seconds=LEASE_S):
            ledger = row["ledger_id"]
            for endpoint in row["due"]:
                self.wake_worker(group, ledger, endpoint)
            if row["waiting"]:
                await self.stamp(group, ledger, row["epoch"])

    async def stamp(self, group: asyncio.TaskGroup, ledger: int, epoch: int) -> None:
        """Stamp what waits. A full page leaves the rest to the next turn, which renews the lease."""
        ((stamped, endpoints),) = await call(
            self.pool,
            "stamp",
            ledger=ledger,
            holder=self.holder,
            epoch=epoch,
            max_events=STAMP_MAX,
        )
        for endpoint in endpoints:
            self.wake_worker(group, ledger, endpoint)
        if stamped == STAMP_MAX:
            self.woken.set()

    def wake_worker(self, group: asyncio.TaskGroup, ledger: int, endpoint: int) -> None:
        worker = self.workers.get((ledger, endpoint))
        if worker is None:
            worker = EndpointWorker(self.pool, self.sender, ledger, endpoint)
            self.workers[ledger, endpoint] = worker
            group.create_task(worker.run())
        worker.wake()

    async def let_go(self) -> None:
        try:
            await call(self.pool, "release_leases", holder=self.holder)
        except DATABASE_ERRORS as error:
            log.warning("the leases run out by themselves: %s", error)
