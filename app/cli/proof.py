"""`zerosum proof …`: create and check keys, checkpoints and proofs of a ledger's log."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TextIO

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, tell, wants_json
from app.cli.terminal import NUMBER, in_ledger, ledger_option, with_ledger
from app.host.secret_files import ensure_log_key
from app.settings import read_settings
from app.transparency.ledger_log import event_proof
from app.transparency.proofs import check_bundle, check_growth
from app.transparency.signed_notes import BadNote, LogKey, decoded, encoded, open_checkpoint


@click.group()
def proof() -> None:
    """The log of events: prove what is in it."""


@proof.command("key", epilog=examples("proof key"))
@json_option
def make_key() -> None:
    """Draw a key that signs checkpoints, for ZEROSUM_LOG_KEY, and print it."""
    key = encoded(secrets.token_bytes(32))
    tell({"key": key}, key)


@proof.command("vkey", epilog=examples("proof vkey > shop.vkey"))
@json_option
@ledger_option
def print_vkey(ledger: str) -> None:
    """Print the public key of the ledger's log, for whoever checks it."""
    key = log_key()
    (state,) = in_ledger(ledger, "log_state")
    vkey = key.vkey(state["name"])
    tell({"vkey": vkey}, vkey)


@proof.command("checkpoint", epilog=examples("proof checkpoint > monday.checkpoint"))
@json_option
@ledger_option
def print_checkpoint(ledger: str) -> None:
    """Print the log as it is now, a signed note."""
    (state,) = in_ledger(ledger, "log_state")
    note = log_key().checkpoint(state["name"], state["size"], state["root"])
    tell({"checkpoint": note, "size": state["size"]}, note.removesuffix("\n"))


@proof.command("event", epilog=examples("proof event 17 > 17.proof"))
@json_option
@ledger_option
@click.argument("seq", type=NUMBER)
def prove_event(ledger: str, seq: int) -> None:
    """Prove that the event SEQ is in the log: print the event, its path and a signed checkpoint
    (C2SP tlog-proof)."""
    key = log_key()

    async def work(conn: asyncpg.Connection, number: int) -> str | None:
        return await event_proof(conn, number, seq, key)

    text = with_ledger(ledger, work)
    if text is None:
        raise click.ClickException(f"the log of {ledger} has no event {seq} yet")
    tell({"proof": text}, text.removesuffix("\n"))


@proof.command("check", epilog=examples('proof check --vkey "$(cat shop.vkey)" 17.proof'))
@json_option
@click.option("--vkey", required=True, help="The log's public key, as you know it from before.")
@click.option("--event", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def check(file: Path, event: Path | None, vkey: str) -> None:
    """Check the proof in FILE: of the event in it, or of one that you have, byte for byte."""
    try:
        body, index, checkpoint = check_bundle(
            file.read_text(), vkey, None if event is None else event.read_bytes()
        )
    except (BadNote, UnicodeDecodeError) as error:
        raise click.ClickException(f"not proved: {error}") from None
    if wants_json():
        told = {"event": body.decode(), "seq": index + 1, "size": checkpoint.size}
        tell({**told, "origin": checkpoint.origin}, "")
        return
    click.echo(body.decode())
    where = f"is event {index + 1} of {checkpoint.size} in the log {checkpoint.origin}"
    click.echo(where, err=True)


@proof.command(
    "grew",
    epilog=examples(
        'proof grew --vkey "$(cat shop.vkey)" monday.checkpoint friday.checkpoint answer.json'
    ),
)
@json_option
@click.option("--vkey", required=True, help="The log's public key, as you know it from before.")
@click.argument("old", type=click.File())
@click.argument("new", type=click.File())
@click.argument("answer", type=click.File())
def check_grew(old: TextIO, new: TextIO, answer: TextIO, vkey: str) -> None:
    """Check that the log of the checkpoint NEW begins with that of OLD, by ANSWER, the answer of
    /v1/proof/consistency."""
    try:
        older, newer = (open_checkpoint(note.read(), vkey) for note in (old, new))
        check_growth(older, newer, [decoded(text) for text in json.load(answer)["hashes"]])
    except (BadNote, ValueError, LookupError, TypeError) as error:
        raise click.ClickException(f"not proved: {error}") from None
    tell(
        {"origin": newer.origin, "from": older.size, "to": newer.size},
        f"{newer.origin} went on from {older.size} to {newer.size}",
    )


def log_key() -> LogKey:
    key = ensure_log_key(read_settings(os.environ))
    if key is None:
        raise click.ClickException("set ZEROSUM_LOG_KEY; zerosum proof key makes one")
    return key
