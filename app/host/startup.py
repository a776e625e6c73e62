"""What is needed before anything is served: a database that is reachable, safe and up to date, and
an API key."""

from __future__ import annotations

import logging

import asyncpg

from app.database.connections import call, connect_anyhow, transaction
from app.database.errors import DATABASE_ERRORS
from app.encryption import CantDecrypt, Encryption
from app.host.migrate import Unfit, check_fitness, ensure_login, is_current, may_migrate, migrate
from app.host.not_ready import CantConnect, NotReady
from app.host.secret_files import ensure_key
from app.settings import Settings

LEDGER = "main"
EMBEDDED_LOGIN = "zerosum"  # may call the verbs and nothing else

log = logging.getLogger("zerosum")


async def prepare(settings: Settings, url: str) -> tuple[str, str]:
    """Bring the database up to date. Returns the URL to serve from, and what the greeting says of
    the API key.

    Raises NotReady. The owner of the tables migrates; a role that may only call the verbs finds it
    done.
    """
    try:
        conn = await connect_anyhow(settings.direct_url or url)
    except (*DATABASE_ERRORS, ValueError) as error:
        raise CantConnect(
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
    encryption = Encryption(settings.secret_keys)
    await encrypt_secrets(conn, encryption)
    await ensure_sinks(conn, settings, encryption)
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


async def encrypt_secrets(conn: asyncpg.Connection, encryption: Encryption) -> None:
    """Encrypt what the database keeps in clear or under an older key, so that the older key is no
    longer needed. Raises NotReady if a key is missing."""
    changed = 0
    for row in await call(conn, "stored_secrets"):
        kind, value = row["kind"], row["value"]
        try:
            text = encryption.decrypt(value, kind)
        except CantDecrypt as error:
            raise NotReady(
                f"the database keeps encrypted secrets, and {error}; "
                "add that key to ZEROSUM_SECRET_KEY, behind a comma."
            ) from None
        if not encryption.is_current(value):
            changed += 1
            await call(
                conn,
                "replace_secret",
                kind=kind,
                ledger=row["ledger"],
                id=row["id"],
                number=row["number"],
                before=value,
                after=encryption.encrypt(text, kind),
            )
    if changed:
        log.info("%d secrets are encrypted with the first key of ZEROSUM_SECRET_KEY now", changed)


async def ensure_sinks(
    conn: asyncpg.Connection, settings: Settings, encryption: Encryption
) -> None:
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
                url=encryption.encrypt(sink.url, "sink url"),
                types=list(sink.types),
                start=sink.start,
                configured=True,
            )
        names = [sink.name for sink in settings.sinks]
        await call(conn, "keep_sinks", ledger=row["ledger_id"], names=names)
