"""Keys that the first start draws, and the files that keep them beside the embedded database."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.api_keys import new_key, stored
from app.database.connections import call
from app.host.not_ready import NotReady
from app.setting_values import log_key
from app.settings import Settings
from app.transparency.signed_notes import LogKey, encoded


async def ensure_key(conn: asyncpg.Connection, settings: Settings, ledger: int) -> str:
    """Add ZEROSUM_API_KEY if it is set, else the key that the first start drew and stored beside
    the embedded database's files.

    With a database elsewhere there is no such place: the start that draws the key shows it once.
    Returns how a shell spells the key. The key itself is returned only when it was drawn now, since
    what is printed may be kept in logs.
    """
    file = key_file(settings)
    shown = "$ZEROSUM_API_KEY  # as you have set it"
    key = known_key(settings)
    if key is not None and key != settings.api_key:
        shown = f"$(cat {shlex.quote(str(file))})"
    if key is None:
        ((has_keys,),) = await call(conn, "has_keys", ledger=ledger)
        if has_keys:
            return "zs_…  # the API key of the first start"
        key = shown = new_key()
        if file is not None:
            write_secret(file, key)
    await call(conn, "add_key", ledger=ledger, **stored(key, "admin"))
    return shown


def known_key(settings: Settings) -> str | None:
    """Return ZEROSUM_API_KEY, or the API key that the embedded database's first start has drawn;
    None: neither is here."""
    file = key_file(settings)
    if settings.api_key is not None or file is None or not file.exists():
        return settings.api_key
    return file.read_text().strip()


def key_file(settings: Settings) -> Path | None:
    """Return where the API key of the embedded database is stored; None for another database."""
    return settings.data_dir / "zerosum_api_key" if settings.database_url is None else None


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else may read, as a whole or not at all. A file that exists stays."""
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    half.write_text(text + "\n")
    # Not a rename: of two processes that start at once, the second takes the first one's.
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(half)
    half.unlink()


def ensure_log_key(settings: Settings) -> LogKey | None:
    """Return the key that signs checkpoints: ZEROSUM_LOG_KEY, or the content of
    ZEROSUM_LOG_KEY_FILE, which is created if it does not exist; with the embedded database, of a
    file beside its own. None: checkpoints are not signed.

    Raises NotReady, BadSetting.
    """
    seed, file = settings.log_key, settings.log_key_file
    if file is None and settings.database_url is None:
        file = settings.data_dir / "zerosum_log_key"
    if seed is None and file is not None:
        try:
            if not file.exists():
                write_secret(file, encoded(secrets.token_bytes(32)))
            seed = log_key(file.read_text().strip(), str(file))
        except OSError as error:
            raise NotReady(f"can't use the log's key file {file} ({error.strerror}).") from None
    if seed is None:
        return None
    return LogKey(Ed25519PrivateKey.from_private_bytes(seed), settings.log_origin)
