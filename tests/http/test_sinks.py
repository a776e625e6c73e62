"""Sinks over the API, from the settings and at a terminal. What they carry is in tests/sinks."""

from __future__ import annotations

import dataclasses
import json

import asyncpg
import pytest

from app.encryption import Encryption
from app.host.startup import ensure_sinks
from app.setting_values import BadSetting
from app.settings import read_settings
from app.sink_url import BadSink, parse_sink_url
from tests.support.api import Api
from tests.support.command import zerosum
from tests.support.ledger import fund, lease, stamp, wallets

KAFKA = "kafka://user:hush@k1.example:9092,k2.example:9093/events?types=transaction.*"


async def test_a_sink_is_made_looked_at_paused_set_back_and_removed(
    api: Api, db: asyncpg.Connection
) -> None:
    await wallets(db, ("alice",))
    for n in range(5):
        await fund(db, "alice", n + 1)
    await stamp(db, "r", await lease(db, "r"))
    api.app.services.sink_hosts = frozenset({"k1.example:9092", "k2.example"})
    made = (await api.post("/v1/sinks", {"url": KAFKA})).json()
    assert (made["name"], made["types"], made["state"]) == (
        "kafka://k1.example:9092,k2.example:9093/events",
        ["transaction.*"],
        "ok",
    )
    assert (made["sent_seq"], made["behind"], made["error"]) == (5, 0, None)
    assert "hush" not in json.dumps(made)
    path = f"/v1/sinks/{made['id']}"
    paused = (await api.post(f"{path}/pause", None)).json()
    assert paused["state"] == "paused"
    back = (await api.post(f"{path}/rewind", {"seq": 2})).json()
    assert (back["sent_seq"], back["behind"], back["state"]) == (1, 4, "paused")
    assert (await api.post(f"{path}/resume", None)).json()["state"] == "ok"
    # Past the end means the end: what comes next is not skipped.
    assert (await api.post(f"{path}/rewind", {"seq": 99})).json()["sent_seq"] == 5
    listed = (await api.get("/v1/sinks")).json()
    assert [sink["id"] for sink in listed["data"]] == [made["id"]]
    assert (await api.get(path)).json() == listed["data"][0]
    ready = (await api.get("/readyz")).json()
    assert ready["sinks"] == [{"ledger": "main", "name": made["name"], "state": "ok", "behind": 0}]
    assert 'zerosum_sink_behind_events{ledger="main"' in (await api.get("/metrics")).text
    # The same name again: another URL, the same cursor.
    again = (await api.post("/v1/sinks", {"url": KAFKA + "&from=beginning&key=wallet"})).json()
    assert (again["id"], again["sent_seq"]) == (made["id"], 5)
    assert (await api.delete(path)).status_code == 204
    assert (await api.delete(path)).status_code == 404
    for verb in ("pause", "resume"):
        assert (await api.post(f"{path}/{verb}", None)).status_code == 404
    assert (await api.get("/v1/sinks/99999999999999999999")).status_code == 404


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (KAFKA, "k1.example:9092 is not in ZEROSUM_SINK_HOSTS"),
        ("redis://10.0.0.1/0?stream=x", "10.0.0.1 is not in"),
        ("sqs://q?region=eu-central-1", "sqs.eu-central-1.amazonaws.com is not in"),
        ("sqs://q?region=x&endpoint=http://169.254.169.254/", "169.254.169.254 is not in"),
        ("sqs://q?region=evil.example/", "region"),
        ("http://example.com", "begins with kafka://"),
        ("kafka://a:1/t?secret=hush", "'secret' is no option of kafka"),
    ],
)
async def test_a_key_can_not_make_the_server_talk_to_anything(
    api: Api, url: str, said: str
) -> None:
    answer = await api.post("/v1/sinks", {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_sink")
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "kafka://",
        "kafka://host:9092",
        "kafka:///topic",
        "kafka://h/t?types=UPPER",
        "kafka://h/t?types=",
        "kafka://h/t?from=0",
        "kafka://h/t?from=-1",
        "kafka://h/t?from=yesterday",
        "kafka://h/t?format=xml",
        "kafka://h/t?key=amount",
        "kafka://h/t?security=none",
        "kafka://h/t?topic={wallet}",
        "kafka://h/t?topic={ledger",
        "kafka://h/t?types=*&types=*",
        "kafka://h/t?types",
        "kafka://h/t\n",
        "kafka://h/" + "t" * 2048,
        "kafka://[h/t",
        "redis://h/0",
        "redis://h/x?stream=s",
        "redis://h/0?stream=s&maxlen=0",
        "sqs://",
        "sqs://q?region=eu-west-1&endpoint=http://allowed:1@169.254.169.254/",
        "sqs://q?region=eu-west-1&endpoint=http://allowed%3A1%40169.254.169.254/",
        "sqs://q?region=eu-west-1&endpoint=http://169.254.169.254\\@allowed/",
        "sqs://q?region=eu-west-1&endpoint=file:///etc/passwd",
        "sqs://q?region=eu-west-1&endpoint=//169.254.169.254",
        "sqs://q?region=EU WEST",
        "nats://h/t",
        "",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    if url.endswith("types="):
        assert parse_sink_url(url).types == ("*",)
        return
    with pytest.raises(BadSink):
        parse_sink_url(url)
    if url.strip() and " " not in url and "\n" not in url:
        with pytest.raises(BadSetting, match="ZEROSUM_SINKS"):
            read_settings({"ZEROSUM_SINKS": f"redis://h/0?stream=s {url}"})


def test_what_a_url_says() -> None:
    sink = parse_sink_url("kafka://u%40x:p%3Aw@h:1/z.%7Bledger%7D?topic={ledger}.{type}&from=7")
    assert (sink.user, sink.password, sink.start) == ("u@x", "p:w", "7")
    assert sink.topic_of("main", "transaction.posted") == "main.transaction.posted"
    with pytest.raises(BadSetting, match="twice"):
        read_settings({"ZEROSUM_SINKS": "kafka://h/t kafka://h/t?types=wallet.*"})


async def names(db: asyncpg.Connection, ledger: int) -> dict[str, str]:
    rows = await db.fetch("select body from zerosum.list_sinks($1, 0, 99)", ledger)
    told = [json.loads(row["body"]) for row in rows]
    return {sink["name"]: sink["state"] for sink in told}


async def test_the_settings_are_the_whole_truth_of_the_sinks_that_they_name(
    db: asyncpg.Connection, database_url: str
) -> None:
    none = read_settings({})
    one, two = "kafka://h/one", "redis://h/0/two"
    first = read_settings({"ZEROSUM_SINKS": "kafka://h/one redis://h/0?stream=two"})
    await ensure_sinks(db, first, Encryption())
    assert await names(db, 1) == await names(db, 2) == {one: "ok", two: "ok"}
    await ensure_sinks(db, none, Encryption())  # The setting is empty, so nothing changes.
    assert await names(db, 1) == {one: "ok", two: "ok"}
    await ensure_sinks(db, dataclasses.replace(first, sinks=first.sinks[:1]), Encryption())
    assert await names(db, 1) == {one: "ok", two: "paused"}
    await db.execute("select zerosum.create_ledger('third')")
    third = await db.fetchval("select ledger_id from ledger.ledgers where name = 'third'")
    assert await names(db, third) == {one: "ok"}
    await ensure_sinks(db, first, Encryption())
    assert await names(db, 1) == {one: "ok", two: "ok"}
    # Paused by a person, it stays so.
    await db.execute(
        "select zerosum.change_sink(1, id, true) from ledger.sinks where ledger_id = 1"
    )
    await ensure_sinks(db, first, Encryption())
    assert await names(db, 1) == {one: "paused", two: "paused"}
    code, said = await zerosum(database_url, "sinks", "add", "kafka://h/one")
    assert (code, "comes from ZEROSUM_SINKS" in said) == (1, True)


@pytest.mark.slow
async def test_at_a_terminal(db: asyncpg.Connection, database_url: str) -> None:
    async def said(*arguments: str, code: int = 0) -> str:
        ended, out = await zerosum(database_url, "sinks", *arguments)
        assert ended == code, out
        return out

    made = json.loads(await said("add", "redis://:hush@h/0?stream=s"))
    number = str(made["id"])
    assert json.loads(await said("pause", number))["state"] == "paused"
    assert json.loads(await said("resume", number))["state"] == "ok"
    assert json.loads(await said("rewind", number, "1"))["sent_seq"] == 0
    listed = await said("list")
    assert "hush" not in listed
    assert json.loads(listed)["id"] == made["id"]
    await said("remove", number)
    assert "has no sink" in await said("remove", number, code=1)
    assert "has no sink" in await said("pause", number, code=1)
    assert "begins with kafka" in await said("add", "ftp://x", code=1)
