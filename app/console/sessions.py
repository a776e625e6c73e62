"""Who has signed in to the console. A session's token is random, lives in a cookie, and is stored
as its SHA-256 only; it ends with its API key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from app.api_keys import API_KEY, key_hash
from app.database.connections import Pool, call
from app.http.auth import Caller

COOKIE = "zerosum_session"
SESSION_S = 12 * 3600
LINK_S = 600


@dataclass(frozen=True, slots=True)
class Session:
    """caller: the ledger and scope of the API key. key_hash: the key's SHA-256."""

    token: str
    caller: Caller
    key_hash: bytes

    @property
    def csrf(self) -> str:
        """What each form must carry: another site can't know it, since it can't read the cookie."""
        return hmac.digest(self.token.encode(), b"csrf", "sha256").hex()

    def is_form_ours(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class Sessions:
    """Create, find and end sessions. Each method raises what the database's driver raises."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def sign_in(self, key: str) -> str | None:
        """Return the token of a new session for an API key; None: there is no such key."""
        if not API_KEY.fullmatch(key):
            return None
        token = secrets.token_urlsafe(32)
        ((known,),) = await call(
            self.pool,
            "create_session",
            token_hash=hash_of(token),
            key_hash=key_hash(key),
            seconds=SESSION_S,
        )
        return token if known else None

    async def exchange(self, link: str) -> str | None:
        """Return the token of a new session for a link that signs in once; None: it is used up, or
        too old."""
        token = secrets.token_urlsafe(32)
        ((good,),) = await call(
            self.pool,
            "exchange_session",
            link_hash=hash_of(link),
            token_hash=hash_of(token),
            seconds=SESSION_S,
        )
        return token if good else None

    async def find(self, token: str) -> Session | None:
        """Return the session of this token, if it goes on."""
        rows = await call(self.pool, "find_session", token_hash=hash_of(token))
        if not rows:
            return None
        (row,) = rows
        caller = Caller(row["ledger_id"], row["scope"], row["ledger_name"])
        return Session(token, caller, row["key_hash"])

    async def end(self, token: str) -> None:
        await call(self.pool, "end_session", token_hash=hash_of(token))


async def sign_in_link(pool: Pool, hash_: bytes) -> str | None:
    """Return what a link that signs in once ends with, for the API key with this SHA-256; None: the
    key is not known. Raises what the database's driver raises."""
    link = secrets.token_urlsafe(24)
    ((known,),) = await call(
        pool,
        "create_session",
        token_hash=hash_of(link),
        key_hash=hash_,
        seconds=LINK_S,
        once=True,
    )
    return link if known else None


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
