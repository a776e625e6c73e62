#!/usr/bin/env python3
"""Check a ledger that `zerosum export` wrote, with nothing but Python's standard library and this
one file.

python3 check_export.py EXPORT [SIZE:ROOT ...]

Everything is derived again from the entries. Each transaction sums to zero for each asset. Each
wallet's balances and versions follow from one another and end at what the wallet says, within its
limits. Holds and reversals took no more than there was. Each transaction has one event, whose bytes
say what its entries say; of events that were purged only the leaves are there. The Merkle tree over
the events (RFC 6962) has the root that the export names, and at each SIZE given the ROOT (base64)
of a checkpoint that you kept.

The program prints each fault on a line and ends with 1; or it prints what was checked and ends with
0.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter, defaultdict
from hashlib import sha256
from typing import Any, TextIO

PARTS = (
    *("asset", "transaction", "hold", "reversed", "wallet", "purged", "event", "outbox"),
    "restoration",
)
MOVES_NOTHING = ("hold", "void")


class Tree:
    """An RFC 6962 tree that grows: the roots of its whole subtrees, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[tuple[int, bytes]] = []

    def add(self, body: bytes) -> None:
        self.add_leaf(sha256(b"\0" + body).digest())

    def add_leaf(self, leaf: bytes) -> None:
        node, height = leaf, 0
        while self.roots and self.roots[-1][0] == height:
            node, height = sha256(b"\1" + self.roots.pop()[1] + node).digest(), height + 1
        self.roots.append((height, node))
        self.size += 1

    def root(self) -> str:
        if not self.roots:
            return base64.b64encode(sha256(b"").digest()).decode()
        nodes = [node for _, node in self.roots]
        whole = nodes.pop()
        while nodes:
            whole = sha256(b"\1" + nodes.pop() + whole).digest()
        return base64.b64encode(whole).decode()


class Checker:
    def __init__(self, head: dict[str, Any], kept: dict[int, str]) -> None:
        self.head, self.kept = head, kept
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self.tree = Tree()
        self.scales: dict[str, int] = {}
        self.keys: set[str] = set()
        # What the event of each transaction must say, until it has come.
        self.told: dict[int, bytes] = {}
        # The version, balance and asset of each wallet so far, and entries that came before those
        # that they follow.
        self.ends: dict[str, tuple[int, int, str]] = {}
        self.early: dict[str, dict[int, Any]] = defaultdict(dict)
        self.sums: Counter[str] = Counter()
        # Each posting, for its reversals; and what captures and reversals moved, by what they refer
        # to.
        self.amounts: dict[tuple[int, int], int] = {}
        self.taken: Counter[int] = Counter()
        self.reversals: set[int] = set()
        self.holds: set[int] = set()
        self.voids: set[int] = set()
        self.held: Counter[str] = Counter()

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)

    def asset(self, line: dict[str, Any]) -> None:
        self.scales[line["code"]] = line["scale"]

    def transaction(self, line: dict[str, Any]) -> None:
        name, entries = f"transaction {line['id']}", line["entries"]
        self.expect(line["id"] not in self.told, f"{name} is there twice")
        self.expect(line["key"] not in self.keys, f"{name} has another's key")
        self.keys.add(line["key"])
        self.expect(bool(entries) != (line["kind"] in MOVES_NOTHING), f"{name}: a {line['kind']}?")
        sides = sorted(entries, key=lambda entry: (entry["posting"], entry["amount"]))
        pairs = list(zip(sides[::2], sides[1::2], strict=False))
        self.expect(len(sides) % 2 == 0, f"{name} has half a posting")
        for number, (debit, credit) in enumerate(pairs, 1):
            self.expect(
                debit["posting"] == credit["posting"] == number
                and debit["amount"] == -credit["amount"] < 0
                and debit["asset"] == credit["asset"],
                f"{name}: posting {number} is not a debit and a credit of one amount",
            )
            self.amounts[line["id"], number] = credit["amount"]
        for entry in entries:
            self.sums[entry["asset"]] += entry["amount"]
            self.entry(entry)
        if line["origin_id"] is not None:
            self.taken[line["origin_id"]] += sum(e["amount"] for e in entries if e["amount"] > 0)
            if line["kind"] == "reversal":
                self.reversals.add(line["origin_id"])
            if line["kind"] == "void":
                self.voids.add(line["origin_id"])
        if line["kind"] == "hold":
            self.holds.add(line["id"])
        told = [
            {name: entry[name] for name in ("wallet", "amount", "balance", "version")}
            for entry in sides
        ]
        details = [line[name] for name in ("id", "kind", "reference", "description", "metadata")]
        self.told[line["id"]] = digest([*details, told])

    def entry(self, entry: Any) -> None:
        """The entry follows the wallet's entry before it, or waits until that one has come."""
        wallet = entry["wallet"]
        version, balance, asset = self.ends.get(wallet, (0, 0, entry["asset"]))
        self.early[wallet][entry["version"]] = entry
        while (entry := self.early[wallet].pop(version + 1, None)) is not None:
            self.expect(
                entry["balance"] == balance + entry["amount"] and entry["asset"] == asset,
                f"wallet {wallet}: version {entry['version']} does not follow from the one before it",
            )
            version, balance = entry["version"], entry["balance"]
            self.ends[wallet] = version, balance, asset

    def hold(self, line: dict[str, Any]) -> None:
        name = f"hold {line['id']}"
        self.expect(
            line["id"] in self.holds, f"{name} is there twice, or was placed by no transaction"
        )
        self.holds.discard(line["id"])
        was_voided = line["id"] in self.voids
        self.expect((line["status"] == "voided") == was_voided, f"{name} is not {line['status']}")
        for posting in line["postings"]:
            self.held[posting["source"]] += posting["held"]
            self.expect(
                posting["held"] >= 0 and posting["captured"] + posting["held"] <= posting["amount"],
                f"{name}: more is captured and held than was placed",
            )
            self.expect(
                line["status"] == "pending" or posting["held"] == 0, f"{name} is settled, and holds"
            )
        captured = sum(posting["captured"] for posting in line["postings"])
        self.expect(captured == self.taken[line["id"]], f"{name}: captures moved another amount")

    def reversed(self, line: dict[str, Any]) -> None:
        number = line["transaction_id"]
        name = f"transaction {number}"
        for posting in line["postings"]:
            moved = self.amounts.get((number, posting["posting"]), 0)
            self.expect(posting["reversed"] <= moved, f"{name}: more is reversed than was moved")
        self.expect(number in self.reversals, f"{name} was not reversed")
        back = sum(posting["reversed"] for posting in line["postings"])
        self.expect(back == self.taken[number], f"{name}: reversals moved another amount")
        self.reversals.discard(number)

    def wallet(self, line: dict[str, Any]) -> None:
        name = f"wallet {line['id']}"
        version, balance, asset = self.ends.pop(line["id"], (0, 0, line["asset"]))
        self.expect(line["asset"] in self.scales, f"{name} has an unknown asset")
        self.expect(
            (line["version"], line["posted"], line["asset"]) == (version, balance, asset),
            f"{name} is not where its entries end",
        )
        self.expect(
            line["held"] == self.held.pop(line["id"], 0),
            f"{name}: its holds reserve another amount",
        )
        low, high = line["min_balance"], line["max_balance"]
        self.expect(
            (low is None or line["posted"] - line["held"] >= low - line["floor_debt"])
            and (high is None or line["posted"] <= high),
            f"{name} is outside of its limits",
        )

    def purged(self, line: dict[str, Any]) -> None:
        """Of purged events only the leaves are there, and which transaction each told."""
        name, hashes = f"purged events {line['number']}", bytes.fromhex(line["hashes"])
        told = line["transaction_ids"]
        self.expect(line["number"] * 256 == self.tree.size, f"{name} come too early or late")
        self.expect(len(hashes) == 256 * 32 and len(told) == 256, f"{name} are not 256")
        for at, transaction in enumerate(told):
            self.tree.add_leaf(hashes[at * 32 : at * 32 + 32])
            if transaction is not None:
                known = self.told.pop(transaction, None) is not None
                self.expect(known, f"{name} tell no transaction, or one twice: {transaction}")
            self.compare_root()

    def event(self, line: dict[str, Any]) -> None:
        self.tree.add(line["body"].encode())
        name, body = f"event {line['seq']}", json.loads(line["body"])
        self.expect(line["seq"] == self.tree.size, f"{name} is number {self.tree.size}")
        self.expect(
            (body["seq"], body["id"], body["type"], body["ledger"])
            == (line["seq"], line["id"], line["type"], self.head["ledger"]),
            f"{name}: its body is another's",
        )
        self.tells(name, line["transaction_id"], body["data"])
        self.compare_root()

    def compare_root(self) -> None:
        """The log had the root that somebody kept for this size, if somebody did."""
        if self.tree.size in self.kept:
            same = self.tree.root() == self.kept.pop(self.tree.size)
            self.expect(same, f"the log had another root at {self.tree.size}")

    def outbox(self, line: dict[str, Any]) -> None:
        self.tells(f"outbox {line['ord']}", line["transaction_id"], json.loads(line["payload"]))

    def tells(self, name: str, transaction: int | None, data: dict[str, Any]) -> None:
        if transaction is None:
            return
        expected = self.told.pop(transaction, None)
        members = [
            data.get(name)
            for name in ("id", "kind", "reference", "description", "metadata", "entries")
        ]
        self.expect(expected is not None, f"{name} is of no transaction, or the second of one")
        self.expect(expected in {None, digest(members)}, f"{name} does not tell its transaction")

    def end(self) -> None:
        for asset, total in self.sums.items():
            self.expect(total == 0, f"{asset} sums to {total}")
        for what, left in (
            ("a wallet that is missing has entries", self.ends),
            ("a wallet that is missing has holds", +self.held),
            ("no event tells the transaction", self.told),
            ("nothing counts what was reversed of transaction", self.reversals),
            ("a hold is missing", self.holds),
            ("there is no log of the size", self.kept),
            ("an entry follows none: wallet", [name for name, rest in self.early.items() if rest]),
        ):
            for one in left:
                self.expect(False, f"{what}: {one}")
        self.expect(
            (self.tree.size, self.tree.root()) == (self.head["size"], self.head["root"]),
            "the log has another size or root than the export tells",
        )


def digest(value: Any) -> bytes:
    return sha256(json.dumps(value, sort_keys=True).encode()).digest()


def check(source: TextIO, kept: dict[int, str]) -> Checker:
    head = json.loads(source.readline())
    if head["format"] != "zerosum-export@v1":
        raise ValueError("this is not an export")
    checker, place = Checker(head, kept), 0
    for text in source:
        line = json.loads(text)
        position = PARTS.index(line["part"])
        checker.expect(position >= place, f"a line of the part {line['part']} comes too late")
        place = position
        checker.counts[line["part"]] += 1
        getattr(checker, line["part"])(line)
    checker.end()
    return checker


def main() -> int:
    kept = {int(size): root for size, _, root in (text.partition(":") for text in sys.argv[2:])}
    with open(sys.argv[1]) as source:
        checker = check(source, kept)
    for fault in checker.faults:
        print(fault)
    counted = ", ".join(
        f"{checker.counts[part]} {part}s" for part in ("transaction", "wallet", "event")
    )
    print(f"{len(checker.faults)} faults" if checker.faults else "all is well", f"({counted})")
    return 1 if checker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
