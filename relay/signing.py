"""Standard Webhooks signatures (standardwebhooks.com, 1.0.0): HMAC-SHA256 over `id.timestamp.body`."""

from __future__ import annotations

import base64
import hmac
import time


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`. secret: the bytes behind `whsec_`. timestamp: Unix
    seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    mac = hmac.digest(secret, signed, "sha256")
    return "v1," + base64.b64encode(mac).decode()


def signed_headers(secret: bytes, message_id: str, body: bytes) -> dict[str, str]:
    """Return the three header fields of a message that is sent now."""
    timestamp = int(time.time())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
