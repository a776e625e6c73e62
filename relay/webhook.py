"""Send one webhook: signed, to a checked address, within limits; say what came of it."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from socket import AddressFamily
from types import TracebackType

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

from app.addresses import BadUrl, check_url, is_allowed
from app.settings import Network
from relay.signing import signature

TOTAL_TIMEOUT_S = 15
READ_LIMIT = 4096  # bytes of an answer; the rest is nobody's business
CONNECTIONS = 200
URLS = 1024  # whose checks are remembered: of what is written in them only; names are resolved anew
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
    """status: of HTTP, None when there was no answer. error: why it is not delivered, for a person.

    retry_after_s: what the endpoint asked for.
    """

    delivered: bool
    status: int | None
    error: str | None
    duration_ms: int
    retry_after_s: float | None = None


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
        self.checked = functools.lru_cache(URLS)(self.check)

    def check(self, url: str) -> yarl.URL:
        """The URL, if webhooks may go there; raises BadUrl."""
        check_url(url, self.allow)
        return yarl.URL(url)

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
        began = time.monotonic()
        status, error, asked = None, None, None
        try:
            url = self.checked(message.url)
            async with self.sessions[url.scheme].post(
                url, data=message.body, headers=headers, allow_redirects=False
            ) as answer:
                await answer.content.read(READ_LIMIT)
                status = answer.status
                asked = asked_wait_s(answer.headers.get("Retry-After"))
                error = None if 200 <= status < 300 else f"answered {status}"
        except BadUrl as refused:
            error = str(refused)
        except TimeoutError:
            error = f"no answer within {TOTAL_TIMEOUT_S} s"
        except (aiohttp.ClientError, OSError, ValueError) as failed:
            error = f"{type(failed).__name__}: {failed}"[:500].replace("\0", "")
        took_ms = round((time.monotonic() - began) * 1000)
        return Outcome(error is None, status, error, took_ms, asked)


def asked_wait_s(retry_after: str | None) -> float | None:
    """Retry-After (RFC 9110, 10.2.3): seconds or a date; None for anything else."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        at = parsedate_to_datetime(retry_after)
        return max(0.0, at.timestamp() - time.time())
    except ValueError:
        return None
