"""`zerosum doctor`: look at a deployment, and say what to mend."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, tell
from app.cli.terminal import on_connection
from app.database.connections import call, connect_anyhow, is_pooled
from app.database.errors import DATABASE_ERRORS
from app.database.replicas import Replica, position_of
from app.host.embedded import EmbeddedError, database
from app.host.migrate import Unfit, is_current
from app.host.not_ready import NotReady
from app.http.health import BEHIND_S
from app.setting_values import BadSetting
from app.settings import Settings, read_settings

OLDEST, NEWEST = 15, 18  # Major versions of Postgres that are tried.
A_PROCESS, A_RELAY = 6, 3  # Connections, at most.
CLOCK_S, TRANSACTION_S = 2.0, 300.0
FREE_BYTES, XIDS, BACKUP_S = 2 * 1024**3, 1_500_000_000, 86400.0
LISTEN_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """state: ok, warn (works, and should be mended) or bad (does not work). todo: what to do."""

    state: str
    what: str
    todo: str = ""


@click.command(epilog=examples("doctor", "doctor --json"))
@json_option
def doctor() -> None:
    """Look at a deployment, and say what to mend.

    At settings, database, connections, clocks, relay, endpoints, disk and backups. It ends with 0
    if everything works, warnings included, and with 1 if something does not work or could not be
    looked at. It writes nothing.
    """
    findings = examine()
    for one in findings:
        mark = click.style(f"{one.state:5}", fg=COLOURS[one.state])
        # click leaves the colour out where nobody looks.
        tell(asdict(one), f"{mark} {one.what}" + (f"\n      {one.todo}" if one.todo else ""))
    sys.exit(1 if any(one.state == "bad" for one in findings) else 0)


COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}


def examine() -> list[Finding]:
    """Return what there is to say, the worst first."""
    try:
        settings = read_settings(os.environ)
    except BadSetting as error:
        return [Finding("bad", "A setting can't be used.", str(error))]
    findings = [Finding("ok", "The settings can be read."), *of_settings(settings)]
    try:
        with database(settings) as url:
            findings += asyncio.run(
                on_connection(url, lambda conn: of_database(conn, settings, url))
            )
    except (EmbeddedError, NotReady, Unfit) as error:
        findings.append(Finding("bad", "The database can't be used.", str(error)))
    order = list(COLOURS)
    return sorted(findings, key=lambda one: -order.index(one.state))


def of_settings(settings: Settings) -> Iterator[Finding]:
    if settings.log_key is None and settings.log_key_file is None and settings.database_url:
        yield Finding(
            "warn",
            "Checkpoints of the log are not signed.",
            "Set ZEROSUM_LOG_KEY; zerosum proof key draws one.",
        )
    if not settings.secret_keys:
        yield Finding(
            "warn",
            "Secrets of webhooks are in the database in clear.",
            "Set ZEROSUM_SECRET_KEY; openssl rand -base64 32 makes one.",
        )
    if settings.database_url is None:
        free = shutil.disk_usage(existing(settings.data_dir)).free
        yield (
            Finding("ok", f"The disk of the embedded Postgres has {free // 1024**2} MiB left.")
            if free > FREE_BYTES
            else Finding("bad", f"The disk has {free // 1024**2} MiB left.", "Make room.")
        )


def existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return path if path.exists() else existing(path.parent)


async def of_database(conn: asyncpg.Connection, settings: Settings, url: str) -> list[Finding]:
    """Return the findings of a database that answers. Raises Unfit."""
    try:
        current = await is_current(conn)
    except asyncpg.PostgresError as error:
        return [
            Finding("bad", "The database has no ledger yet.", f"Run zerosum migrate ({error}).")
        ]
    if not current:
        return [Finding("bad", "The database is of an older release.", "Run zerosum migrate.")]
    asked = time.time()
    (facts,) = await call(conn, "diagnosis")
    took_s = time.time() - asked
    findings = [
        Finding("ok", "The database is of this release."),
        *of_server(facts, settings),
        of_clock(facts["moment"], asked, took_s),
        *await of_ledgers(conn),
    ]
    unsafe = [row["name"] for row in await call(conn, "unsafe_settings")]
    if unsafe:
        names = ", ".join(unsafe)
        findings.append(
            Finding("bad", f"The Postgres has {names} off.", "Turn it on: it may lose commits.")
        )
    findings.append(await of_listening(settings, url))
    return findings + [await of_replica(conn, *one) for one in enumerate(settings.replica_urls, 1)]


async def of_replica(conn: asyncpg.Connection, number: int, url: str) -> Finding:
    """Say how far a standby is behind the primary, to which `conn` is."""
    replica = Replica(number, url)
    try:
        ((position, _),) = await call(conn, "wal_position")
        async with asyncio.timeout(LISTEN_S):
            await replica.look()
    except (*DATABASE_ERRORS, ValueError) as error:
        why = f"The standby {number} does not answer ({error or type(error).__name__})."
        return Finding("warn", why, "Start it, or take it out of DATABASE_REPLICA_URL.")
    finally:
        if replica.pool is not None:
            await replica.pool.close()
    if replica.state != "ok":
        todo = "Take it out of DATABASE_REPLICA_URL: it goes its own way."
        return Finding("bad", f"The standby {number} was promoted.", todo)
    behind = max(0, position_of(position) - replica.position)
    return Finding("ok", f"The standby {number} answers, {behind} bytes of log behind.")


def of_server(facts: Any, settings: Settings) -> Iterator[Finding]:
    major = facts["version"] // 10000
    if OLDEST <= major <= NEWEST:
        yield Finding("ok", f"It is PostgreSQL {major}.")
    else:
        yield Finding("warn", f"It is PostgreSQL {major}.", f"Tried are {OLDEST} to {NEWEST}.")
    if facts["in_recovery"]:
        yield Finding("bad", "It is a standby.", "Name the primary in DATABASE_URL.")
    if facts["privileged"] and settings.database_url is not None:
        yield Finding(
            "warn",
            "This role owns the tables.",
            "Serve as a role that may only call the verbs: see docs/operations.md.",
        )
    needed, free = (
        A_PROCESS * settings.workers + A_RELAY,
        facts["max_connections"] - facts["connections"],
    )
    yield (
        Finding("ok", f"{free} connections are free; a start takes up to {needed}.")
        if free >= needed
        else Finding(
            "warn",
            f"{free} connections are free; a start takes up to {needed}.",
            "Lower WEB_CONCURRENCY, raise max_connections, or use a pooler.",
        )
    )
    if facts["oldest_transaction_s"] > TRANSACTION_S:
        yield Finding(
            "warn",
            f"A transaction is open for {facts['oldest_transaction_s']:.0f} s.",
            "End it: it keeps vacuum from its work, and holds its locks.",
        )
    if facts["xid_age"] > XIDS:
        yield Finding("bad", "Transaction ids run out.", "Vacuum the database now.")
    yield of_backups(facts, settings)


def of_backups(facts: Any, settings: Settings) -> Finding:
    """Say what can be known of backups: whether the write-ahead log is archived."""
    archived, failed = facts["archived_at"], facts["archive_failed_at"]
    if archived is None:
        where = "the embedded Postgres" if settings.database_url is None else "this server"
        return Finding(
            "warn",
            f"Nothing archives the log of {where}, as far as it knows.",
            "See that somebody takes backups and has tried them: docs/operations.md.",
        )
    age_s = (facts["moment"] - archived).total_seconds()
    if (failed is not None and failed > archived) or age_s > BACKUP_S:
        return Finding("bad", f"The log was last archived {age_s:.0f} s ago.", "Mend archiving.")
    return Finding("ok", f"The log was archived {age_s:.0f} s ago.")


def of_clock(moment: datetime, asked: float, took_s: float) -> Finding:
    apart_s = abs(moment.timestamp() - asked - took_s / 2)
    if apart_s > CLOCK_S + took_s:
        here = datetime.now(UTC).isoformat(timespec="seconds")
        return Finding(
            "warn",
            f"The clocks of this machine ({here}) and of the database are {apart_s:.0f} s apart.",
            "Run NTP on both: receivers refuse webhooks that are five minutes off.",
        )
    return Finding("ok", "The clocks agree.")


async def of_ledgers(conn: asyncpg.Connection) -> list[Finding]:
    """Return the findings about what the ledgers have to send."""
    findings = []
    oldest = max((row["oldest_s"] for row in await call(conn, "outbox_state")), default=0.0)
    findings.append(
        Finding("ok", "No event waits to be stamped.")
        if oldest <= BEHIND_S
        else Finding("bad", f"Events wait for {oldest:.0f} s.", "See that a relay runs.")
    )
    for row in await call(conn, "endpoint_states"):
        name = f"Endpoint {row['endpoint']} of {row['ledger']}"
        if row["state"] != "enabled":
            findings.append(
                Finding(
                    "warn",
                    f"{name} is {row['state']}, {row['behind']} events behind.",
                    "Look at its attempts in the console; enable or delete it.",
                )
            )
        if row["dead"]:
            todo = "Resend or dismiss them."
            findings.append(Finding("warn", f"{name} has {row['dead']} dead deliveries.", todo))
    for row in await call(conn, "sink_states"):
        if row["state"] != "ok":
            what = f"The sink {row['name']} of {row['ledger']} is {row['state']}."
            findings.append(Finding("warn", what, row["error"] or "Resume or remove it."))
    for row in await call(conn, "list_ledgers"):
        if not (await call(conn, "has_keys", ledger=row["ledger_id"]))[0][0]:
            todo = f"zerosum keys create --ledger {row['name']}"
            findings.append(Finding("warn", f"The ledger {row['name']} has no API key.", todo))
    return findings


async def of_listening(settings: Settings, url: str) -> Finding:
    """Say whether a notification arrives where the relay would listen."""
    if not settings.listen:
        return Finding("ok", "The relay polls, as ZEROSUM_LISTEN says.")
    pooled = await is_pooled(url)
    try:
        conn = await connect_anyhow(settings.direct_url or url)
        try:
            arrived = asyncio.Event()
            await conn.add_listener("zerosum_probe", lambda *_: arrived.set())
            await call(conn, "probe_listener")
            async with asyncio.timeout(LISTEN_S):
                await arrived.wait()
        finally:
            await conn.close()
    except (*DATABASE_ERRORS, ValueError):
        todo = "Set DATABASE_DIRECT_URL to the server behind the pooler."
        return Finding("warn", "Notifications don't arrive: events leave by the poll.", todo)
    behind = " past the pooler" if pooled else ""
    return Finding("ok", f"Notifications arrive{behind}.")
