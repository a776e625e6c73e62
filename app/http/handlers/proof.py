"""`/v1/proof`: what the ledger sums to, and its log as C2SP tlog-tiles and tlog-proof have it."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import Pool, call
from app.errors import Refusal
from app.http import parsing
from app.http.auth import Caller, caller_of
from app.http.query import query
from app.http.responses import answer
from app.transparency.ledger_log import event_proof, log_state
from app.transparency.signed_notes import LogKey, encoded

TILE_WIDTH = 256
TILE_PATH = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
UNTIL_NOW = {"Cache-Control": "no-cache"}
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
BYTES = "application/octet-stream"
GZIP_LEVEL = 1


async def read_proof(request: Request) -> Response:
    """The trial balance, zero an asset, and the log: its origin, size, root and the key that signs it."""
    caller, pool, key = read(request)
    name, size, root = await log_state(pool, caller.ledger)
    rows = await call(pool, "trial_balance", ledger=caller.ledger)
    told = {
        "ledger": name,
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
            "origin": key and key.name(name),
            "vkey": key and key.vkey(name),
            "size": size,
            "root": encoded(root),
        },
    }
    return answer(request, compact(told))


async def read_checkpoint(request: Request) -> Response:
    """The log as it is now, a signed note."""
    caller, pool, key = read(request)
    name, size, root = await log_state(pool, caller.ledger)
    return Response(signer(key).checkpoint(name, size, root), 200, UNTIL_NOW, "text/plain")


async def read_event_proof(request: Request) -> Response:
    """A tlog-proof that the event is in the log: the event, its path, the checkpoint of now."""
    caller, pool, key = read(request)
    seq = parsing.path_number(request, "seq")
    proof = await event_proof(pool, caller.ledger, seq, signer(key))
    if proof is None:
        raise Refusal("not_found")
    return Response(proof, 200, UNTIL_NOW, "text/plain")


async def read_inclusion(request: Request) -> Response:
    """The hashes that lead from the event `seq` to the root at `size`, or now."""
    caller, pool, _ = read(request)
    seq: int = query(request)["seq"]
    size = await size_asked(request, caller, pool)
    path = await one(pool, "log_inclusion", ledger=caller.ledger, seq=seq, size=size)
    return answer(
        request, compact({"seq": seq, "size": size, "hashes": [encoded(hash_) for hash_ in path]})
    )


async def read_consistency(request: Request) -> Response:
    """The hashes that show that the log at `size`, or now, goes on from what it was at `old_size`."""
    caller, pool, _ = read(request)
    old_size: int = query(request)["old_size"]
    size = await size_asked(request, caller, pool)
    path = await one(pool, "log_consistency", ledger=caller.ledger, old_size=old_size, size=size)
    return answer(
        request,
        compact({"old_size": old_size, "size": size, "hashes": [encoded(hash_) for hash_ in path]}),
    )


async def read_tile(request: Request) -> Response:
    """A tile of hashes: `level/number`, with `.p/width` of one that is not full yet."""
    caller, pool, _ = read(request)
    level: int = request.path_params["level"]
    number, width = tile(request)
    if level > 63:
        raise Refusal("not_found")
    hashes = await one(
        *(pool, "log_tile"), ledger=caller.ledger, level=level, number=number, width=width
    )
    return Response(hashes, 200, FOR_EVER, BYTES)


async def read_entries(request: Request) -> Response:
    """The events of a tile, each after its length in two bytes."""
    caller, pool, _ = read(request)
    number, width = tile(request)
    entries = await one(pool, "entry_bundle", ledger=caller.ledger, number=number, width=width)
    headers = {**FOR_EVER, "Vary": "Accept-Encoding"}
    if re.search(r"\bgzip\b", request.headers.get("accept-encoding", "")):
        entries = await asyncio.to_thread(gzip.compress, entries, GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return Response(entries, 200, headers, BYTES)


def read(request: Request) -> tuple[Caller, Pool, LogKey | None]:
    state = request.app.state
    return caller_of(request), state.pool, state.log_key


async def one(pool: Pool, function: str, /, **arguments: int) -> Any:
    """The value that the function gives; raises Refusal not_found for none."""
    rows = await call(pool, function, **arguments)
    if not rows or rows[0][0] is None:
        raise Refusal("not_found")
    return rows[0][0]


def signer(key: LogKey | None) -> LogKey:
    if key is None:
        raise Refusal("no_log_key")
    return key


async def size_asked(request: Request, caller: Caller, pool: Pool) -> int:
    """The query's `size`, or that of the log now."""
    size: int | None = query(request).get("size")
    if size is None:
        _, size, _ = await log_state(pool, caller.ledger)
    return size


def compact(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"))


def tile(request: Request) -> tuple[int, int]:
    """Number and width of the tile that the path names; raises Refusal for another spelling than the one it has."""
    told = TILE_PATH.fullmatch(request.path_params["tile"])
    if told is None:
        raise Refusal("not_found")
    number, width = int(re.sub("[x/]", "", told[1])), int(told[2] or TILE_WIDTH)
    if told[1] != tile_path(number) or (told[2] is not None and width >= TILE_WIDTH):
        raise Refusal("not_found")
    return number, width


def tile_path(number: int) -> str:
    """Its number in groups of three digits, all but the last marked: 1234067 is x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))
