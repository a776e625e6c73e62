"""uvicorn as we run it, and the sockets that it listens on."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import uvicorn

from app.setting_values import BadSetting
from app.settings import Settings


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which would raise the signal again before we could clean
    up."""

    when_started: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int, setting: str) -> socket.socket:
    """Bind the address before anything else is started; it answers only once everything is ready.
    Raises BadSetting."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise BadSetting(
            f"can't listen on {host} port {port} ({error.strerror}); set {setting} to another."
        ) from None
    return listening


def bind_metrics(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    """Return the socket of ZEROSUM_METRICS_PORT, or None. Raises BadSetting."""
    if settings.metrics_port is None:
        return contextlib.nullcontext()
    return bind(settings.host, settings.metrics_port, "ZEROSUM_METRICS_PORT")
