"""The functions that SQL clients call, from the headers and signatures of their files."""

from __future__ import annotations

import re
from pathlib import Path

FUNCTIONS = Path(__file__).parents[3] / "sql/functions"
VERBS = ["transfer", "credit", "debit", "hold", "capture", "void", "reverse"]
OTHERS = [
    "create_ledger",
    "list_ledgers",
    "create_asset",
    "list_assets",
    "create_wallet",
    "read_wallet",
    "list_wallets",
    "list_entries",
    "change_wallet",
    "freeze_wallet",
    "unfreeze_wallet",
    "close_wallet",
    "read_transaction",
    "list_transactions",
    "search_transactions",
    "list_holds",
    "list_events",
    "trial_balance",
    "verify",
    "verify_since",
]


def verbs() -> str:
    return "\n".join(map(section, VERBS))


def functions() -> str:
    return "\n".join(map(section, OTHERS))


def section(name: str) -> str:
    (path,) = FUNCTIONS.glob(f"*/{name}.sql")
    text = path.read_text()
    header = re.match(r"(?:--.*\n)+", text)
    signature = re.search(r"create or replace function (zerosum\..*?)\s*\nlanguage", text, re.S)
    assert header, name
    assert signature, name
    return f"### {name}\n\n{prose(header[0])}\n\n```text\n{signature[1]}\n```\n"


def prose(header: str) -> str:
    """The header's text; its locks and codes are paragraphs of their own, its lists stay lists."""
    paragraphs = [""]
    for line in header.splitlines():
        text = line.removeprefix("--").strip()
        if text.startswith(("- ", "Locks", "Codes")):
            paragraphs.append(text)
        else:
            paragraphs[-1] = f"{paragraphs[-1]} {text}".strip()
    return "\n\n".join(paragraphs)
