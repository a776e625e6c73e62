"""What the process has open, for handlers to work with: one typed object instead of an
application's loose state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from app.database.connections import Pool
from app.database.replicas import Replicas
from app.encryption import Encryption
from app.http.auth import Keys
from app.http.feed.pages import FeedPages
from app.http.feed.watch import FeedWatch
from app.logs import RequestLog
from app.posting.group_commit import GroupCommit
from app.posting.waiting import Answer, PostRequest
from app.setting_values import Network
from app.transparency.signed_notes import LogKey


class Poster(Protocol):
    """Posts one request: the group commit, or the Redis locks in front of it."""

    async def submit(
        self, request: PostRequest, gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Return outcome and body as zerosum.post returns them. gone: returns whether the client
        has left. Raises Refusal."""
        ...


@dataclass(slots=True, kw_only=True)
class Services:
    """Whoever opens these closes them after the app has ended.

    pool: for reads. replicas: None where there are no standbys. keys: over a pool of its own where
    no read may keep it waiting. poster: for single requests; batches go to the group commit.
    log_key: None where checkpoints are not signed.
    """

    pool: Pool
    keys: Keys
    group_commit: GroupCommit
    poster: Poster
    feed: FeedWatch
    pages: FeedPages
    replicas: Replicas | None = None
    webhook_allow: tuple[Network, ...] = ()
    webhooks_proxied: bool = False
    encryption: Encryption = field(default_factory=Encryption)
    sink_hosts: frozenset[str] = frozenset()
    log_key: LogKey | None = None
    request_log: RequestLog = field(default_factory=lambda: RequestLog(enabled=False))
