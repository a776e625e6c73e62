"""Webhooks as a consumer verifies them (standardwebhooks.com): symmetric secrets and ed25519 keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import cast

from zerosum_client.problem import ZerosumError
from zerosum_client.types import Event

TOLERANCE_S = 300  # How old or early a message may be.


class BadSignature(ZerosumError):
    """The message is not what the server signed, or is too old. Answer 400 and do nothing."""


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    tolerance_s: float = TOLERANCE_S,
    now: float | None = None,
) -> Event:
    """Return the event of a webhook once its signature and its time are right. Raises BadSignature.

    body: the bytes as they came. secrets: `whsec_…`, or `whpk_…` for ed25519, which needs the package
    cryptography; several while a secret is rotated.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    try:
        id_, timestamp, given = (
            fields[f"webhook-{name}"] for name in ("id", "timestamp", "signature")
        )
        at = int(timestamp)
    except (KeyError, ValueError):
        raise BadSignature("the signature's header fields are missing") from None
    if abs((time.time() if now is None else now) - at) > tolerance_s:
        raise BadSignature("the message is too old, or too early")
    signed = f"{id_}.{timestamp}.".encode() + body
    known = [secrets] if isinstance(secrets, str) else secrets
    for one in given.split(" "):
        version, _, signature = one.partition(",")
        if any(is_signed(version, signature, signed, secret) for secret in known):
            return cast(Event, json.loads(body))
    raise BadSignature("no signature is right")


def is_signed(version: str, signature: str, signed: bytes, secret: str) -> bool:
    prefix, _, encoded = secret.partition("_")
    key = base64.b64decode(encoded)
    try:
        found = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    if (version, prefix) == ("v1", "whsec"):
        return hmac.compare_digest(hmac.digest(key, signed, hashlib.sha256), found)
    if (version, prefix) == ("v1a", "whpk"):
        return is_signed_by(key, found, signed)
    return False


def is_signed_by(key: bytes, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        return False
    return True
