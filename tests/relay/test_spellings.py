"""However a forbidden address is spelled, nothing is sent there."""

from __future__ import annotations

import ipaddress

import pytest

from app.egress import BadUrl, check_url
from relay.webhooks.message import Message, Target
from relay.webhooks.sender import WebhookSender
from tests.support.receiver import counting
from tests.support.webhooks import SIGNERS

pytestmark = pytest.mark.once

TARGETS = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.0.1", "0.0.0.0"]


def spellings(target: str) -> list[str]:
    """Return hosts that some resolver or library takes for this IPv4 address."""
    a, b, c, d = (int(part) for part in target.split("."))
    number = int(ipaddress.IPv4Address(target))
    high, low = number >> 16, number & 0xFFFF
    return [
        target,
        f"{target}.",
        str(number),
        hex(number),
        f"0{number:o}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{low}",
        f"00{a}.{b}.{c}.{d}",
        f"[::ffff:{target}]",
        f"[::ffff:{high:x}:{low:x}]",
        f"[::{target}]",
        f"[64:ff9b::{high:x}:{low:x}]",
        f"[2002:{high:x}:{low:x}::]",
        f"%31{target[1:]}",
        f"user@{target}",
        f"{target}%00.example.com",
        f"{target}\\@example.com",
        "".join(chr(0xFF10 + int(ch)) if ch.isdigit() else "。" for ch in target),
    ]


NAMES = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[fe80::1%25eth0]",
    "[fc00::1]",
    "[fec0::1]",
    "[::ffff:0:7f00:1]",
    "ⓛocalhost",
    "localhost%2eexample.com",
]
HOSTS = [*NAMES, *(host for target in TARGETS for host in spellings(target))]


async def test_nothing_is_sent_to_any_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers on the loopback, IPv4 and IPv6, count connections: TLS fails there, with the guard or
    without."""
    assert len(HOSTS) >= 60
    async with counting() as counter:
        async with WebhookSender(()) as sender:
            for scheme in ("https", "http"):
                for host in HOSTS:
                    message = Message(
                        "id",
                        Target(f"{scheme}://{host}:{counter.port}/", SIGNERS, timeout_s=2),
                        b"{}",
                    )
                    outcome = await sender.send(message)
                    assert not outcome.delivered, host
                    assert outcome.duration_ms < 1000, (host, outcome)
        assert counter.accepted == 0
        # The count works: without the guard some of them connect.
        monkeypatch.setattr("relay.webhooks.resolver.is_allowed", lambda *_: True)
        monkeypatch.setattr("relay.webhooks.sender.check_url", lambda *_: None)
        async with WebhookSender(()) as sender:
            for host in ("127.0.0.1", "localhost"):
                await sender.send(
                    Message(
                        "id",
                        Target(f"https://{host}:{counter.port}/", SIGNERS, timeout_s=2),
                        b"{}",
                    )
                )
        assert counter.accepted >= 2


@pytest.mark.parametrize(
    "host", ["2130706433", "127.1", "0", "0x7f.1", "0x7f000001", "017700000001", "1.2.3.4.", "a.0x"]
)
def test_a_host_that_is_a_number_is_no_name(host: str) -> None:
    """Checked when an endpoint is created, also where every private network is allowed."""
    everything = (ipaddress.ip_network("0.0.0.0/0"),)
    for allow in ((), everything):
        with pytest.raises(BadUrl):
            check_url(f"https://{host}/", allow)
    check_url("https://1.example.com/", ())
    check_url("https://93.184.216.34/", ())
