"""One process: the embedded Postgres if asked for, migrations, the HTTP server.

SIGTERM and SIGINT stop the server after the requests in flight are answered; then the pool closes, then the
embedded Postgres stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import uvicorn

from app.db import connect, open_pool
from app.embedded import start_embedded
from app.main import make_app
from app.migrate import migrate
from app.settings import Settings

GRACE_S = 20  # Hosts kill 30 s after SIGTERM.


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which re-raises the signal before we could clean up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings) -> None:
    """Run until a signal; raises EmbeddedError, EditedMigration, and what connecting raises."""
    if settings.database_url is not None:
        run(settings, settings.database_url)
        return
    embedded = start_embedded(settings.data_dir)
    try:
        run(settings, embedded.url)
    finally:
        embedded.stop()


def run(settings: Settings, url: str) -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve_database(settings, url))


async def serve_database(settings: Settings, url: str) -> None:
    conn = await connect(url)
    await migrate(conn)
    await conn.close()
    pool = await open_pool(url)
    try:
        config = uvicorn.Config(
            make_app(pool),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        server = Server(config)
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, stop, server)
        print(f"Zerosum listens on http://{settings.host}:{settings.port}", flush=True)  # noqa: T201
        await server.serve()
    finally:
        await pool.close()


def stop(server: Server) -> None:
    server.should_exit = True


def loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    import uvloop

    return uvloop.Loop
