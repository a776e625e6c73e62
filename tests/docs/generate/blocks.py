"""The generated parts of the documentation. A page holds them between two comments, which name the
block:

<!-- generated: settings --> … <!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.docs.generate import api, commands, errors, events, metrics, settings, sql

BLOCKS: dict[str, Callable[[], str]] = {
    "api": api.block,
    "commands": commands.block,
    "errors": errors.block,
    "events": events.block,
    "metrics": metrics.block,
    "settings": settings.block,
    "sql verbs": sql.verbs,
    "sql functions": sql.functions,
}
BLOCK = re.compile(r"(<!-- generated: ([\w ]+) -->\n)(.*?)(<!-- end -->)", re.S)


def filled(page: str) -> str:
    """The page with each of its blocks as the code has it now."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n{found[4]}", page)
