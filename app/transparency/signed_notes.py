"""Signed notes and the checkpoints in them, by C2SP signed-note and tlog-checkpoint, with Ed25519.

A note is text that ends in a newline, an empty line, then a line for each signature: `— name
base64(key id ‖ signature)`. A vkey is the format's form of a public key: `name+key id in
hex+base64(0x01 ‖ key)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
NAME = re.compile(r"[^\s+]+")
DASH = "\N{EM DASH}"
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
MAX_SIGNATURES = 64


class BadNote(Exception):
    """A note, key or proof that does not hold; the message says why."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """What signs an operator's checkpoints. Each ledger has a log of its own, named
    origin/log."""

    private: Ed25519PrivateKey
    origin: str

    def name(self, log: str) -> str:
        return f"{self.origin}/{log}"

    def vkey(self, log: str) -> str:
        name, public = self.name(log), self.private.public_key().public_bytes_raw()
        key = encoded(ED25519 + public)
        return f"{name}+{key_id(name, public).hex()}+{key}"

    def checkpoint(self, log: str, size: int, root: bytes) -> str:
        """Return the signed note that the log had this root at this size."""
        name, public = self.name(log), self.private.public_key().public_bytes_raw()
        text = f"{name}\n{size}\n{encoded(root)}\n"
        signature = key_id(name, public) + self.private.sign(text.encode())
        return f"{text}\n{DASH} {name} {encoded(signature)}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes


def key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + ED25519 + public).digest()[:4]


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """Return what the note says, if the key signed it. Raises BadNote."""
    text = open_note(note, vkey)
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or not SIZE.fullmatch(lines[1]):
        raise BadNote("the note is not a checkpoint")
    if lines[0] != vkey.split("+")[0]:
        raise BadNote(f"the checkpoint is of the log {lines[0]}, not of the key's")
    root = decoded(lines[2])
    if len(root) != 32:
        raise BadNote("the checkpoint's root is not a SHA-256")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_note(note: str, vkey: str) -> str:
    """Return the text of the note, if this key signed it. Raises BadNote. Signatures of other keys
    are ignored."""
    name, id_, public = parse_vkey(vkey)
    text, gap, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not gap or lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES:
        raise BadNote("the note has no signatures")
    if any(ord(character) < 32 and character != "\n" for character in note):
        raise BadNote("the note has control characters")
    for line in lines:
        dash, _, rest = line.partition(" ")
        signer, _, signature = rest.partition(" ")
        raw = decoded(signature)
        if dash != DASH or not signer or len(raw) < 5:
            raise BadNote("a signature line is not as documented")
        if (signer, raw[:4]) != (name, id_):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
        except InvalidSignature:
            raise BadNote(f"the signature of {name} does not hold") from None
        return f"{text}\n"
    raise BadNote(f"the note is not signed by {name}")


def parse_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Return the name, key id and public key. Raises BadNote."""
    name, _, rest = vkey.partition("+")
    hex_id, _, encoded = rest.partition("+")
    key = decoded(encoded)
    if not NAME.fullmatch(name) or key[:1] != ED25519 or len(key) != 33:
        raise BadNote("the vkey is not that of an Ed25519 key: name+id+key")
    if key_id(name, key[1:]).hex() != hex_id:
        raise BadNote("the vkey's id is not its key's")
    return name, key_id(name, key[1:]), key[1:]


def encoded(raw: bytes) -> str:
    """Return base64, as all of these formats use it."""
    return base64.b64encode(raw).decode()


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(f"{text[:20]!r} is not base64") from None
