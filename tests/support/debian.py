"""Debian's PostgreSQL 15: a cluster for a test that needs settings of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.process import free_port
from tests.support.rooms import let_in

DEBIAN = Path("/usr/lib/postgresql/15/bin")
OWNER = "owner"
FAKETIME = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1")


def run(*command: str | Path, user: str | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, user=user, cwd="/")


@contextlib.contextmanager
def debian_postgres(
    room: Path, options: str, hba: str, prepare: Callable[[Path, str], None] | None = None
) -> Iterator[int]:
    """Its port on 127.0.0.1, for as long as the block runs. prepare: gets its data folder and user."""
    if not (DEBIAN / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    let_in(room)
    data, port = room / "data", free_port()
    run(DEBIAN / "initdb", "-D", data, "-U", OWNER, "-A", "trust", user=user)
    if prepare is not None:
        prepare(data, user)
    (data / "pg_hba.conf").write_text(hba)
    told = f"-p {port} -h 127.0.0.1 -k {room} {options}"
    log = room / "log"
    run(DEBIAN / "pg_ctl", "-D", data, "-l", log, "-w", "-o", told, "start", user=user)
    try:
        yield port
    finally:
        run(DEBIAN / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop", user=user)
