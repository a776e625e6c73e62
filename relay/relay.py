"""The relay: holds the ledgers' leases, stamps what the outbox has, wakes the endpoints' workers.

Asleep, a NOTIFY wakes it; a poll about each second finds what a NOTIFY missed, retries that have come due, and leases
that others let go of. Busy, it says that it is awake and looks by itself, and writers spare the NOTIFY. Before it
sleeps again it says so, and looks on until every transaction that may have read otherwise has ended: no wake-up is
lost. Everything it knows is in Postgres: one that dies is followed by another, which sends again what it can't know
to have arrived, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time

import asyncpg

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS, is_away
from app.transparency.signed_notes import LogKey
from relay.checkpoints import Checkpoints
from relay.database_clock import DatabaseClock
from relay.endpoint import EndpointWorker
from relay.lease import Lease, is_lost
from relay.listener import Listener
from relay.sink import SinkWorker
from relay.webhook import WebhookSender

POLL_S = 1.1  # With the listener's probe less than a query a second.
LEASE_S = 5.0  # How long the next relay waits for one that was killed.
STAMP_MAX = 500
# Events are bundled when nothing has been stamped for a while, but for the last, which most are read of; past so many
# that could be, also while busy, faster than they are stamped.
KEEP_EVENTS, QUIET_S, BUNDLE_S = 4096, 1.0, 0.5
BUNDLE_ANYHOW, BUNDLES_ANYHOW = 100_000, 4
POOL_SIZE = 2  # and one connection to listen
TELL_EVERY_S = 60.0
# So many looks in a row that found something, and it says that it is awake; so many that found nothing, and it sleeps.
BUSY_LOOKS, IDLE_LOOKS = 3, 20
# Between two looks while awake; after one that stamped many, so that more share a commit.
LOOK_S, LONG_LOOK_S, MANY = 0.01, 0.025, 40
AWAKE_MS, RENEW_S = 2000, 1.0
SETTLE_S = 2.0  # How long a sleeper waits for older transactions; what a longer one writes, the poll finds.

log = logging.getLogger("zerosum.relay")


class Relay:
    """run() until cancelled.

    listen_url: past a pooler; None: it only polls. carries: False to only stamp, where something else reads the outbox.
    log_key, checkpoint_every_s: with both, checkpoints of the logs are events.
    """

    def __init__(
        self,
        pool: Pool,
        listen_url: str | None,
        sender: WebhookSender,
        carries: bool = True,
        log_key: LogKey | None = None,
        checkpoint_every_s: float = 0,
    ) -> None:
        self.pool, self.sender, self.carries = pool, sender, carries
        self.holder = f"relay-{secrets.token_hex(8)}"
        self.woken = asyncio.Event()
        self.checkpoints: Checkpoints | None = None
        if log_key is not None and checkpoint_every_s > 0:
            self.checkpoints = Checkpoints(pool, self.holder, log_key, checkpoint_every_s)
        self.listener = Listener(listen_url, pool, self.woken.set) if listen_url else None
        self.leased: set[int] = set()
        self.workers: dict[tuple[int, int], EndpointWorker | SinkWorker] = {}
        self.working: dict[tuple[int, int], asyncio.Task[None]] = {}
        self.leases: dict[int, Lease] = {}
        self.hinted: dict[tuple[int, int], float] = {}
        self.waited_for: dict[int, float] = {}
        self.unbundled: dict[int, int] = {}  # Ledgers in which events may be bundled: their epochs.
        self.stamped_unbundled = 0
        self.stamped_at = 0.0
        self.told: dict[int, float] = {}  # Ledgers that failed: when that is said again.
        self.clock = DatabaseClock()
        self.whole = False  # Are all leases held here? Only then may it say that it is awake.

    async def run(self) -> None:
        self.workers.clear()
        self.working.clear()
        self.leases.clear()
        self.hinted.clear()
        self.waited_for.clear()
        try:
            async with asyncio.TaskGroup() as group:
                self.group = group
                if self.listener is not None:
                    group.create_task(self.listener.run())
                if self.checkpoints is not None:
                    group.create_task(self.checkpoints.run())
                group.create_task(self.look_for_ever())
        finally:
            await self.let_go()

    async def look_for_ever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(POLL_S):
                    await self.woken.wait()
            except TimeoutError:
                pass
            self.woken.clear()
            try:
                await self.look_until_idle()
                await self.bundle_while_quiet()
            except DATABASE_ERRORS as error:
                if not is_lost(error):
                    log.warning("the relay waits for the database: %s", error)
                await asyncio.sleep(POLL_S)

    async def look_until_idle(self) -> None:
        """One look when there is nothing; with much to do, awake until there is nothing for a while."""
        loop = asyncio.get_running_loop()
        busy, idle, awake_until = 0, 0, 0.0
        while True:
            found, _ = await self.look()
            busy, idle = (busy + 1, 0) if found else (0, idle + 1)
            awake = awake_until > 0
            if (not awake and idle) or (not self.whole and not found):
                break
            if awake and idle >= IDLE_LOOKS:
                break
            if self.whole and busy >= BUSY_LOOKS and awake_until < loop.time() + RENEW_S:
                await call(self.pool, "stay_awake", milliseconds=AWAKE_MS)
                awake_until = loop.time() + AWAKE_MS / 1000
            if awake or busy > 1:
                await asyncio.sleep(LONG_LOOK_S if found >= MANY else LOOK_S)
        if awake_until > 0:
            await self.fall_asleep()

    async def fall_asleep(self) -> None:
        """Say so, then look until whoever may have seen otherwise has ended: one snapshot says both."""
        loop = asyncio.get_running_loop()
        await call(self.pool, "stay_awake", milliseconds=0)
        ((horizon,),) = await call(self.pool, "draw_xid")
        until = loop.time() + SETTLE_S
        while loop.time() < until:
            found, settled = await self.look(horizon)
            if settled and not found:
                return
            if not found:
                await asyncio.sleep(LOOK_S)

    async def look(self, horizon: str | None = None) -> tuple[int, bool]:
        """Look once at every ledger whose lease can be had, and stamp what waits there.

        Returns how much was stamped, and whether no transaction older than `horizon` was open at that moment.
        """
        asked = time.monotonic()
        rows = await call(
            self.pool, "take_leases", holder=self.holder, seconds=LEASE_S, horizon=horizon
        )
        if rows:
            self.clock.see(asked, time.monotonic(), rows[0]["moment"])
        self.confirm_leases(rows, asked)
        metrics.LEADER.set(bool(rows))
        self.whole = bool(rows) and rows[0]["whole"]
        stamped = 0
        for row in rows:
            try:
                stamped += await self.look_at(row)
            except DATABASE_ERRORS as error:
                if is_away(error):
                    raise
                self.tell_failure(row["ledger_id"], error)
        self.leased = set(self.leases)
        if stamped:
            self.stamped_unbundled += stamped
            self.stamped_at = asyncio.get_running_loop().time()
        if self.stamped_unbundled > BUNDLE_ANYHOW:
            await self.bundle(BUNDLES_ANYHOW)
        return stamped, all(row["settled"] for row in rows)

    def confirm_leases(self, rows: list[asyncpg.Record], asked: float) -> None:
        """Those that are held since, and those that are held anew: another relay may have sent meanwhile."""
        held = {row["ledger_id"]: row["epoch"] for row in rows}
        for ledger, lease in list(self.leases.items()):
            if held.get(ledger) != lease.epoch:
                del self.leases[ledger]
                self.stop_workers(ledger)
        for ledger, epoch in held.items():
            lease = self.leases.setdefault(ledger, Lease(self.holder, epoch))
            lease.confirm(asked, LEASE_S / 2)  # It is prolonged when half of it is over.

    async def look_at(self, row: asyncpg.Record) -> int:
        """What there is to do in one ledger, as zerosum.take_leases tells it. Returns how much was stamped."""
        stamped = 0
        if row["expired"]:
            stamped += await self.expire_holds(row["ledger_id"])
        for reader in row["due"]:
            await self.hint(row["ledger_id"], reader)
        if row["waiting"] or row["ledger_id"] not in self.leased:
            self.unbundled[row["ledger_id"]] = row["epoch"]
        if row["waiting"]:
            stamped += await self.stamp(row["ledger_id"], row["epoch"])
        return stamped

    def tell_failure(self, ledger: int, error: Exception) -> None:
        """One ledger's look failed, which keeps no other waiting. Said about once a minute."""
        if is_lost(error):
            return
        metrics.RELAY_FAILURES.labels(str(ledger)).inc()
        now = asyncio.get_running_loop().time()
        if now >= self.told.get(ledger, 0.0):
            self.told[ledger] = now + TELL_EVERY_S
            log.error("ledger %d: its outbox is not stamped: %s", ledger, error)

    async def bundle_while_quiet(self) -> None:
        """Until it is woken, and not for long, since leases run out: the next look comes at once, then this again."""
        loop = asyncio.get_running_loop()
        if loop.time() < self.stamped_at + QUIET_S:
            return
        until = loop.time() + BUNDLE_S
        while self.unbundled and not self.woken.is_set():
            await self.bundle(1)
            if loop.time() > until:
                self.woken.set()

    async def bundle(self, max_bundles: int) -> None:
        """The next old events in each ledger that may have some: few, since whoever wants to stamp waits for it."""
        for ledger, epoch in list(self.unbundled.items()):
            ((made,),) = await call(
                self.pool,
                "bundle_events",
                ledger=ledger,
                holder=self.holder,
                epoch=epoch,
                keep=KEEP_EVENTS,
                max_bundles=max_bundles,
            )
            if made < max_bundles:
                del self.unbundled[ledger]
        if not self.unbundled:
            self.stamped_unbundled = 0

    async def stamp(self, ledger: int, epoch: int) -> int:
        ((stamped, endpoints),) = await call(
            self.pool,
            "stamp",
            ledger=ledger,
            holder=self.holder,
            epoch=epoch,
            max_events=STAMP_MAX,
        )
        for endpoint in endpoints:
            await self.wake_worker(ledger, endpoint)
        return int(stamped)

    async def expire_holds(self, ledger: int) -> int:
        """Settle what has expired, past what is locked; when all of it is, wait a moment for the first."""
        ((settled,),) = await call(
            self.pool, "expire_holds", ledger=ledger, max_holds=STAMP_MAX, wait=False
        )
        now = asyncio.get_running_loop().time()
        if not settled and now - self.waited_for.get(ledger, 0) >= POLL_S:
            self.waited_for[ledger] = now
            self.group.create_task(self.expire_locked(ledger))
        return int(settled)

    async def expire_locked(self, ledger: int) -> None:
        try:
            await call(self.pool, "expire_holds", ledger=ledger, max_holds=1, wait=True)
        except DATABASE_ERRORS as error:
            log.info("a hold that has expired waits for its wallet: %s", error)

    async def hint(self, ledger: int, reader: int) -> None:
        """It is behind, or a retry is due: told at every look, also while it works on that, so mostly passed over."""
        now = asyncio.get_running_loop().time()
        if now - self.hinted.get((ledger, reader), 0) >= POLL_S:
            self.hinted[ledger, reader] = now
            await self.wake_worker(ledger, reader)

    async def wake_worker(self, ledger: int, reader: int) -> None:
        """reader: an endpoint or a sink."""
        if not self.carries:
            return
        worker = self.workers.get((ledger, reader))
        if worker is None:
            worker = self.workers[ledger, reader] = await self.make_worker(ledger, reader)
            self.working[ledger, reader] = self.group.create_task(worker.run())
        worker.wake()

    def stop_workers(self, ledger: int) -> None:
        """The lease is another's: so is the sending."""
        for key in [key for key in self.workers if key[0] == ledger]:
            del self.workers[key]
            self.working.pop(key).cancel()

    async def make_worker(self, ledger: int, reader: int) -> EndpointWorker | SinkWorker:
        ((kind,),) = await call(self.pool, "reader_kind", ledger=ledger, id=reader)
        if kind == "sink":
            return SinkWorker(self.pool, self.leases[ledger], ledger, reader)
        return EndpointWorker(self.pool, self.leases[ledger], self.sender, ledger, reader)

    async def let_go(self) -> None:
        try:
            await call(self.pool, "release_leases", holder=self.holder)
        except DATABASE_ERRORS as error:
            log.warning("the leases run out by themselves: %s", error)
