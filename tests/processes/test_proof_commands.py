"""`zerosum proof …` as a person runs it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import asyncpg
import pytest

from app.transparency.signed_notes import open_checkpoint
from tests.support.command import run
from tests.support.ledger import fund, lease, stamp, wallets
from tests.support.log_key import VKEY

SEED = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
async def stamped(db: asyncpg.Connection, database_url: str) -> str:
    await wallets(db, ("alice",))
    for _ in range(5):
        await fund(db, "alice", 10)
    assert await stamp(db, "r", await lease(db, "r")) == 5
    return database_url


async def test_an_event_is_proved_and_the_proof_checked(
    stamped: str, db: asyncpg.Connection, tmp_path: Path
) -> None:
    assert (await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY=SEED))[1] == f"{VKEY}\n"
    code, proof, _ = await run(stamped, "proof", "event", "3", ZEROSUM_LOG_KEY=SEED)
    assert code == 0
    file, event = tmp_path / "proof", tmp_path / "event"
    file.write_text(proof)
    body = await db.fetchval("select body from ledger.events where seq = 3")
    nowhere = "postgresql://127.0.0.1:1/x"
    check = ("proof", "check", str(file), "--vkey", VKEY)
    code, said, told = await run(nowhere, *check)
    assert (code, said) == (0, f"{body}\n")
    assert told == "is event 3 of 5 in the log example.com/wallets/main\n"
    event.write_text(body)
    assert (await run(nowhere, *check, "--event", str(event)))[0] == 0
    event.write_text(body.replace('"amount":10', '"amount":11'))
    code, said, told = await run(nowhere, *check, "--event", str(event))
    assert (code, said) == (1, "")
    assert told == "Error: not proved: the event is not in the log by this proof\n"
    code, _, told = await run(stamped, "proof", "event", "6", ZEROSUM_LOG_KEY=SEED)
    assert (code, told) == (1, "Error: the log of main has no event 6 yet\n")


async def test_checkpoint_and_keys(stamped: str, tmp_path: Path) -> None:
    _, note, _ = await run(stamped, "proof", "checkpoint", ZEROSUM_LOG_KEY=SEED)
    assert open_checkpoint(note, VKEY).size == 5
    code, _, told = await run(stamped, "proof", "checkpoint")
    assert (code, told) == (1, "Error: set ZEROSUM_LOG_KEY; zerosum proof key makes one\n")
    _, made, _ = await run(stamped, "proof", "key")
    code, vkey, _ = await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY=made.strip())
    assert code == 0
    assert vkey != f"{VKEY}\n"
    hexadecimal = bytes(range(32)).hex()
    assert (await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY=hexadecimal))[1] == f"{VKEY}\n"


async def test_growth_is_checked(stamped: str, db: asyncpg.Connection, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("old", "new", "answer")]
    files[0].write_text((await run(stamped, "proof", "checkpoint", ZEROSUM_LOG_KEY=SEED))[1])
    await fund(db, "alice", 1)
    await stamp(db, "r", await lease(db, "r"))
    files[1].write_text((await run(stamped, "proof", "checkpoint", ZEROSUM_LOG_KEY=SEED))[1])
    hashes = await db.fetchval("select zerosum.log_consistency(1, 5, 6)")
    files[2].write_text(json.dumps({"hashes": [base64.b64encode(h).decode() for h in hashes]}))
    grew = ("proof", "grew", *map(str, files), "--vkey", VKEY)
    told = "example.com/wallets/main went on from 5 to 6\n"
    assert (await run(stamped, *grew))[:2] == (0, told)
    for answer in ('{"hashes": []}', "{}", "[]", "nonsense", '{"hashes": [5]}'):
        files[2].write_text(answer)
        code, _, told = await run(stamped, *grew)
        assert (code, told.startswith("Error: not proved: ")) == (1, True), told


async def test_a_key_file_is_made_once(stamped: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    first = await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY_FILE=str(file))
    assert first[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY_FILE=str(file)) == first
    file.write_text("nonsense")
    code, _, told = await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY_FILE=str(file))
    assert (code, told) == (
        2,
        f"zerosum: {file} must be 32 random bytes, in base64 or hexadecimal; zerosum proof key makes one.\n",
    )
    gone = str(tmp_path / "no" / "key")
    code, _, told = await run(stamped, "proof", "vkey", ZEROSUM_LOG_KEY_FILE=gone)
    assert (code, "can't use the log's key file" in told) == (2, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZEROSUM_LOG_KEY", "short"),
        ("ZEROSUM_LOG_ORIGIN", "https://example.com/ a"),
        ("ZEROSUM_LOG_ORIGIN", "example.com/+"),
        ("ZEROSUM_LOG_ORIGIN", "example.com/"),
        ("ZEROSUM_CHECKPOINT_EVERY", "1h"),
    ],
)
async def test_a_bad_setting_is_one_sentence(stamped: str, name: str, value: str) -> None:
    code, _, told = await run(stamped, "proof", "vkey", **{name: value})
    assert (code, told.count("\n")) == (2, 1)
    assert name in told
