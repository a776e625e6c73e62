"""What an error of the database or of its driver says, in one place: for money, reads, the relay and the start."""

from __future__ import annotations

from enum import Enum

import asyncpg

# What a call can raise: the server's own errors, and those of a connection that is not, or no more, there. The
# driver reports one that breaks while it is used as an internal error of its own.
DATABASE_ERRORS = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    OSError,  # TimeoutError is one of these.
)


class NotConnected(OSError):
    """There was no connection to send on: nothing was sent."""


class Failure(Enum):
    """lost: the connection broke, so that nothing is known of what was under way.
    away: the server refused, rolled back, and will go on refusing for a while.
    conflict: rolled back; the same again may succeed at once. locked: rolled back, somebody holds a lock.
    failed: rolled back, and the same again would fail again.
    """

    LOST = "lost"
    AWAY = "away"
    CONFLICT = "conflict"
    LOCKED = "locked"
    FAILED = "failed"


# By SQLSTATE or its class, the longer first.
FAILURES = {
    "08": Failure.LOST,
    "57P01": Failure.LOST,  # The server shuts down; its word may have crossed a commit.
    "57P02": Failure.LOST,
    "57P04": Failure.LOST,
    "57P05": Failure.LOST,
    "57P03": Failure.AWAY,  # It starts up, or is a standby that takes nobody.
    "57014": Failure.AWAY,  # It took too long, or an operator cancelled it.
    "25006": Failure.AWAY,  # A standby, or turned read-only.
    "28": Failure.AWAY,  # The password has changed.
    "3D000": Failure.AWAY,
    "53": Failure.AWAY,  # No connection, memory or disk left.
    "58": Failure.AWAY,  # The operating system fails it.
    "40": Failure.CONFLICT,
    "55P03": Failure.LOCKED,
}


def failure(error: BaseException) -> Failure:
    """What this error of DATABASE_ERRORS says."""
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        return Failure.LOST
    return FAILURES.get(state) or FAILURES.get(state[:2]) or Failure.FAILED


def is_away(error: BaseException) -> bool:
    """Can the database not be used for now? To be tried again, and no fault of ours."""
    return failure(error) in {Failure.LOST, Failure.AWAY}
