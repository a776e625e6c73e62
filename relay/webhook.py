"""Send one webhook: signed, to a checked address, within limits; say what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from socket import AddressFamily
from types import TracebackType
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from app.addresses import BadUrl, check_url, is_allowed
from app.settings import Network
from relay.signing import signature

TOTAL_TIMEOUT_S = 15
READ_LIMIT = 4096  # bytes of an answer; the rest is nobody's business
CONNECTIONS = 200
USER_AGENT = "Zerosum-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to an endpoint: the event's bytes, and the secret that signs them."""

    id: str
    url: str
    secret: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """status: of HTTP, None when there was no answer. error: why it is not delivered, for a person."""

    delivered: bool
    status: int | None
    error: str | None


class GuardedResolver(AbstractResolver):
    """Resolves a name, and refuses it if any of its addresses is not allowed."""

    def __init__(self, allow: tuple[Network, ...], routable: bool) -> None:
        self.allow, self.routable = allow, routable
        self.inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self.inner.resolve(host, port, family)
        for result in found:
            if not is_allowed(result["host"], self.allow, self.routable):
                raise OSError(f"{host} has the address {result['host']}, where webhooks may not go")
        return found

    async def close(self) -> None:
        await self.inner.close()


class WebhookSender:
    """send() messages over connections that are kept. A session a scheme: http goes to allowed networks only."""

    def __init__(self, allow: tuple[Network, ...]) -> None:
        self.allow = allow
        self.sessions: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> WebhookSender:
        for scheme in ("http", "https"):
            resolver = GuardedResolver(self.allow, routable=scheme == "https")
            self.sessions[scheme] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=TOTAL_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in self.sessions.values():
            await session.close()

    async def send(self, message: Message) -> Outcome:
        """Never raises but for cancellation; a redirect is a failure."""
        timestamp = int(time.time())
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(message.secret, message.id, timestamp, message.body),
        }
        try:
            check_url(message.url, self.allow)
            session = self.sessions[urlsplit(message.url).scheme]
            async with session.post(
                message.url, data=message.body, headers=headers, allow_redirects=False
            ) as answer:
                await answer.content.read(READ_LIMIT)
                status = answer.status
        except BadUrl as error:
            return Outcome(False, None, str(error))
        except TimeoutError:
            return Outcome(False, None, f"no answer within {TOTAL_TIMEOUT_S} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(False, None, f"{type(error).__name__}: {error}"[:500])
        if 200 <= status < 300:
            return Outcome(True, status, None)
        return Outcome(False, status, f"answered {status}")
