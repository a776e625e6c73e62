"""RFC 6962's Merkle tree, as section 2.1 defines it: slow, and short enough to be believed."""

from __future__ import annotations

from hashlib import sha256


def leaf(body: bytes) -> bytes:
    return sha256(b"\0" + body).digest()


def split(n: int) -> int:
    """Return the largest power of two below n."""
    return 1 << ((n - 1).bit_length() - 1)


def root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """Return the inclusion proof of leaf m."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def consistency(m: int, leaves: list[bytes], known: bool = True) -> list[bytes]:
    """Return the proof that this tree extends the tree of the first m leaves."""
    if m == len(leaves):
        return [] if known else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*consistency(m, leaves[:k], known), root(leaves[k:])]
    return [*consistency(m - k, leaves[k:], False), root(leaves[:k])]
