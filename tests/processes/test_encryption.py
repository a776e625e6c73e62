"""Secrets in the database are encrypted when ZEROSUM_SECRET_KEY says so, and a start without the
key that they need says which."""

from __future__ import annotations

import base64
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook

from app.encryption import CantDecrypt, Encryption, key_id
from tests.sinks.redis import RedisServer
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.until import until

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
HUSH = "hush-hush"


def spelled(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


async def everything(db: asyncpg.Connection) -> str:
    """All that the tables hold, as text."""
    tables = await db.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname = 'ledger'"
    )
    found = [await db.fetch(f"select t::text as row from {table['name']} t") for table in tables]
    return "\n".join(row["row"] for rows in found for row in rows)


async def refusal(server: ServerProcess, command: str) -> str:
    with pytest.raises(AssertionError) as caught:
        await server.start(sys.executable, "-m", "app", command)
    (line,) = str(caught.value).strip().splitlines()[:1]
    assert "Traceback" not in str(caught.value)
    return line


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncIterator[ServerProcess]:
    """Over the test's database; not started yet."""
    server = ServerProcess(tmp_path, database_url)
    yield server
    if server.process is not None and server.process.returncode is None:
        await server.end()


@pytest.mark.slow
async def test_secrets_are_encrypted_and_keys_are_changed(
    server: ServerProcess,
    db: asyncpg.Connection,
    receiver: Receiver,
    redis_server: RedisServer,
) -> None:
    """In clear, under a key, under another key; each start brings the database to the first key."""
    count = 0
    secret = "whsec_" + base64.b64encode(b"s" * 32).decode()

    async def started(keys: str) -> None:
        server.environ["ZEROSUM_SECRET_KEY"] = keys
        await server.start()

    async def post(path: str, body: Any) -> Any:
        async with server.client() as client:
            answer = await client.post(path, json=body)
            assert answer.status_code in {200, 201}, answer.text
            return answer.json()

    async def delivers() -> None:
        """A credit arrives signed by the secret, with its header field, and at the sink."""
        nonlocal count
        count += 1
        await post("/v1/credits", {"wallet": "alice", "amount": 1})
        got = (await receiver.until(count))[-1]
        Webhook(secret).verify(got.body, got.headers)
        assert got.headers["authorization"] == f"Bearer {HUSH}"

        async def is_carried() -> bool:
            rows = await db.fetch("select sent_seq from ledger.sinks where ledger_id = 1")
            return all(row["sent_seq"] >= count for row in rows)

        await until(is_carried)

    sink = f"{redis_server.url}?stream={HUSH}"
    server.environ["ZEROSUM_SINKS"] = sink
    await started("")
    await post("/v1/wallets", {"id": "alice", "asset": "USD"})
    endpoint = {
        "url": receiver.url,
        "types": ["transaction.*"],
        "secret": secret,
        "headers": {"Authorization": f"Bearer {HUSH}"},
    }
    made = await post("/v1/webhooks", endpoint)
    await delivers()
    assert (await everything(db)).count(secret) == 1
    await server.end()

    await started(spelled(OLD))
    await delivers()
    stored = await db.fetch("select value from zerosum.stored_secrets()")
    assert len(stored) == 4  # A sink in each of the two ledgers.
    assert all(row["value"].startswith(f"encrypted:{key_id(OLD)}:") for row in stored)
    held = await everything(db)
    assert secret not in held
    assert f"Bearer {HUSH}" not in held
    await server.end()

    for keys, command in (("", "serve"), (spelled(NEW), "serve"), (spelled(NEW), "relay")):
        server.environ["ZEROSUM_SECRET_KEY"] = keys
        line = await refusal(server, command)
        assert f"ZEROSUM_SECRET_KEY lacks the key {key_id(OLD)}" in line, line

    await started(spelled(NEW, OLD))
    await delivers()
    rotated = await post(f"/v1/webhooks/{made['id']}/rotate", {"overlap_s": 60})
    await server.end()
    stored = await db.fetch("select value from zerosum.stored_secrets()")
    assert len(stored) == 5
    assert all(row["value"].startswith(f"encrypted:{key_id(NEW)}:") for row in stored)

    await started(spelled(NEW))
    await delivers()
    assert rotated["secret"] not in await everything(db)
    await server.end()


@pytest.mark.parametrize(
    "value", ["w4w4", "a" * 63, base64.b64encode(bytes(31)).decode(), "zz" * 32]
)
async def test_what_is_no_key_is_one_sentence(
    tmp_path: Path, database_url: str, value: str
) -> None:
    server = ServerProcess(tmp_path, database_url, ZEROSUM_SECRET_KEY=value)
    line = await refusal(server, "serve")
    assert "ZEROSUM_SECRET_KEY must be 32 random bytes" in line
    assert value not in line


def test_a_value_stands_for_its_kind_alone_and_is_whole() -> None:
    encryption = Encryption([OLD])
    value = encryption.encrypt("text é", "webhook secret")
    assert value != encryption.encrypt("text é", "webhook secret")
    assert Encryption([NEW, OLD]).decrypt(value, "webhook secret") == "text é"
    with pytest.raises(CantDecrypt, match="was changed"):
        encryption.decrypt(value, "sink url")
    name, _, sealed = value.rpartition(":")
    broken = bytearray(base64.b64decode(sealed))
    broken[-1] ^= 1
    with pytest.raises(CantDecrypt, match="was changed"):
        encryption.decrypt(f"{name}:{base64.b64encode(broken).decode()}", "webhook secret")
    with pytest.raises(CantDecrypt, match=key_id(OLD)):
        Encryption([NEW]).decrypt(value, "webhook secret")
    assert Encryption().decrypt("whsec_x", "webhook secret") == "whsec_x"
