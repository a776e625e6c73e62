"""Connections that are kept open between two requests."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from relay.webhooks.connection import Connection
from relay.webhooks.dialler import Place

# Shorter than what servers and balancers close after; who closes first is not surprised.
KEEP_S = 15.0
# A busy connection is never idle. Its name is looked up again after so long, since a receiver may
# have moved to other addresses while the old ones still answer.
MAX_AGE_S = 300.0


class KeptConnections:
    """take() one to a place, keep() it afterwards. Each is closed once it was idle for KEEP_S."""

    def __init__(self) -> None:
        self.idle: defaultdict[Place, list[tuple[float, Connection]]] = defaultdict(list)
        self.sweeper: asyncio.TimerHandle | None = None

    def take(self, place: Place) -> Connection | None:
        """Return the connection that was used last; None: there is none."""
        idle = self.idle.get(place)
        while idle:
            _, connection = idle.pop()
            if connection.reusable:
                return connection
        return None

    def keep(self, place: Place, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > connection.opened + MAX_AGE_S:
            connection.close()
            return
        self.idle[place].append((now, connection))
        if self.sweeper is None:
            self.sweeper = loop.call_later(KEEP_S, self.sweep)

    def sweep(self) -> None:
        """Close what has been idle for too long, and look again later while anything is kept."""
        loop = asyncio.get_running_loop()
        since = loop.time() - KEEP_S
        for place, idle in list(self.idle.items()):
            left = [(at, one) for at, one in idle if at > since and one.reusable]
            for at, one in idle:
                if at <= since:
                    one.close()
            if left:
                self.idle[place] = left
            else:
                del self.idle[place]
        self.sweeper = loop.call_later(KEEP_S / 3, self.sweep) if self.idle else None

    def close(self) -> None:
        if self.sweeper is not None:
            self.sweeper.cancel()
        for idle in self.idle.values():
            for _, one in idle:
                one.close()
        self.idle.clear()
