"""The idempotency key of a request that came without one."""

from __future__ import annotations

import secrets
import time


def one_time_key() -> str:
    """Return a private key. Its first character, a delete, can't come from a client.

    Keys rise with time, so that the newest are in one place of their index. With random ones each
    transaction of a large ledger changes a page of its own.
    """
    return f"\x7f{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
