"""Batches over HTTP."""

from __future__ import annotations

from typing import Any

PATH = "/v1/transactions/batch"


def item(source: str, destination: str, amount: Any, **rest: Any) -> dict[str, Any]:
    posting = {"source": source, "destination": destination, "amount": amount}
    return {"postings": [posting], **rest}
