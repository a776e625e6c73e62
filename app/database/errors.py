"""What an error of the database or of its driver means, in one place: for money, reads, the relay
and the start."""

from __future__ import annotations

from enum import Enum
from typing import TypeGuard

import asyncpg

# What a call can raise: the server's own errors, and those of a connection that could not be opened
# or broke. The driver reports a connection that breaks while it is used as an internal error of its
# own.
DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # TimeoutError is an OSError.
)


class NotConnected(OSError):
    """There was no connection, so nothing was sent."""


class Failure(Enum):
    """What a failure means:

    lost: the connection broke; nothing is known of what was under way.
    away: the server refused, rolled back, and will go on refusing for a while.
    conflict: the server rolled back; the same again may succeed at once.
    locked: the server rolled back, since somebody holds a lock.
    failed: the server rolled back, and the same again would fail again.
    """

    LOST = "lost"
    AWAY = "away"
    CONFLICT = "conflict"
    LOCKED = "locked"
    FAILED = "failed"


# By SQLSTATE or by its class; the longer one counts.
FAILURES = {
    "08": Failure.LOST,
    "57P01": Failure.LOST,  # The server shuts down; the error may have crossed a commit.
    "57P02": Failure.LOST,
    "57P04": Failure.LOST,
    "57P05": Failure.LOST,
    "57P03": Failure.AWAY,  # The server starts, or is a standby that accepts nobody.
    "57014": Failure.AWAY,  # The statement took too long, or an operator cancelled it.
    "25006": Failure.AWAY,  # A standby, or a server that was set to read-only.
    "28": Failure.AWAY,  # The password has changed.
    "3D000": Failure.AWAY,
    "53": Failure.AWAY,  # No connection, memory or disk is left.
    "58": Failure.AWAY,  # The operating system fails the server.
    "40": Failure.CONFLICT,
    "55P03": Failure.LOCKED,
}


# Where a feed can't be read from: the code of each SQLSTATE.
PLACES = {"ZS302": "events_purged", "ZS303": "cursor_ahead"}


def failure(error: BaseException) -> Failure:
    """Return what this error of DATABASE_ERRORS means."""
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        return Failure.LOST
    return FAILURES.get(state) or FAILURES.get(state[:2]) or Failure.FAILED


def is_no_place(error: BaseException) -> TypeGuard[asyncpg.PostgresError]:
    """Return whether SQL refused to read a feed from a place where it is purged, or beyond its end.
    The error's detail has its facts, as JSON."""
    return getattr(error, "sqlstate", None) in PLACES


def is_purged(error: BaseException) -> TypeGuard[asyncpg.PostgresError]:
    """Return whether SQL refused to read events that are purged. The error's detail has its facts,
    as JSON."""
    return PLACES.get(getattr(error, "sqlstate", "")) == "events_purged"


def is_away(error: BaseException) -> bool:
    """Return whether the database can't be used for now: worth another try, and no fault of ours."""
    return failure(error) in {Failure.LOST, Failure.AWAY}
