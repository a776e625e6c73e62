"""One JSON object a line on standard error: each request, and what else is worth knowing. Never a
secret."""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import sys
import time
from datetime import UTC, datetime

from app.log_writer import LogWriter

FLUSH_S = 0.05


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class WriterHandler(logging.Handler):
    def __init__(self, writer: LogWriter) -> None:
        super().__init__()
        self.writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        self.writer.write(self.format(record) + "\n")


# Of this process; None before set_up_logs().
WRITER: LogWriter | None = None


def set_up_logs() -> None:
    global WRITER
    WRITER = WRITER or LogWriter(log_fileno())
    handler = WriterHandler(WRITER)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("uvicorn", "asyncio", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns with a traceback of each connection that the database refuses. Whoever wanted the
    # connection says so in a sentence.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def log_fileno() -> int:
    """Return where lines go: standard error, or nowhere if the process was started without."""
    # (Python says so by None; the number may be another file's by now.)
    if sys.stderr is None:
        return os.open(os.devnull, os.O_WRONLY)
    return sys.stderr.fileno()


class RequestLog:
    """Lines of requests, written together a few times a second: a write for each would cost as much
    as the rest of it."""

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self.lines: list[str] = []
        self.last_ones = False
        self.at = ""  # of all lines that are written together, to the second

    def add(self, request_id: str, method: str, path: str, status: int, seconds: float) -> None:
        if not self.enabled:
            return
        if not self.lines:
            asyncio.get_running_loop().call_later(FLUSH_S, self.flush)
            if not self.last_ones:
                self.last_ones = True
                atexit.register(self.flush)  # Write what is left when the loop ends.
            self.at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.lines.append(
            f'{{"at":"{self.at}","level":"info","logger":"zerosum.request","request_id":"{request_id}",'
            f'"method":"{method}","path":{json.dumps(path)},"status":{status},"ms":{seconds * 1000:.1f}}}\n'
        )

    def flush(self) -> None:
        lines, self.lines = self.lines, []
        if not lines:
            return
        if WRITER is not None:
            WRITER.write("".join(lines))
        else:
            sys.stderr.write("".join(lines))
