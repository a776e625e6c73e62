"""Which events a reader wants: by type, by the wallets they touch, and by the kind of transaction.

A type is `*`, a type, or a prefix such as `transaction.*`. A wallet is `*`, a wallet's id, or a
prefix such as `user_*`. zerosum.event_matches() reads these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

TYPE = re.compile(r"\*|[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,4}(\.\*)?")
WALLET = re.compile(r"[A-Za-z0-9_.:@-]{0,128}\*|[A-Za-z0-9_.:@-]{1,128}")
KIND = re.compile(r"\*|transfer|credit|debit|transaction|hold|capture|void|reversal")
MAX_ITEMS = 32


class EventFilter(NamedTuple):
    """Each is a tuple of patterns; an event is wanted if it matches one of each."""

    types: tuple[str, ...] = ("*",)
    wallets: tuple[str, ...] = ("*",)
    kinds: tuple[str, ...] = ("*",)


def all_match(items: Sequence[str], matches: Callable[[str], re.Match[str] | None]) -> bool:
    return 1 <= len(items) <= MAX_ITEMS and all(map(matches, items))


def are_types(types: Sequence[str]) -> bool:
    """Return whether these are 1 to 32 patterns of types."""
    return all_match(types, TYPE.fullmatch)


def are_wallets(wallets: Sequence[str]) -> bool:
    """Return whether these are 1 to 32 patterns of wallets."""
    return all_match(wallets, WALLET.fullmatch)


def are_kinds(kinds: Sequence[str]) -> bool:
    """Return whether these are 1 to 32 kinds of transactions, or `*`."""
    return all_match(kinds, KIND.fullmatch)
