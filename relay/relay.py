"""The relay holds the leases of its share of the ledgers, stamps what is in the outbox, and wakes
the endpoints' workers.

Asleep, it is woken by a NOTIFY. A poll about each second finds what a NOTIFY missed, retries that
are due, and leases that other relays have released. Busy, it announces that it is awake and looks
by itself, so that writers spare the NOTIFY. Before it sleeps again it announces that, and goes on
looking until every transaction that may have read the earlier announcement has ended: no wake-up is
lost.

All its state is in Postgres. Relays of several hosts share the ledgers. When one comes, the others
end their work in some ledgers and leave these. When one dies, the others take over and send again,
under the same ids, what may not have arrived.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time

import asyncpg

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS, is_away
from app.encryption import Encryption
from app.transparency.signed_notes import LogKey
from relay.checkpoints import Checkpoints
from relay.database_clock import DatabaseClock
from relay.lease import Lease, is_lost
from relay.listener import Listener
from relay.retention import Keep, Retention
from relay.sinks.sink import SinkWorker
from relay.webhooks.endpoint import EndpointWorker
from relay.webhooks.policy import WebhookPolicy
from relay.webhooks.sender import WebhookSender

# With the listener's probe and the console's samples this is less than one query a second.
POLL_S = 1.15
LEASE_S = 5.0  # How long another relay waits for one that was killed.
STAMP_MAX = 500
# Bundle old events while the relay is idle, except the newest KEEP_EVENTS, which most readers want.
# If more than BUNDLE_ANYHOW wait, bundle under load too, faster than new ones arrive.
KEEP_EVENTS, QUIET_S, BUNDLE_S = 4096, 1.0, 0.5
BUNDLE_ANYHOW, BUNDLES_ANYHOW = 100_000, 4
POOL_SIZE = 2  # one more connection listens
LOG_FAILURE_EVERY_S = 60.0
# After so many looks in a row that found something the relay announces that it is awake; after so
# many that found nothing it goes to sleep.
BUSY_LOOKS, IDLE_LOOKS = 3, 20
# Pauses between two looks while awake. The pause is longer after a look that stamped many, so that
# more events share a commit.
LOOK_S, LONG_LOOK_S, MANY = 0.01, 0.025, 40
AWAKE_MS, RENEW_S = 2000, 1.0
# How long the relay waits for older transactions before it sleeps. The poll finds what a longer one
# writes.
SETTLE_S = 2.0

log = logging.getLogger("zerosum.relay")


class Relay:
    """run() works until it is cancelled.

    listen_url: past a pooler; None: the relay only polls. carries: False: only stamp, where
    something else reads the outbox. log_key, checkpoint_every_s: with both, checkpoints of the logs
    become events. encryption: opens the secrets that the database keeps.
    """

    def __init__(
        self,
        pool: Pool,
        listen_url: str | None,
        sender: WebhookSender,
        carries: bool = True,
        log_key: LogKey | None = None,
        checkpoint_every_s: float = 0,
        encryption: Encryption | None = None,
        policy: WebhookPolicy | None = None,
        keep: Keep | None = None,
    ) -> None:
        self.pool, self.sender, self.carries = pool, sender, carries
        self.encryption, self.policy = encryption or Encryption(), policy or WebhookPolicy()
        self.keep = keep or Keep()
        # Who looks at the leases sees where each relay is.
        self.holder = f"{socket.gethostname()[:64]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.woken = asyncio.Event()
        self.checkpoints: Checkpoints | None = None
        if log_key is not None and checkpoint_every_s > 0:
            self.checkpoints = Checkpoints(pool, self.holder, log_key, checkpoint_every_s)
        self.listener = Listener(listen_url, pool, self.woken.set) if listen_url else None
        self.leased: set[int] = set()
        self.workers: dict[tuple[int, int], EndpointWorker | SinkWorker] = {}
        self.working: dict[tuple[int, int], asyncio.Task[None]] = {}
        self.leases: dict[int, Lease] = {}
        # Of the ledgers whose leases are held; None: it has not looked yet.
        self.names: dict[int, str] | None = None
        # Ledgers that another relay is to take, once the work here has ended.
        self.leaving: dict[int, asyncio.Task[None]] = {}
        self.hinted: dict[tuple[int, int], float] = {}
        self.waited_for: dict[int, float] = {}
        self.unbundled: dict[int, int] = {}  # The epochs of ledgers in which events may be bundled.
        self.stamped_unbundled = 0
        self.stamped_at = 0.0
        # When the next failure of a ledger may be logged.
        self.next_failure_at: dict[int, float] = {}
        self.clock = DatabaseClock()
        # Whether all leases are held here. Only then may it announce that it is awake.
        self.whole = False

    async def run(self) -> None:
        """Look for events, and run the workers, until it is cancelled."""
        self.workers.clear()
        self.working.clear()
        self.leases.clear()
        self.leaving.clear()
        self.hinted.clear()
        self.waited_for.clear()
        try:
            async with asyncio.TaskGroup() as group:
                self.group = group
                if self.listener is not None:
                    group.create_task(self.listener.run())
                if self.checkpoints is not None:
                    group.create_task(self.checkpoints.run())
                retention = Retention(self.pool, self.holder, self.leases, self.keep)
                group.create_task(retention.run())
                group.create_task(self.look_for_ever())
        finally:
            await self.let_go()

    async def look_for_ever(self) -> None:
        """Look whenever something wakes the relay, and about each second without that."""
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
        """Look once if there is nothing. With much to do, stay awake until there is nothing for a
        while."""
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
        """Announce the sleep, then look until every writer that may have read the earlier
        announcement has ended. One snapshot shows both the outbox and the open writers."""
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
        """Look once at every ledger whose lease is to be had, and stamp what waits there.

        Returns how much was stamped, and whether no transaction older than `horizon` was open at
        that moment.
        """
        asked = time.monotonic()
        rows = await call(
            self.pool, "take_leases", holder=self.holder, seconds=LEASE_S, horizon=horizon
        )
        if rows:
            self.clock.see(asked, time.monotonic(), rows[0]["moment"])
        self.confirm_leases(rows, asked)
        self.leave_surplus(rows)
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

    def leave_surplus(self, rows: list[asyncpg.Record]) -> None:
        """Begin to leave what is beyond this relay's share: another relay has come."""
        for row in rows:
            ledger = row["ledger_id"]
            if row["surplus"] and ledger not in self.leaving:
                self.leaving[ledger] = self.group.create_task(self.leave(ledger))

    async def leave(self, ledger: int) -> None:
        """End the work in a ledger, so that nothing is sent twice, and release its lease."""
        try:
            if ended := self.stop_workers(ledger):
                await asyncio.wait(ended)
            await call(self.pool, "release_lease", ledger=ledger, holder=self.holder)
        except DATABASE_ERRORS as error:
            log.warning("the lease of ledger %d ends by itself: %s", ledger, error)
        finally:
            del self.leaving[ledger]

    def confirm_leases(self, rows: list[asyncpg.Record], asked: float) -> None:
        """Note the leases that still hold and those that are new. After a new epoch another relay
        may have sent meanwhile."""
        held = {row["ledger_id"]: row["epoch"] for row in rows}
        self.tell_leases({row["ledger_id"]: row["name"] for row in rows})
        for ledger, lease in list(self.leases.items()):
            if held.get(ledger) != lease.epoch:
                del self.leases[ledger]
                self.stop_workers(ledger)
        for ledger, epoch in held.items():
            lease = self.leases.setdefault(ledger, Lease(self.holder, epoch))
            lease.confirm(asked, LEASE_S / 2)  # Postgres prolongs a lease when half of it is over.

    def tell_leases(self, names: dict[int, str]) -> None:
        """Say in the metrics which ledgers this relay has, and in the log when that changes."""
        if names == self.names:
            return
        before = self.names or {}
        for ledger in before.keys() - names.keys():
            metrics.LEASES.remove(before[ledger])
        for name in names.values():
            metrics.LEASES.labels(name).set(1)
        if self.names is not None:
            log.info("this relay has the ledgers: %s", ", ".join(sorted(names.values())) or "none")
        self.names = names

    async def look_at(self, row: asyncpg.Record) -> int:
        """Do what there is to do in one ledger, as zerosum.take_leases() returned it. Returns how
        much was stamped."""
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
        """Log that one ledger's look failed, about once a minute. The other ledgers go on."""
        if is_lost(error):
            return
        metrics.RELAY_FAILURES.labels(str(ledger)).inc()
        now = asyncio.get_running_loop().time()
        if now >= self.next_failure_at.get(ledger, 0.0):
            self.next_failure_at[ledger] = now + LOG_FAILURE_EVERY_S
            log.error("ledger %d: stamping its outbox failed: %s", ledger, error)

    async def bundle_while_quiet(self) -> None:
        """Bundle until something wakes the relay, and not for long, since leases end: the next look
        comes at once, then this again."""
        loop = asyncio.get_running_loop()
        if loop.time() < self.stamped_at + QUIET_S:
            return
        until = loop.time() + BUNDLE_S
        while self.unbundled and not self.woken.is_set():
            await self.bundle(1)
            if loop.time() > until:
                self.woken.set()

    async def bundle(self, max_bundles: int) -> None:
        """Bundle the next old events of each ledger that may have some. Few at a time: whoever
        wants to stamp waits for this."""
        for ledger, epoch in list(self.unbundled.items()):
            ((bundled,),) = await call(
                self.pool,
                "bundle_events",
                ledger=ledger,
                holder=self.holder,
                epoch=epoch,
                keep=KEEP_EVENTS,
                max_bundles=max_bundles,
            )
            if bundled < max_bundles:
                del self.unbundled[ledger]
        if not self.unbundled:
            self.stamped_unbundled = 0

    async def stamp(self, ledger: int, epoch: int) -> int:
        """Stamp the next events of a ledger, wake their endpoints' workers, and return how many
        there were."""
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
        """Settle expired holds, except those on locked wallets. If only those are left, wait a
        moment for the first one. Returns how many were settled."""
        ((settled,),) = await call(
            self.pool, "expire_holds", ledger=ledger, max_holds=STAMP_MAX, wait=False
        )
        now = asyncio.get_running_loop().time()
        if not settled and now - self.waited_for.get(ledger, 0) >= POLL_S:
            self.waited_for[ledger] = now
            self.group.create_task(self.expire_locked(ledger))
        return int(settled)

    async def expire_locked(self, ledger: int) -> None:
        """Settle one expired hold whose wallet is locked, if the lock goes within a moment."""
        try:
            await call(self.pool, "expire_holds", ledger=ledger, max_holds=1, wait=True)
        except DATABASE_ERRORS as error:
            log.info("a hold that has expired waits for its wallet: %s", error)

    async def hint(self, ledger: int, reader: int) -> None:
        """Wake a reader that is behind or has a retry due. Postgres reports this at every look,
        even while the worker is already on it, so wake it at most once per POLL_S."""
        now = asyncio.get_running_loop().time()
        if now - self.hinted.get((ledger, reader), 0) >= POLL_S:
            self.hinted[ledger, reader] = now
            await self.wake_worker(ledger, reader)

    async def wake_worker(self, ledger: int, reader: int) -> None:
        """Wake the worker of an endpoint or a sink, and create it first if there is none."""
        if not self.carries or ledger in self.leaving:
            return
        worker = self.workers.get((ledger, reader))
        if worker is None:
            worker = self.workers[ledger, reader] = await self.make_worker(ledger, reader)
            self.working[ledger, reader] = self.group.create_task(worker.run())
        worker.wake()

    def stop_workers(self, ledger: int) -> list[asyncio.Task[None]]:
        """Stop sending in this ledger: another relay has its lease, or is to have it. Returns the
        tasks that end."""
        ending = []
        for key in [key for key in self.workers if key[0] == ledger]:
            del self.workers[key]
            ending.append(self.working.pop(key))
        for task in ending:
            task.cancel()
        return ending

    async def make_worker(self, ledger: int, reader: int) -> EndpointWorker | SinkWorker:
        ((kind,),) = await call(self.pool, "reader_kind", ledger=ledger, id=reader)
        if kind == "sink":
            return SinkWorker(self.pool, self.leases[ledger], self.encryption, ledger, reader)
        return EndpointWorker(
            self.pool,
            self.leases[ledger],
            self.sender,
            self.encryption,
            self.policy,
            ledger,
            reader,
        )

    async def let_go(self) -> None:
        for name in (self.names or {}).values():
            metrics.LEASES.remove(name)
        self.names = None
        try:
            await call(self.pool, "release_leases", holder=self.holder)
        except DATABASE_ERRORS as error:
            log.warning("the leases end by themselves: %s", error)
