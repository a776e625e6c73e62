"""The deliveries to one endpoint: read from the feed after its cursor, sent several at a time,
recorded together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from app.amounts import quote_amounts
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.encryption import CantDecrypt, Encryption
from relay.lease import Lease, is_lost
from relay.webhooks.backoff import retry_after_s
from relay.webhooks.lines import Lines, wallets_of
from relay.webhooks.message import Message, Outcome, Target
from relay.webhooks.outcomes import Settled, record, verdict
from relay.webhooks.pace import Pace
from relay.webhooks.policy import WebhookPolicy
from relay.webhooks.sender import WebhookSender
from relay.webhooks.signing import signer

# Of its concurrency an endpoint has so many at first. A delivery that is not answered halves the
# number, down to one, and an answered one doubles it: endpoints that hang hold few connections.
FIRST_WIDTH = 4
# With more retries overdue at the start, after an outage, it begins with one: many endpoints that
# come back together then grow as fast as each answers.
MANY_OVERDUE = 16
PAGE = 128
NO_NEWS = 1 << 62  # No event's seq: a call from there on returns only what is to be retried.
# What has waited for longer is read anew: the endpoint may be another by now, or disabled.
STALE_S = 5.0
TURN_S = 1.0  # Look at least so often whether a turn is still to be waited for.
MAX_BUSY = 512  # Take no more until some of so many are recorded.
GATHER_S = 0.01  # between two recordings, so that more outcomes share one commit
DATABASE_RETRY_S = 0.5
DRAIN_S = 3
# Its event is tried once: who tests an endpoint looks at the outcome, and tests it again.
TEST = "endpoint.test"

log = logging.getLogger("zerosum.relay")


class Waiting(NamedTuple):
    """An event that is to be sent. attempts: how often it was tried before."""

    seq: int
    attempts: int
    id: UUID
    type: str
    body: str


class EndpointWorker:
    """run() sends until it is cancelled; call wake() when there may be something to send.

    Each endpoint has a worker of its own, so that a slow endpoint delays no other. What always
    holds: `fresh` is a part of `busy`. The cursor may move up to the lowest of `fresh` less one, or
    to `read_to` if there are none. A seq leaves `busy` when its outcome is in Postgres, or when it is
    forgotten before it was sent.
    `recorded_to` is how far the recorded cursor is: it stays when `read_to` is read anew, since it
    only ever grows.
    """

    def __init__(
        self,
        pool: Pool,
        lease: Lease,
        sender: WebhookSender,
        encryption: Encryption,
        policy: WebhookPolicy,
        ledger: int,
        endpoint: int,
    ) -> None:
        self.pool, self.lease, self.sender, self.encryption = pool, lease, sender, encryption
        self.policy = policy
        self.ledger, self.endpoint = ledger, endpoint
        # What was read and is not sent yet, in the order to send it.
        self.waiting: deque[Waiting] = deque()
        self.lines: Lines | None = None  # Only of an endpoint that is ordered.
        self.stale_at, self.started = 0.0, False
        self.forgotten = 0  # How often what waited was forgotten.
        self.just_recorded: set[int] = set()  # Since the last call for more began.
        self.pace = Pace()
        self.woken = asyncio.Event()
        self.finished = asyncio.Event()
        self.sending: set[asyncio.Task[None]] = set()
        self.senders, self.width, self.concurrency = 0, FIRST_WIDTH, FIRST_WIDTH
        # Seqs that are being sent or not recorded yet, which are not to be taken again. Fresh are
        # those that the feed gave: the cursor can't pass them.
        self.busy: set[int] = set()
        self.fresh: set[int] = set()
        self.read_to = self.recorded_to = 0
        # What is to be recorded.
        self.outcomes: list[Settled] = []

    def wake(self) -> None:
        self.woken.set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.take())
                group.create_task(self.record())
        finally:
            await self.drain()

    async def drain(self) -> None:
        """At the end, wait a moment for what is being sent, and record it, so that it is not sent
        again."""
        self.waiting.clear()
        if self.sending:
            await asyncio.wait(self.sending, timeout=DRAIN_S)
        for task in self.sending:
            task.cancel()
        if self.outcomes:
            try:
                await self.write(self.outcomes)
            except DATABASE_ERRORS as error:
                log.info("what was sent last is sent again: %s", error)

    async def take(self) -> None:
        """Fetch what is due and send it, several deliveries at a time."""
        while True:
            self.woken.clear()
            after, forgotten = self.read_to, self.forgotten
            self.just_recorded.clear()
            if len(self.busy) >= MAX_BUSY or len(self.waiting) >= PAGE:
                if self.lines is None:
                    await self.woken.wait()
                    continue
                after = NO_NEWS  # The head that all wait for may be due.
            try:
                found = await call(
                    self.pool,
                    "next_deliveries",
                    ledger=self.ledger,
                    endpoint=self.endpoint,
                    max=PAGE,
                    after=after,
                    busy=list(self.busy),
                    holder=self.lease.holder,
                )
                await self.form_lines(bool(found) and found[0]["ordered"])
            except DATABASE_ERRORS as error:
                if not is_lost(error):
                    log.warning("deliveries can't be read: %s", error)
                await asyncio.sleep(DATABASE_RETRY_S)
                continue
            if not found:
                self.forget()
            elif forgotten != self.forgotten:
                continue  # What was forgotten meanwhile lies before what this call has read.
            try:
                more = bool(found) and self.send_all(found[0])
            except CantDecrypt as error:
                # An older process beside one that has the key: nothing was tried.
                log.warning("endpoint %d: nothing can be signed: %s", self.endpoint, error)
                more = False
            if not more:
                await self.woken.wait()

    async def form_lines(self, ordered: bool) -> None:
        """Keep each wallet's events in order from now on, or no longer. Raises what the database's
        driver raises."""
        if not ordered:
            if self.lines is not None:
                self.lines = None
                self.add_senders()
        elif self.lines is None:
            self.forget()
            # What is being sent has no line, and Postgres calls pending what is not recorded: that
            # would hold its line, with nobody to settle it.
            while self.busy:
                self.woken.clear()
                await self.woken.wait()
            lines, now = Lines(self.policy.hold_s), time.monotonic()
            for row in await call(
                self.pool,
                "failed_heads",
                ledger=self.ledger,
                endpoint=self.endpoint,
                seconds=self.policy.hold_s,
            ):
                lines.add(row["seq"], wallets_of(row["type"], row["body"]))
                lines.fail(row["seq"], now - row["failed_s"])
            self.lines = lines
        else:
            self.lines.release(time.monotonic())
            self.add_senders()

    def send_all(self, row: asyncpg.Record) -> bool:
        """Start sending what one call found, or pass over what is not for this endpoint. Return
        whether there was anything."""
        self.aim(row)
        if not self.started:
            self.started = True
            if len(row["seqs"]) - row["fresh"] > MANY_OVERDUE:
                self.width = 1
        if not row["seqs"]:
            self.pass_over(row["read_to"])
            return row["read_to"] is not None
        names = ("seqs", "attempts", "ids", "types", "bodies")
        events = [Waiting(*event) for event in zip(*(row[name] for name in names), strict=True)]
        # Of what is read anew some may be on its way, or was recorded while it was read.
        known = self.busy | self.just_recorded
        new = [event for event in events if event.seq not in known]
        if self.lines is not None:
            for event in new:
                self.lines.add(event.seq, wallets_of(event.type, event.body))
        self.waiting.extend(new)
        fresh = events[len(events) - row["fresh"] :]
        self.fresh.update(event.seq for event in fresh if event.seq not in known)
        self.busy.update(event.seq for event in new)
        self.pass_over(row["read_to"])
        self.add_senders()
        return True

    def pass_over(self, read_to: int | None) -> None:
        """Note how far the feed was read. If all was for others, the cursor moves at once."""
        if read_to is not None:
            self.read_to = read_to
            if not self.fresh:
                self.finished.set()

    def aim(self, row: asyncpg.Record) -> None:
        """Take over the endpoint as it is now."""
        decrypt = self.encryption.decrypt
        headers: dict[str, str] = {}
        if row["headers"] is not None:
            headers = msgspec.json.decode(decrypt(row["headers"], "webhook headers"))
        self.target = Target(
            url=row["url"],
            signers=[signer(decrypt(secret, "webhook secret")) for secret in row["secrets"]],
            headers=headers,
            strings=row["amounts"] == "string",
            timeout_s=row["timeout_s"],
        )
        self.concurrency = row["concurrency"]
        self.width = min(self.width, self.concurrency)
        if self.pace.limit != row["rate_limit"]:
            self.pace = Pace(row["rate_limit"])
        self.stale_at = asyncio.get_running_loop().time() + STALE_S

    def message(self, event: Waiting) -> Message:
        body = event.body.encode()
        return Message(
            str(event.id), self.target, quote_amounts(body) if self.target.strings else body
        )

    def forget(self) -> None:
        """Forget what waits, so that it is read anew."""
        self.forgotten += 1
        seqs = {event.seq for event in self.waiting}
        self.waiting.clear()
        if again := self.fresh & seqs:
            self.read_to = min(self.read_to, min(again) - 1)
        self.fresh -= seqs
        self.busy -= seqs
        if self.lines is not None:
            self.lines.forget(seqs)

    def add_senders(self) -> None:
        for _ in range(min(self.width - self.senders, len(self.waiting))):
            self.senders += 1
            task = asyncio.create_task(self.send_some())
            self.sending.add(task)
            task.add_done_callback(self.sending.discard)

    async def send_some(self) -> None:
        """Send one waiting delivery after the other, until none waits. `width` of these run at a
        time."""
        clock = asyncio.get_running_loop().time
        try:
            while self.waiting and self.senders <= self.width:
                # After each wait other senders may have taken what waited.
                if left_s := self.pace.left_s():
                    await asyncio.sleep(min(left_s, TURN_S))
                    continue
                if not self.lease.held():
                    await self.lease.wait()
                    continue
                if clock() > self.stale_at:
                    self.forget()
                    self.woken.set()
                    return
                event = self.next_waiting()
                if event is None:
                    return
                self.pace.take()
                outcome = await self.sender.send(self.message(event))
                self.note(event, outcome)
                if outcome.status is None:
                    self.width = max(1, self.width // 2)
                elif self.width < self.concurrency:
                    self.width = min(self.concurrency, 2 * self.width)
                    self.add_senders()
        finally:
            # Decrease at once; the set of tasks forgets one only later. What is taken meanwhile
            # must find its sender.
            self.senders -= 1

    def next_waiting(self) -> Waiting | None:
        """Take what is to be sent next; None: all that waits stands behind others in its lines."""
        if self.lines is None:
            return self.waiting.popleft()
        for n, event in enumerate(self.waiting):
            if self.lines.is_first(event.seq):
                del self.waiting[n]
                return event
        return None

    def note(self, event: Waiting, outcome: Outcome) -> None:
        """Keep an outcome to be recorded, and let the next event of its lines go."""
        retry_s = self.retry_s(event, outcome)
        self.outcomes.append(Settled(event.seq, retry_s, outcome))
        self.finished.set()
        if self.lines is None:
            return
        if verdict(outcome, retry_s) == "pending":
            self.lines.fail(event.seq, time.monotonic())
        else:
            self.lines.settle(event.seq)
            self.add_senders()

    def retry_s(self, event: Waiting, outcome: Outcome) -> float | None:
        """Return the seconds until the next try; None: there is none."""
        if event.type == TEST:
            return None
        return retry_after_s(event.attempts + 1, outcome.retry_after_s, self.policy.retries_s)

    async def record(self) -> None:
        """Write outcomes, all that there are at a time, until the database has them."""
        while True:
            await self.finished.wait()
            self.finished.clear()
            outcomes = self.outcomes[:]
            if outcomes or self.sent_to(outcomes) > self.recorded_to:
                try:
                    await self.write(outcomes)
                except DATABASE_ERRORS as error:
                    if not is_lost(error):
                        log.warning("outcomes can't be recorded: %s", error)
                    await asyncio.sleep(DATABASE_RETRY_S)
                    self.finished.set()
                    continue
                del self.outcomes[: len(outcomes)]
                self.busy.difference_update(seq for seq, _, _ in outcomes)
                self.fresh.difference_update(seq for seq, _, _ in outcomes)
                self.just_recorded.update(seq for seq, _, _ in outcomes)
                # What was passed over while the last of `fresh` were recorded woke nobody.
                if not self.fresh and self.read_to > self.recorded_to:
                    self.finished.set()
                self.woken.set()
                await asyncio.sleep(GATHER_S)

    def sent_to(self, outcomes: list[Settled]) -> int:
        """Return the seq up to which, with these outcomes, nothing is left to be sent for the first
        time."""
        left = self.fresh.difference(seq for seq, _, _ in outcomes)
        return min([self.read_to, *(seq - 1 for seq in left)])

    async def write(self, outcomes: list[Settled]) -> None:
        sent_to = self.sent_to(outcomes)
        await record(
            self.pool,
            self.ledger,
            self.endpoint,
            self.lease.holder,
            sent_to,
            outcomes,
            self.policy,
        )
        self.recorded_to = sent_to
