"""Citus on this machine: a coordinator and workers, real clusters on 127.0.0.1."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import asyncpg

from app.database.connections import connect
from app.host.migrate import migrate
from tests.support.process import free_port

# Where .ci/citus put PostgreSQL with Citus.
PREFIX = os.environ.get("CITUS_PREFIX")
SETTINGS = """
shared_preload_libraries = 'citus'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
max_prepared_transactions = 100
max_connections = 200
# Each database has a daemon of Citus on each node, and none is dropped.
max_worker_processes = 100
citus.node_conninfo = 'sslmode=prefer'
"""


class Node:
    """One cluster. It can be killed and started again."""

    def __init__(self, room: Path) -> None:
        assert PREFIX is not None
        self.room, self.port = room, free_port()
        self.bin = Path(PREFIX) / "usr/lib/postgresql/15/bin"
        self.user = "postgres" if os.geteuid() == 0 else None
        room.mkdir(mode=0o700)
        if self.user:
            shutil.chown(room, self.user)
        self.run("initdb", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8")
        with (room / "postgresql.conf").open("a") as file:
            file.write(f"{SETTINGS}port = {self.port}\n")

    def run(self, program: str, *arguments: str) -> None:
        # (The server inherits its output, and would hold a pipe open for ever.)
        subprocess.run(
            [self.bin / program, "-D", self.room, *arguments],
            user=self.user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            check=True,
        )

    def start(self) -> None:
        self.run("pg_ctl", "start", "-w", "-l", str(self.room / "log"))

    def kill(self) -> None:
        self.run("pg_ctl", "stop", "-m", "immediate", "-w")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


class Cluster:
    """nodes: the coordinator, then its workers."""

    def __init__(self, room: Path, workers: int = 2) -> None:
        self.nodes = [Node(room / f"node{n}") for n in range(workers + 1)]
        self.databases = 0

    @property
    def coordinator(self) -> Node:
        return self.nodes[0]

    @property
    def workers(self) -> list[Node]:
        return self.nodes[1:]

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()

    async def database(self, workers: list[Node] | None = None) -> str:
        """Create a migrated database on the coordinator, with these workers of it. Returns its
        URL."""
        self.databases += 1
        name = f"zerosum{self.databases}"
        for node in self.nodes:
            await execute(node.url("postgres"), f"create database {name}")
        for node in self.nodes:
            await execute(node.url(name), "create extension citus")
        conn = await connect(self.coordinator.url(name))
        await migrate(conn)
        await conn.execute(
            f"select citus_set_coordinator_host('127.0.0.1', {self.coordinator.port})"
        )
        for node in self.workers if workers is None else workers:
            await conn.execute(f"select citus_add_node('127.0.0.1', {node.port})")
        await conn.close()
        return self.coordinator.url(name)


async def execute(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


def started(room: Path) -> Cluster:
    room.chmod(0o755)
    cluster = Cluster(room)
    cluster.start()
    return cluster


async def start(room: Path) -> Cluster:
    return await asyncio.to_thread(started, room)
