"""Proofs of a transparency log, as whoever doubts us checks them: RFC 6962 trees, C2SP tlog-proof
bundles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from app.transparency.signed_notes import (
    SIZE,
    BadNote,
    Checkpoint,
    decoded,
    encoded,
    open_checkpoint,
)

HEADER = "c2sp.org/tlog-proof@v1"
EXTRA = "extra "
INDEX = re.compile(rf"index ({SIZE.pattern})")
MAX_PATH = 64


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\0" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that follows from a leaf and its inclusion proof (RFC 9162, section 2.1.3.2).
    Raises BadNote."""
    if not 0 <= index < size:
        raise BadNote(f"there is no leaf {index} in a log of {size}")
    node, last, root = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            raise BadNote("the proof is too long")
        if node % 2 or node == last:
            root = node_hash(hash_, root)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            root = node_hash(root, hash_)
        node, last = node // 2, last // 2
    if last:
        raise BadNote("the proof is too short")
    return root


def check_growth(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> None:
    """Raise BadNote unless the consistency proof shows that the newer log begins with the older
    one."""
    if old.origin != new.origin or old.size > new.size:
        raise BadNote("the checkpoints are not of one log, the older first")
    if old.size in {0, new.size}:
        if path or (old.size and old.root != new.root):
            raise BadNote("one size has two roots" if old.size else "nothing needs no proof")
    elif roots_of(old, new.size, path) != (old.root, new.root):
        raise BadNote("the newer log does not begin with the older one by this proof")


def roots_of(old: Checkpoint, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots, at the old size and now, that follow from a consistency proof (RFC 9162,
    section 2.1.4.2)."""
    nodes = [old.root, *path] if old.size & (old.size - 1) == 0 else list(path)
    node, last = old.size - 1, size - 1
    while node % 2:
        node, last = node // 2, last // 2
    before = after = nodes[0] if nodes else b""
    for hash_ in nodes[1:]:
        if last == 0:
            raise BadNote("the proof is too long")
        if node % 2 or node == last:
            before, after = node_hash(hash_, before), node_hash(hash_, after)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            after = node_hash(after, hash_)
        node, last = node // 2, last // 2
    if last:
        raise BadNote("the proof is too short")
    return before, after


def bundle(index: int, path: Sequence[bytes], checkpoint: str, body: bytes | None = None) -> str:
    """Return the tlog-proof that the leaf `index` is in the log of the checkpoint, a signed note.

    body: the event itself, which becomes the extra data.
    """
    extra = "" if body is None else f"{EXTRA}{encoded(body)}\n"
    hashes = "".join(f"{encoded(hash_)}\n" for hash_ in path)
    return f"{HEADER}\n{extra}index {index}\n{hashes}\n{checkpoint}"


def check_bundle(proof: str, vkey: str, body: bytes | None = None) -> tuple[bytes, int, Checkpoint]:
    """Return the event, its index and the checkpoint of the log that it is in. Raises BadNote if
    the proof does not hold.

    body: the event as it came; None: the event in the proof, which is believed only for being in
    the log.
    """
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != HEADER:
        raise BadNote(f"the proof does not begin with {HEADER}")
    if lines and lines[0].startswith(EXTRA):
        extra = decoded(lines.pop(0).removeprefix(EXTRA))
        body = extra if body is None else body
    if body is None:
        raise BadNote("the proof has no event in it; give the event too")
    match = INDEX.fullmatch(lines.pop(0) if lines else "")
    if match is None or len(lines) > MAX_PATH:
        raise BadNote("the proof is not a tlog-proof")
    checkpoint = open_checkpoint(note, vkey)
    index, path = int(match[1]), [decoded(line) for line in lines]
    if any(len(hash_) != 32 for hash_ in path):
        raise BadNote("the proof has hashes that are not SHA-256")
    if root_of(leaf_hash(body), index, checkpoint.size, path) != checkpoint.root:
        raise BadNote("the event is not in the log by this proof")
    return body, index, checkpoint
