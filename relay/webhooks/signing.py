"""Standard Webhooks signatures (standardwebhooks.com, 1.0.0) over `id.timestamp.body`: HMAC-SHA256,
or ed25519."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.webhook_secret import PRIVATE_PREFIX, parse_secret

# Returns one signature of these bytes, as it stands in `webhook-signature`.
Signer = Callable[[bytes], str]


def symmetric(secret: bytes) -> Signer:
    """secret: the bytes behind `whsec_`."""
    return lambda signed: "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def asymmetric(private: Ed25519PrivateKey) -> Signer:
    return lambda signed: "v1a," + base64.b64encode(private.sign(signed)).decode()


def signer(text: str) -> Signer:
    """Return what signs with this secret: `whsec_` or `whsk_` and base64. Raises BadSecret."""
    if text.startswith(PRIVATE_PREFIX):
        key = base64.b64decode(text.removeprefix(PRIVATE_PREFIX))
        return asymmetric(Ed25519PrivateKey.from_private_bytes(key))
    return symmetric(parse_secret(text))


def signature(signers: Sequence[Signer], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`. timestamp: Unix seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(sign(signed) for sign in signers)


def signed_headers(signers: Sequence[Signer], message_id: str, body: bytes) -> dict[str, str]:
    """Return the three header fields of a message that is sent now."""
    timestamp = int(time.time())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(signers, message_id, timestamp, body),
    }
