"""Standard Webhooks signatures (standardwebhooks.com, 1.0.0): HMAC-SHA256 over `id.timestamp.body`."""

from __future__ import annotations

import base64
import hmac


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`. secret: the bytes behind `whsec_`. timestamp: Unix
    seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    mac = hmac.digest(secret, signed, "sha256")
    return "v1," + base64.b64encode(mac).decode()
