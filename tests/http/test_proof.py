"""The proof over HTTP: the trial balance, and the log in the formats of C2SP."""

from __future__ import annotations

import base64

import asyncpg
import pytest

from app.http.handlers.proof import tile_path
from app.transparency.proofs import bundle, check_bundle, check_growth, leaf_hash, root_of
from app.transparency.signed_notes import BadNote, Checkpoint, LogKey, open_checkpoint, parse_vkey
from tests.support import merkle
from tests.support.api import Api
from tests.support.ledger import bodies, hold, post, posted, req, stamp_all
from tests.support.log import logged
from tests.support.log_key import LOG_KEY, VKEY

PROOF = "/v1/proof"


@pytest.fixture
async def paying(api: Api, db: asyncpg.Connection) -> Api:
    """600 events, of which 512 are in full tiles."""
    await api.wallets("alice", "bob")
    await api.fund("alice", 1000)
    await posted(db, hold(("alice", "bob", 5)))
    for _ in range(3):
        await post(db, *[req(("alice", "bob", 1), description="ä")] * 200)
    await stamp_all(db)
    return api


async def test_the_trial_balance(paying: Api, db: asyncpg.Connection) -> None:
    proof = await paying.read(PROOF)
    leaves = [merkle.leaf(body) for body in await bodies(db)]
    assert proof == {
        "ledger": "main",
        "assets": [{"asset": "USD", "sum": 0, "held": 5, "wallets": 3, "entries": 1202}],
        "entries": 1202,
        "log": {
            "origin": "example.com/wallets/main",
            "vkey": VKEY,
            "size": 602,
            "root": base64.b64encode(merkle.root(leaves)).decode(),
        },
        "verified": None,
    }
    text = await paying.client.get(PROOF, headers={"Zerosum-Amounts": "string"})
    assert text.json()["assets"][0]["sum"] == "0"


async def test_the_proof_says_when_the_ledger_was_verified(
    api: Api, db: asyncpg.Connection
) -> None:
    for seq, faults in ((5, 0), (6, 2)):
        await db.execute("select zerosum.record_verification(1, $1, $2)", seq, faults)
        verified = (await api.read(PROOF))["verified"]
        assert (verified["seq"], verified["faults"]) == (seq, faults)
    assert verified["at"].endswith("Z")


async def test_an_empty_ledger_has_a_proof_too(api: Api) -> None:
    proof = await api.read(PROOF)
    assert (proof["assets"], proof["entries"], proof["log"]["size"]) == ([], 0, 0)
    checkpoint = open_checkpoint((await api.get(f"{PROOF}/checkpoint")).text, VKEY)
    assert (checkpoint.size, checkpoint.root) == (0, merkle.root([]))


async def test_the_checkpoint_is_a_signed_note(paying: Api, db: asyncpg.Connection) -> None:
    answer = await paying.get(f"{PROOF}/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    checkpoint = open_checkpoint(answer.text, VKEY)
    leaves = [merkle.leaf(body) for body in await bodies(db)]
    assert (checkpoint.origin, checkpoint.size) == ("example.com/wallets/main", 602)
    assert checkpoint.root == merkle.root(leaves)


async def test_an_event_is_proved_to_be_in_the_log(paying: Api, db: asyncpg.Connection) -> None:
    events = await bodies(db)
    for seq in (1, 256, 257, 600, 602):
        answer = await paying.get(f"{PROOF}/events/{seq}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        body, index, checkpoint = check_bundle(answer.text, VKEY)
        assert (body, index, checkpoint.size) == (events[seq - 1], seq - 1, 602)
        assert check_bundle(answer.text, VKEY, body)[1] == index
        with pytest.raises(BadNote, match="not in the log"):
            check_bundle(answer.text, VKEY, events[seq - 2])
    assert (await paying.get(f"{PROOF}/events/603")).status_code == 404


async def test_inclusion_and_consistency(paying: Api, db: asyncpg.Connection) -> None:
    leaves = [merkle.leaf(body) for body in await bodies(db)]
    now = await paying.read(f"{PROOF}/inclusion?seq=300")
    assert now["size"] == 602
    path = [base64.b64decode(hash_) for hash_ in now["hashes"]]
    assert root_of(leaves[299], 299, 602, path) == merkle.root(leaves)
    then = await paying.read(f"{PROOF}/inclusion?seq=300&size=300")
    assert then["hashes"] == [
        base64.b64encode(hash_).decode() for hash_ in merkle.path(299, leaves[:300])
    ]
    grown = await paying.read(f"{PROOF}/consistency?old_size=300")
    assert grown == {
        "old_size": 300,
        "size": 602,
        "hashes": [base64.b64encode(h).decode() for h in merkle.consistency(300, leaves)],
    }
    for query, code in (
        ("inclusion", "invalid_parameter"),
        ("inclusion?seq=0", "invalid_parameter"),
        ("inclusion?seq=603", "not_found"),
        ("inclusion?seq=5&size=4", "not_found"),
        ("inclusion?seq=5&size=603", "not_found"),
        ("consistency", "invalid_parameter"),
        ("consistency?old_size=5&size=4", "not_found"),
        ("consistency?old_size=5&size=603", "not_found"),
    ):
        assert (await paying.get(f"{PROOF}/{query}")).json()["code"] == code, query


async def test_tiles(paying: Api, db: asyncpg.Connection) -> None:
    leaves = [merkle.leaf(body) for body in await bodies(db)]
    for path, hashes in (
        ("0/000", leaves[:256]),
        ("0/001", leaves[256:512]),
        ("0/002.p/90", leaves[512:]),
        ("0/002.p/1", leaves[512:513]),
        ("0/001.p/200", leaves[256:456]),
        ("1/000.p/2", [merkle.root(leaves[:256]), merkle.root(leaves[256:512])]),
    ):
        answer = await paying.get(f"{PROOF}/tile/{path}")
        assert answer.content == b"".join(hashes), path
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
    for path in (
        "0/002",
        "0/002.p/91",
        "0/003.p/1",
        "1/000",
        "1/000.p/3",
        "2/000.p/1",
        "64/000.p/1",
        "0/x000/001",
        "0/1",
        "0/001.p/0",
        "0/001.p/01",
        "0/001.p/256",
        "0/001.p/",
        "0/x001/x001",
        "0/001/",
        "0/-01",
        "63/999",
        f"0/{'x999/' * 5}999",
    ):
        assert (await paying.get(f"{PROOF}/tile/{path}")).status_code == 404, path


async def test_entry_bundles(paying: Api, db: asyncpg.Connection) -> None:
    events = await bodies(db)
    for path, expected in (
        ("000", events[:256]),
        ("001.p/3", events[256:259]),
        ("002.p/90", events[512:]),
    ):
        for encoding in ("identity", "gzip"):
            answer = await paying.client.get(
                f"{PROOF}/tile/entries/{path}", headers={"Accept-Encoding": encoding}
            )
            rest, found = answer.content, []
            while rest:
                size = int.from_bytes(rest[:2])
                found.append(rest[2 : 2 + size])
                rest = rest[2 + size :]
            assert found == expected
            assert ("content-encoding" in answer.headers) == (encoding == "gzip")
    assert (await paying.get(f"{PROOF}/tile/entries/002")).status_code == 404


async def test_entries_of_every_length(api: Api, db: asyncpg.Connection) -> None:
    """The length is two bytes without a sign."""
    await api.wallets("alice")
    body = "ä" + "x" * 65_530
    await db.execute(
        "insert into ledger.events (ledger_id, seq, recorded_at, id, type, leaf, body)"
        " values (1, 1, now(), gen_random_uuid(), 'x', sha256('\\x00' || convert_to($1, 'UTF8')), $1)",
        body,
    )
    answer = await api.get(f"{PROOF}/tile/entries/000.p/1")
    assert answer.content == (65_532).to_bytes(2) + body.encode()


async def test_paths_of_tiles_in_a_large_log(api: Api, db: asyncpg.Connection) -> None:
    assert tile_path(1234067) == "x001/x234/067"
    assert tile_path(5) == "005"
    leaves = await logged(db, 256_300)
    answer = await api.get(f"{PROOF}/tile/0/x001/001.p/44")
    assert answer.content == b"".join(leaves[256_256:])
    assert (await api.get(f"{PROOF}/tile/2/000.p/3")).content[64:] == merkle.root(
        leaves[2 * 65_536 : 3 * 65_536]
    )


async def test_without_a_key_nothing_is_signed(paying: Api) -> None:
    paying.app.services.log_key = None
    log = (await paying.read(PROOF))["log"]
    assert (log["origin"], log["vkey"], log["size"]) == (None, None, 602)
    for path in ("checkpoint", "events/1"):
        answer = await paying.get(f"{PROOF}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_log_key")
    assert (await paying.get(f"{PROOF}/tile/0/000")).status_code == 200


async def test_a_key_reads_the_log_of_its_own_ledger(paying: Api, db: asyncpg.Connection) -> None:
    for path in ("", "/checkpoint", "/tile/0/000", "/tile/entries/000", "/inclusion?seq=1"):
        answer = await paying.client.get(PROOF + path, headers={"Authorization": "Bearer zs_wrong"})
        assert answer.status_code == 401


def test_notes_that_do_not_hold() -> None:
    note = LOG_KEY.checkpoint("main", 7, bytes(32))
    assert open_checkpoint(note, VKEY).size == 7
    cosigned = note + "\N{EM DASH} witness.example " + base64.b64encode(b"x" * 72).decode() + "\n"
    assert open_checkpoint(cosigned, VKEY).size == 7
    other = LogKey(LOG_KEY.private, "example.com/other").vkey("main")
    signature = note.split()[-1]
    for bad, key in (
        (note.replace("\n7\n", "\n8\n"), VKEY),
        (note.replace("\n7\n", "\n07\n"), VKEY),
        (note, other),
        (note.rstrip("\n"), VKEY),
        (note + "more", VKEY),
        (note.replace(signature, "!"), VKEY),
        (
            note.replace(
                signature, signature[:8] + ("A" if signature[8] != "A" else "B") + signature[9:]
            ),
            VKEY,
        ),
        (note.replace("\n7\n", "\n7\t\n"), VKEY),
        (note.split("\n\n")[0], VKEY),
        ("", VKEY),
        (note, VKEY.replace("+", "-")),
        (note, VKEY[:-5]),
        (note, VKEY.replace("main+", "main+0")),
    ):
        with pytest.raises(BadNote):
            open_checkpoint(bad, key)
    name, id_, public = parse_vkey(VKEY)
    assert (name, len(id_), len(public)) == ("example.com/wallets/main", 4, 32)


def test_bundles_that_do_not_hold() -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(7)]
    note = LOG_KEY.checkpoint("main", 7, merkle.root(leaves))
    proof = bundle(4, merkle.path(4, leaves), note)
    assert check_bundle(proof, VKEY, bytes([4]))[1] == 4
    assert check_bundle(bundle(4, merkle.path(4, leaves), note, bytes([4])), VKEY)[:2] == (b"\4", 4)
    for without in (proof, bundle(4, merkle.path(4, leaves), note, bytes([5]))):
        with pytest.raises(BadNote):
            check_bundle(without, VKEY)
    extra = proof.replace("\nindex", "\nextra AAAA\nindex")
    assert check_bundle(extra, VKEY, bytes([4]))[1] == 4
    lines = proof.split("\n")
    for bad in (
        proof.replace("index 4", "index 5"),
        proof.replace("index 4", "index 7"),
        proof.replace("index 4", "index 04"),
        proof.replace("@v1", "@v2"),
        "\n".join(lines[:2] + lines[3:]),
        "\n".join([*lines[:3], lines[2], *lines[3:]]),
        "\n".join([*lines[:2], "AAAA", *lines[3:]]),
        "",
        note,
    ):
        with pytest.raises(BadNote):
            check_bundle(bad, VKEY, bytes([4]))


def test_every_growth_of_small_trees_is_proved() -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(24)]
    states = [Checkpoint("o", size, merkle.root(leaves[:size])) for size in range(25)]
    for new in states:
        for old in states[: new.size + 1]:
            path = merkle.consistency(old.size, leaves[: new.size]) if old.size else []
            check_growth(old, new, path)
            for wrong in ([*path, bytes(32)], path[:-1], [bytes(32), *path[1:]], path[::-1]):
                if wrong != path:
                    with pytest.raises(BadNote):
                        check_growth(old, new, wrong)
            if old.size > 0:
                with pytest.raises(BadNote):
                    check_growth(Checkpoint("o", old.size, bytes(32)), new, path)
        with pytest.raises(BadNote):
            check_growth(Checkpoint("p", new.size, new.root), new, [])
    with pytest.raises(BadNote):
        check_growth(states[5], states[4], [])


def test_every_path_of_small_trees_leads_to_the_root() -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(40)]
    for size in range(1, 41):
        for index in range(size):
            path = merkle.path(index, leaves[:size])
            assert root_of(leaves[index], index, size, path) == merkle.root(leaves[:size])
            for wrong in ([*path, bytes(32)], path[:-1]):
                if wrong != path:
                    with pytest.raises(BadNote):
                        root_of(leaves[index], index, size, wrong)
