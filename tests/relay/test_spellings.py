"""However a forbidden address is spelled, nothing is sent there."""

from __future__ import annotations

import ipaddress

import pytest

from relay import webhook as module
from relay.webhook import Message, WebhookSender
from tests.receiver import Receiver

TARGETS = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.0.1", "0.0.0.0"]


def spellings(target: str) -> list[str]:
    """Hosts that some resolver or library takes for this IPv4 address."""
    a, b, c, d = (int(part) for part in target.split("."))
    number = int(ipaddress.IPv4Address(target))
    high, low = number >> 16, number & 0xFFFF
    return [
        *(target, f"{target}.", str(number), hex(number), f"0{number:o}"),
        *(f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        *(f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{low}", f"00{a}.{b}.{c}.{d}"),
        *(f"[::ffff:{target}]", f"[::ffff:{high:x}:{low:x}]", f"[::{target}]"),
        *(f"[64:ff9b::{high:x}:{low:x}]", f"[2002:{high:x}:{low:x}::]", f"%31{target[1:]}"),
        *(f"user@{target}", f"{target}%00.example.com", f"{target}\\@example.com"),
        "".join(chr(0xFF10 + int(ch)) if ch.isdigit() else "。" for ch in target),
    ]


NAMES = [
    *(
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[fe80::1%25eth0]",
    ),
    *("[fc00::1]", "[fec0::1]", "[::ffff:0:7f00:1]", "ⓛocalhost", "localhost%2eexample.com"),
]
HOSTS = [*NAMES, *(host for target in TARGETS for host in spellings(target))]


async def test_nothing_is_sent_to_any_of_them(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver listens on the loopback; what else is spelled would have to be refused too."""
    monkeypatch.setattr(module, "TOTAL_TIMEOUT_S", 2)
    assert len(HOSTS) >= 60
    port = receiver.url.rpartition(":")[2]
    async with WebhookSender(()) as sender:
        for scheme in ("https", "http"):
            for host in HOSTS:
                message = Message("id", f"{scheme}://{host}:{port}/", bytes(32), b"{}")
                outcome = await sender.send(message)
                assert not outcome.delivered, host
                assert outcome.duration_ms < 1000, (host, outcome)
    assert receiver.got == []
