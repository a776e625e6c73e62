"""A private authority, a certificate of our own, and a proxy, as the operator sets them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.egress import BadUrl, check_url
from app.setting_values import BadSetting
from app.settings import read_settings
from relay.webhooks.message import Message, Outcome, Target
from relay.webhooks.sender import WebhookSender
from relay.webhooks.tls import webhook_tls
from tests.relay.conftest import LOOPBACK
from tests.support.webhooks import SIGNERS, Serve, listening

pytestmark = pytest.mark.once


async def openssl(*arguments: str | Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "openssl", *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said


@dataclass
class Authority:
    """An authority, a server's certificate for localhost and 127.0.0.1, and a client's."""

    room: Path

    async def make(self) -> None:
        new = ("req", "-x509", "-nodes", "-days", "1", "-newkey", "rsa:2048")
        ca = ("-CA", self.room / "ca", "-CAkey", self.room / "ca.key")
        key = self.room / "ca.key"
        await openssl(*new, "-subj", "/CN=ours", "-keyout", key, "-out", self.room / "ca")
        for name, more in (
            ("server", ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")),
            ("client", ()),
        ):
            own = ("-keyout", self.room / f"{name}.key", "-out", self.room / name)
            await openssl(*new, *ca, "-subj", f"/CN={name}", *more, *own)
        both = [(self.room / name).read_text() for name in ("client", "client.key")]
        (self.room / "client.pem").write_text("".join(both))

    def server(self, asks: bool) -> ssl.SSLContext:
        """asks: for a certificate of the client, from the same authority."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.room / "server", self.room / "server.key")
        if asks:
            tls.load_verify_locations(self.room / "ca")
            tls.verify_mode = ssl.CERT_REQUIRED
        return tls


@pytest.fixture
async def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    await made.make()
    return made


async def answer_204(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    await writer.drain()


async def send(sender: WebhookSender, url: str) -> Outcome:
    return await sender.send(Message("id", Target(url, SIGNERS, timeout_s=5), b"{}"))


async def test_a_private_authority_is_trusted_where_the_operator_says_so(
    authority: Authority,
) -> None:
    async with listening(answer_204, authority.server(asks=False)) as port:
        url = f"https://localhost:{port}/"
        async with WebhookSender(LOOPBACK) as plain:
            outcome = await send(plain, url)
            assert (outcome.delivered, "certificate" in (outcome.error or "")) == (False, True)
        async with WebhookSender(LOOPBACK, webhook_tls(authority.room / "ca", None)) as trusting:
            outcome = await send(trusting, url)
            assert outcome.delivered, outcome


async def test_a_server_that_asks_for_a_certificate_gets_ours(authority: Authority) -> None:
    ca, client = authority.room / "ca", authority.room / "client.pem"
    async with listening(answer_204, authority.server(asks=True)) as port:
        url = f"https://localhost:{port}/"
        async with WebhookSender(LOOPBACK, webhook_tls(ca, None)) as without:
            assert not (await send(without, url)).delivered
        async with WebhookSender(LOOPBACK, webhook_tls(ca, client)) as with_one:
            outcome = await send(with_one, url)
            assert outcome.delivered, outcome


async def test_files_that_are_no_certificates_are_one_sentence(authority: Authority) -> None:
    room = authority.room
    (room / "junk").write_text("junk")
    for ca, client, name in (
        (room / "none", None, "ZEROSUM_WEBHOOK_CA_FILE"),
        (room / "junk", None, "ZEROSUM_WEBHOOK_CA_FILE"),
        (None, room / "none", "ZEROSUM_WEBHOOK_CLIENT_CERT_FILE"),
        (None, room / "client", "ZEROSUM_WEBHOOK_CLIENT_CERT_FILE"),
    ):
        with pytest.raises(BadSetting, match=name):
            webhook_tls(ca, client)


@dataclass
class ConnectProxy:
    """A proxy that does what it is asked, with a password; asked: the first lines and addresses."""

    password: str = "hush"
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.strip().split("\r\n")
        self.asked.append(line)
        told = base64.b64encode(f"user:{self.password}".encode()).decode()
        if f"Proxy-Authorization: Basic {told}" not in fields:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            await writer.drain()
            return
        method, place, _ = line.split(" ")
        if method != "CONNECT":
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
            return
        _, _, port = place.rpartition(":")
        there, back = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(copy(reader, back), copy(there, writer))
        finally:
            back.transport.abort()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()


@contextlib.asynccontextmanager
async def through_proxy(
    serve: Serve, tls: ssl.SSLContext, password: str = "hush"
) -> AsyncIterator[tuple[WebhookSender, int]]:
    async with (
        listening(serve) as proxy,
        WebhookSender((), tls, f"http://user:{password}@127.0.0.1:{proxy}") as sender,
    ):
        yield sender, proxy


async def test_webhooks_go_through_the_proxy_which_resolves_the_name(
    authority: Authority,
) -> None:
    """Not even a name that nobody resolves here is asked for; the end is still checked by TLS."""
    proxy = ConnectProxy()
    tls = webhook_tls(authority.room / "ca", None)
    async with (
        listening(answer_204, authority.server(asks=False)) as port,
        through_proxy(proxy.serve, tls) as (sender, _),
    ):
        outcome = await send(sender, f"https://localhost:{port}/hook")
        assert outcome.delivered, outcome
        assert outcome.address == "127.0.0.1"
        assert proxy.asked == [f"CONNECT localhost:{port} HTTP/1.1"]
        # The certificate is not for this name.
        outcome = await send(sender, f"https://shop.example:{port}/")
        assert (outcome.delivered, "certificate" in (outcome.error or "")) == (False, True)
        assert proxy.asked[1:] == [f"CONNECT shop.example:{port} HTTP/1.1"]
        # Without TLS, to a network that is allowed.
        sender.allow = LOOPBACK
        outcome = await send(sender, f"http://127.0.0.1:{port}/plain")
        assert outcome.delivered, outcome
        assert proxy.asked[2:] == [f"POST http://127.0.0.1:{port}/plain HTTP/1.1"]
        # Private addresses in the URL are still refused before anything is dialled.
        outcome = await send(sender, "https://10.0.0.1/")
        assert "not a globally routable address" in (outcome.error or "")
        assert len(proxy.asked) == 3


async def test_a_proxy_that_refuses_is_a_failed_attempt(authority: Authority) -> None:
    proxy = ConnectProxy()
    tls = webhook_tls(authority.room / "ca", None)
    async with through_proxy(proxy.serve, tls, "wrong") as (sender, _):
        outcome = await send(sender, "https://shop.example/")
    assert (outcome.delivered, outcome.status, "407" in (outcome.error or "")) == (
        False,
        None,
        True,
    )
    assert "wrong" not in (outcome.error or "")
    async with WebhookSender((), tls, "http://127.0.0.1:9") as sender:
        outcome = await send(sender, "https://shop.example/")
    assert not outcome.delivered


def test_through_a_proxy_http_goes_to_addresses_only() -> None:
    check_url("http://127.0.0.1/", LOOPBACK, proxied=True)
    check_url("https://shop.example/", (), proxied=True)
    with pytest.raises(BadUrl, match="addresses only"):
        check_url("http://localhost/", LOOPBACK, proxied=True)


@pytest.mark.parametrize(
    "value",
    ["proxy:3128", "socks5://p:1", "http://p", "http://p:x", "http://p:1/path", "http://u:hush@p"],
)
def test_what_is_no_proxy_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(BadSetting, match="ZEROSUM_EGRESS_PROXY must be") as caught:
        read_settings({"ZEROSUM_EGRESS_PROXY": value})
    assert "hush" not in str(caught.value)
