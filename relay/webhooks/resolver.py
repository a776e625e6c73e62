"""Look up the names of webhooks' hosts, without threads, with the system's own resolver as a
fallback, and refuse addresses that webhooks may not reach.

c-ares asks for any number of names at once, so a silent name server delays only its own names. But
c-ares is not the system's resolver: it knows no mDNS and no NSS, and a channel that lives long was
seen to stop resolving while the system went on (open-webui/open-webui#28215). So we ask the system,
in a few threads of our own, for what c-ares can't resolve. If the system can resolve it, we open a
new channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from socket import AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from app.egress import is_allowed
from app.setting_values import Network

# For a silent name server: seconds a try, and how many tries.
TRY_S, TRIES = 2.0, 2
# How many names the system is asked for at once, and for how long: it may hold a thread for half a
# minute.
THREADS, SYSTEM_S = 16, 5.0
RENEW_S = 60.0

log = logging.getLogger("zerosum.relay")


class GuardedResolver(AbstractResolver):
    """Resolves a name, and refuses it if any of its addresses is not allowed."""

    def __init__(self, allow: tuple[Network, ...], routable: bool) -> None:
        self.allow, self.routable = allow, routable
        self.inner = new_channel()
        self.renewed = 0.0
        self.threads = 0

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self.look_up(host, port, family)
        # A hosts file has both addresses for localhost, and both are this machine. What is allowed
        # of it is the IPv4 network.
        if any(result["host"].startswith("127.") for result in found):
            found = [result for result in found if result["host"] != "::1"]
        for result in found:
            if not is_allowed(result["host"], self.allow, self.routable):
                raise OSError(f"{host} has the address {result['host']}, where webhooks may not go")
        return found

    async def look_up(self, host: str, port: int, family: AddressFamily) -> list[ResolveResult]:
        try:
            return await self.inner.resolve(host, port, family)
        except OSError:
            if self.threads >= THREADS:
                raise
        found = await self.ask_system(host, port, family)
        if time.monotonic() > self.renewed + RENEW_S:
            self.renewed = time.monotonic()
            log.warning("the system resolves %s and c-ares does not; a new channel is opened", host)
            old, self.inner = self.inner, new_channel()
            await old.close()
        return found

    async def ask_system(self, host: str, port: int, family: AddressFamily) -> list[ResolveResult]:
        """Raises OSError, TimeoutError. The thread is a daemon: a thread that waits for a name
        server must not keep the process alive."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[ResolveResult]] = loop.create_future()

        def work() -> None:
            try:
                found, failed = by_system(host, port, family), None
            except OSError as error:
                found, failed = [], error
            with contextlib.suppress(RuntimeError):  # The loop has ended.
                loop.call_soon_threadsafe(self.answered, answer, found, failed)

        self.threads += 1
        threading.Thread(target=work, daemon=True, name=f"resolve {host}").start()
        async with asyncio.timeout(SYSTEM_S):
            return await answer

    def answered(
        self,
        answer: asyncio.Future[list[ResolveResult]],
        found: list[ResolveResult],
        failed: OSError | None,
    ) -> None:
        self.threads -= 1
        if answer.done():
            return
        if failed is not None:
            answer.set_exception(failed)
        else:
            answer.set_result(found)

    async def close(self) -> None:
        await self.inner.close()


def new_channel() -> aiohttp.AsyncResolver:
    return aiohttp.AsyncResolver(timeout=TRY_S, tries=TRIES)


def by_system(host: str, port: int, family: AddressFamily) -> list[ResolveResult]:
    """Resolve as getaddrinfo() does, and so by everything that this system resolves names by."""
    infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=family_,
            proto=proto,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for family_, _, proto, _, address in infos
    ]
