"""The key that checkpoints are signed with in the tests, and what the logs are named by."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.transparency.signed_notes import LogKey

LOG_KEY = LogKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "example.com/wallets")
VKEY = LOG_KEY.vkey("main")
