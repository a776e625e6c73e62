"""Examples below the help of a command."""

from __future__ import annotations

HEAD = "Examples:"


def examples(*lines: str) -> str:
    """Return a command's epilog. lines: as they are typed, without `zerosum`."""
    # click keeps the lines of a paragraph that begins with \b.
    return "\n".join(["\b", HEAD, *(f"  zerosum {line}" for line in lines)])
