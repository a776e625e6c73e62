"""Which events an endpoint or a sink wants: `*`, a type, or a prefix such as `transaction.*`."""

from __future__ import annotations

import re
from collections.abc import Sequence

TYPE = re.compile(r"\*|[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,4}(\.\*)?")
MAX_TYPES = 32


def are_types(types: Sequence[str]) -> bool:
    """Return whether these are 1 to 32 patterns as zerosum.type_matches() reads them."""
    return 1 <= len(types) <= MAX_TYPES and all(map(TYPE.fullmatch, types))
