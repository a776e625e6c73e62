"""Signatures: both secrets sign while one takes over from another; ed25519 signs too."""

from __future__ import annotations

import base64

import asyncpg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from app.webhook_secret import EndpointSecret, endpoint_secret, spelled
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, req, verify
from tests.support.receiver import Received, Receiver
from tests.support.until import until
from tests.support.webhooks import SECRET, settled, subscribe

ROTATE = "select zerosum.rotate_secret(1, $1, $2, $3, $4)"
OTHER = spelled(bytes(range(1, 33)))


def holds(one: Received, secret: str) -> bool:
    try:
        Webhook(secret).verify(one.body, one.headers)
    except WebhookVerificationError:
        return False
    return True


def holds_asymmetric(one: Received, public: bytes) -> bool:
    signed = f"{one.id}.{one.headers['webhook-timestamp']}.".encode() + one.body
    key = Ed25519PublicKey.from_public_bytes(public)
    for signature in one.headers["webhook-signature"].split(" "):
        version, _, text = signature.partition(",")
        if version == "v1a":
            try:
                key.verify(base64.b64decode(text), signed)
            except InvalidSignature:
                continue
            return True
    return False


async def is_over(db: asyncpg.Connection, endpoint: int) -> bool:
    """Only one secret signs."""
    live = await db.fetch("select * from zerosum.live_secrets(1, $1)", endpoint)
    return len(live) == 1


async def test_a_rotation_in_a_burst_fails_no_delivery(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    """At each moment every delivery holds by the old secret or the new one; in the end by the new
    one alone, which the consumer has by then."""
    target = await subscribe(moved, receiver.url, ("transaction.*",))
    async with run_relay():
        for n in range(60):
            if n == 20:
                await moved.execute(ROTATE, target, OTHER, None, 2.5)
            assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
        await receiver.until(61)
        await until(lambda: is_over(moved, target))
        before = len(receiver.got)
        await moved.execute("select zerosum.test_endpoint(1, $1)", target)
        await settled(moved, 62)
    kinds = [(holds(one, SECRET), holds(one, OTHER)) for one in receiver.got]
    assert all(old or new for old, new in kinds)
    assert (True, True) in kinds
    assert kinds[before:] == [(False, True)]
    assert await verify(moved) == []


async def test_an_asymmetric_signature_holds_by_the_public_key(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    target = await subscribe(moved, receiver.url, ("endpoint.test",))
    one, two = endpoint_secret("asymmetric"), endpoint_secret("asymmetric")

    async def rotate(secret: EndpointSecret, overlap_s: float) -> None:
        await moved.execute(ROTATE, target, secret.secret, secret.public_key, overlap_s)

    async def test_event(count: int) -> Received:
        await moved.execute("select zerosum.test_endpoint(1, $1)", target)
        await settled(moved, count)
        return receiver.got[-1]

    assert one.public_key is not None
    assert two.public_key is not None
    async with run_relay():
        await rotate(one, 600)
        got = await test_event(1)
        assert (holds(got, SECRET), holds_asymmetric(got, one.public_key)) == (True, True)
        await rotate(two, 0)
        got = await test_event(2)
        assert not holds(got, SECRET)
        assert not holds_asymmetric(got, one.public_key)
        assert holds_asymmetric(got, two.public_key)
