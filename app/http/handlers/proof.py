"""`/v1/proof`: what the ledger sums to, and its log as C2SP tlog-tiles and tlog-proof define it."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from app.database.connections import Fetches, call
from app.errors import Refusal
from app.http.request import ApiRequest
from app.http.responses import BYTES, TEXT, answer
from app.transparency.ledger_log import event_proof, log_state
from app.transparency.signed_notes import LogKey, encoded

TILE_WIDTH = 256
TILE_PATH = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
UNTIL_NOW = {"Cache-Control": "no-cache"}
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
GZIP_LEVEL = 1


async def read_proof(request: ApiRequest[None]) -> Response:
    """Read the trial balance and the state of the log.

    The wallets of each asset sum to zero.
    """
    pool, ledger, key = needs(request)
    state = await log_state(pool, ledger)
    rows = await call(pool, "trial_balance", ledger=ledger)
    verified = await call(pool, "last_verification", ledger=ledger)
    document = {
        "ledger": state.ledger,
        "assets": [
            {
                "asset": row["asset"],
                "sum": int(row["total"]),
                "held": int(row["held"]),
                "wallets": row["wallets"],
                "entries": row["entries"],
            }
            for row in rows
        ],
        "entries": sum(row["entries"] for row in rows),
        "log": {
            "origin": key and key.name(state.log),
            "vkey": key and key.vkey(state.log),
            "size": state.size,
            "root": encoded(state.root),
        },
        "verified": json.loads(verified[0]["body"]) if verified else None,
    }
    return answer(request, compact(document))


async def read_checkpoint(request: ApiRequest[None]) -> Response:
    """Read a checkpoint of the log.

    Size and root as they are now, as a C2SP signed note.
    """
    pool, ledger, key = needs(request)
    log, size, root = await log_state(pool, ledger)
    return Response(signer(key).checkpoint(log, size, root), 200, UNTIL_NOW, TEXT)


async def read_event_proof(request: ApiRequest[None]) -> Response:
    """Read a proof that an event is in the log.

    A C2SP tlog-proof: the event, the hashes beside its path, and a checkpoint.
    """
    pool, ledger, key = needs(request)
    seq = request.number("seq")
    proof = await event_proof(pool, ledger, seq, signer(key))
    if proof is None:
        raise Refusal("not_found")
    return Response(proof, 200, UNTIL_NOW, TEXT)


async def read_inclusion(request: ApiRequest[None]) -> Response:
    """Read an inclusion proof.

    The hashes that lead from the event `seq` to the root of the log of `size` events, or of the log
    now.
    """
    pool, ledger, _ = needs(request)
    seq: int = request.query["seq"]
    size = await size_asked(request)
    path = await one(pool, "log_inclusion", ledger=ledger, seq=seq, size=size)
    return answer(
        request, compact({"seq": seq, "size": size, "hashes": [encoded(hash_) for hash_ in path]})
    )


async def read_consistency(request: ApiRequest[None]) -> Response:
    """Read a consistency proof.

    The hashes that show that the log of `size` events, or the log now, extends the log of
    `old_size` events.
    """
    pool, ledger, _ = needs(request)
    old_size: int = request.query["old_size"]
    size = await size_asked(request)
    path = await one(pool, "log_consistency", ledger=ledger, old_size=old_size, size=size)
    return answer(
        request,
        compact({"old_size": old_size, "size": size, "hashes": [encoded(hash_) for hash_ in path]}),
    )


async def read_tile(request: ApiRequest[None]) -> Response:
    """Read a tile of the log's hashes.

    `level/number`, with `.p/width` for a tile that is not full, as C2SP tlog-tiles spells it.
    """
    pool, ledger, _ = needs(request)
    level: int = request.scope["path_params"]["level"]
    number, width = tile(request)
    if level > 63:
        raise Refusal("not_found")
    hashes = await one(pool, "log_tile", ledger=ledger, level=level, number=number, width=width)
    return Response(hashes, 200, FOR_EVER, BYTES)


async def read_entries(request: ApiRequest[None]) -> Response:
    """Read the events of a tile.

    Each after its length in two bytes, as C2SP tlog-tiles spells it.
    """
    pool, ledger, _ = needs(request)
    number, width = tile(request)
    entries = await one(pool, "entry_bundle", ledger=ledger, number=number, width=width)
    headers = {**FOR_EVER, "Vary": "Accept-Encoding"}
    if re.search(r"\bgzip\b", accepted_encodings(request)):
        entries = await asyncio.to_thread(gzip.compress, entries, GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return Response(entries, 200, headers, BYTES)


def needs(request: ApiRequest[None]) -> tuple[Fetches, int, LogKey | None]:
    """Return what is read from, the ledger, and the key that signs its checkpoints."""
    return request.reads, request.caller.ledger, request.services.log_key


async def one(pool: Fetches, function: str, /, **arguments: int) -> Any:
    """Return the value of a function. Raises Refusal not_found if there is none."""
    rows = await call(pool, function, **arguments)
    if not rows or rows[0][0] is None:
        raise Refusal("not_found")
    return rows[0][0]


def signer(key: LogKey | None) -> LogKey:
    if key is None:
        raise Refusal("no_log_key")
    return key


async def size_asked(request: ApiRequest[None]) -> int:
    """Return the query's `size`, or the log's size now."""
    size: int | None = request.query.get("size")
    if size is None:
        _, size, _ = await log_state(request.reads, request.caller.ledger)
    return size


def compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def tile(request: ApiRequest[None]) -> tuple[int, int]:
    """Return number and width of the tile that the path names. Raises Refusal for any other
    spelling than its one right one."""
    match = TILE_PATH.fullmatch(request.text("tile"))
    if match is None:
        raise Refusal("not_found")
    number, width = int(re.sub("[x/]", "", match[1])), int(match[2] or TILE_WIDTH)
    if match[1] != tile_path(number) or (match[2] is not None and width >= TILE_WIDTH):
        raise Refusal("not_found")
    return number, width


def tile_path(number: int) -> str:
    """Return the tile's number in groups of three digits, all but the last marked: 1234067 is
    x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def accepted_encodings(request: ApiRequest[None]) -> str:
    return Headers(scope=request.scope).get("accept-encoding", "")
