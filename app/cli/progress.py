"""How far a long command is: a bar on a terminal, a line now and then elsewhere; on standard error,
so that what is printed stays clean."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click

LINE_S = 5.0  # between two lines where nobody looks


class Progress:
    """`with Progress("export main", 1000) as progress: progress.to(17)`.

    total: None if nobody knows. A command that ends soon prints no line.
    """

    def __init__(self, label: str, total: int | None) -> None:
        self.label, self.total, self.done = label, total, 0
        self.told_at = time.monotonic()
        self.bar = None
        if sys.stderr.isatty() and total:
            self.bar = click.progressbar(length=total, label=label, file=sys.stderr)

    def __enter__(self) -> Progress:
        if self.bar is not None:
            self.bar.__enter__()
        return self

    def to(self, done: int, what: str = "") -> None:
        """Say that so much is done. what: what is done now."""
        if self.total is not None:
            done = min(done, self.total)
        step, self.done = done - self.done, done
        if self.bar is not None:
            self.bar.label = f"{self.label}: {what}" if what else self.label
            self.bar.update(step)
        elif time.monotonic() - self.told_at >= LINE_S:
            self.told_at = time.monotonic()
            of = "" if self.total is None else f" of {self.total}"
            click.echo(f"{self.label}: {what + ' ' if what else ''}{done}{of}", err=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is None:
            return
        if error is None and self.total is not None:
            self.to(self.total)
        self.bar.__exit__(kind, error, trace)
