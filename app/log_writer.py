"""Log lines go out in a thread of their own: whoever reads them may stop, as a log collector does
that is down, and nobody who handles money waits for that."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime

from app import metrics

MAX_WAITING = 1024 * 1024  # bytes that wait to be read; what comes then is dropped, and counted
LAST_S = 2.0  # At the end of the process, wait so long for what is not written yet.


class LogWriter:
    """write() never waits. Lines are written whole and in order; where some were dropped, a line
    says how many."""

    def __init__(self, fileno: int) -> None:
        self.fileno = fileno
        self.waiting: deque[bytes] = deque()
        self.size = self.dropped = 0
        self.changed = threading.Condition()
        threading.Thread(target=self.run, name="log", daemon=True).start()
        atexit.register(self.close)

    def write(self, lines: str) -> None:
        """lines: one or more, each with its end."""
        data = lines.encode(errors="backslashreplace")
        with self.changed:
            if self.size + len(data) > MAX_WAITING:
                self.dropped += data.count(b"\n")
                metrics.LOG_LINES_DROPPED.inc(data.count(b"\n"))
                return
            if self.dropped:
                self.add(gap(self.dropped))
                self.dropped = 0
            self.add(data)
            self.changed.notify_all()

    def add(self, data: bytes) -> None:
        self.waiting.append(data)
        self.size += len(data)

    def run(self) -> None:
        while True:
            with self.changed:
                while not self.waiting:
                    self.changed.wait()
                data = self.waiting[0]
            # Nobody reads any more: the line is lost, and the service goes on.
            with contextlib.suppress(OSError):
                write_all(self.fileno, data)
            with self.changed:
                self.waiting.popleft()
                self.size -= len(data)
                self.changed.notify_all()

    def close(self) -> None:
        """Wait a moment until all is written."""
        until = time.monotonic() + LAST_S
        with self.changed:
            while self.waiting and (left := until - time.monotonic()) > 0:
                self.changed.wait(left)


def write_all(fileno: int, data: bytes) -> None:
    while data:
        data = data[os.write(fileno, data) :]


def gap(count: int) -> bytes:
    line = {
        "at": datetime.now(UTC).isoformat(),
        "level": "warning",
        "logger": "zerosum",
        "message": f"{count} log lines were dropped here: nobody read them fast enough",
    }
    return (json.dumps(line) + "\n").encode()
