"""What is needed before anything is served: a database that is reachable, safe and up to date, and
an API key."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shlex
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.api_keys import new_key, stored
from app.database.connections import call, connect_anyhow, transaction
from app.database.errors import DATABASE_ERRORS
from app.host.migrate import Unfit, check_fitness, ensure_login, is_current, may_migrate, migrate
from app.settings import Settings, log_key
from app.transparency.signed_notes import LogKey, encoded

LEDGER = "main"
EMBEDDED_LOGIN = "zerosum"  # may call the verbs and nothing else

log = logging.getLogger("zerosum")


class NotReady(Exception):
    """The database can't be served from; the message says why and what to do."""


async def prepare(settings: Settings, url: str) -> tuple[str, str]:
    """Bring the database up to date. Returns the URL to serve from, and what the greeting says of
    the API key.

    Raises NotReady. The owner of the tables migrates; a role that may only call the verbs finds it
    done.
    """
    try:
        conn = await connect_anyhow(settings.direct_url or url)
    except (*DATABASE_ERRORS, ValueError) as error:
        raise NotReady(
            f"can't connect to DATABASE_URL ({error or type(error).__name__}); "
            "check its host, port, user, password and database."
        ) from None
    try:
        # In transactions, so that a pooler keeps each on one connection.
        async with transaction(conn):
            await check_fitness(conn)
            owner = await may_migrate(conn)
            current = owner or await is_current(conn)
        if not current:
            raise NotReady(
                "the database is not up to date, and this role may not change it; run zerosum migrate as its owner."
            )
        if owner:
            await migrate(conn)
        async with transaction(conn):
            return await prepare_on(conn, settings, url, owner)
    except Unfit as error:
        raise NotReady(str(error)) from None
    finally:
        await conn.close()


async def prepare_on(
    conn: asyncpg.Connection, settings: Settings, url: str, owner: bool
) -> tuple[str, str]:
    await check_durability(conn, settings)
    ((ledger,),) = await call(conn, "create_ledger", name=LEDGER)
    key = await ensure_key(conn, settings, ledger)
    await ensure_sinks(conn, settings)
    if settings.database_url is None:
        await ensure_login(conn, EMBEDDED_LOGIN)
        url = url.replace("//postgres@", f"//{EMBEDDED_LOGIN}@", 1)
    elif owner:
        log.warning(
            "serving as the owner of the tables; a role that may only call the verbs is safer: see docs/operations.md"
        )
    return url, key


async def check_durability(conn: asyncpg.Connection, settings: Settings) -> None:
    """Refuse a server that may forget a commit: it can't keep money. Raises NotReady."""
    unsafe = [row["name"] for row in await call(conn, "unsafe_settings")]
    if not unsafe:
        return
    if not settings.allow_unsafe:
        raise NotReady(
            f"the Postgres has {', '.join(unsafe)} off and may lose what it has acknowledged; "
            "turn it on, or set ZEROSUM_ALLOW_UNSAFE=1 where that does not matter."
        )
    log.warning("the Postgres has %s off: it may lose what it has acknowledged", ", ".join(unsafe))


async def ensure_key(conn: asyncpg.Connection, settings: Settings, ledger: int) -> str:
    """Add ZEROSUM_API_KEY if it is set, else the key that the first start drew and stored beside
    the embedded database's files.

    With a database elsewhere there is no such place: the start that draws the key shows it once.
    Returns how a shell spells the key. The key itself is returned only when it was drawn now, since
    what is printed may be kept in logs.
    """
    kept = settings.data_dir / "zerosum_api_key" if settings.database_url is None else None
    shown = "$ZEROSUM_API_KEY  # as you have set it"
    key = settings.api_key
    if key is None and kept is not None and kept.exists():
        key, shown = kept.read_text().strip(), f"$(cat {shlex.quote(str(kept))})"
    if key is None:
        ((has_keys,),) = await call(conn, "has_keys", ledger=ledger)
        if has_keys:
            return "zs_…  # the API key of the first start"
        key = shown = new_key()
        if kept is not None:
            write_secret(kept, key)
    await call(conn, "add_key", ledger=ledger, **stored(key, "admin"))
    return shown


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
    seed, kept = settings.log_key, settings.log_key_file
    if kept is None and settings.database_url is None:
        kept = settings.data_dir / "zerosum_log_key"
    if seed is None and kept is not None:
        try:
            if not kept.exists():
                write_secret(kept, encoded(secrets.token_bytes(32)))
            seed = log_key(kept.read_text().strip(), str(kept))
        except OSError as error:
            raise NotReady(f"can't use the log's key file {kept} ({error.strerror}).") from None
    if seed is None:
        return None
    return LogKey(Ed25519PrivateKey.from_private_bytes(seed), settings.log_origin)


async def ensure_sinks(conn: asyncpg.Connection, settings: Settings) -> None:
    """Make the sinks that come from the settings, in every ledger, those that ZEROSUM_SINKS names,
    if it is set."""
    if not settings.sinks:
        return
    for row in await call(conn, "list_ledgers"):
        for sink in settings.sinks:
            await call(
                conn,
                "create_sink",
                ledger=row["ledger_id"],
                name=sink.name,
                url=sink.url,
                types=list(sink.types),
                start=sink.start,
                configured=True,
            )
        names = [sink.name for sink in settings.sinks]
        await call(conn, "keep_sinks", ledger=row["ledger_id"], names=names)


def greeting(settings: Settings, api_key: str) -> str:
    """Return what a start prints. api_key: as a shell spells it."""
    base = f"http://{settings.host}:{settings.port}"
    lines = [
        ("wallets", '{"id":"alice","asset":"USD"}'),
        ("wallets", '{"id":"bob","asset":"USD"}'),
        ("credits", '{"wallet":"alice","amount":1000}'),
        ("transfers", '{"source":"alice","destination":"bob","amount":250}'),
    ]
    curls = "\n".join(
        f"curl -sw '\\n' {base}/v1/{path} "
        '-H "Authorization: Bearer $KEY"'
        f" -H 'Content-Type: application/json' -d '{body}'"
        for path, body in lines
    )
    return f"""Zerosum listens on {base}
Two wallets, a credit and a transfer, to paste into another terminal:

KEY={api_key}
{curls}
"""
