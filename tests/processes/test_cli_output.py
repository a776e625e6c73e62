"""What commands print to people and to programs, how they end, and what their help says."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import click
import pytest

from app.cli.examples import HEAD
from app.cli.main import cli
from app.cli.output import spelled
from tests.conftest import new_database
from tests.docs.generate.commands import commands
from tests.support.api import KEY
from tests.support.command import environment, run, zerosum
from tests.support.ledger import fund, post, req, stamp_all, wallets
from tests.support.until import until
from tests.support.webhooks import SECRET

# They print nothing of their own, speak a protocol, or print what a shell reads.
SILENT = {"serve", "relay", "mcp", "export", "completion"}


ALL = {one.command_path: one for one in commands(click.Context(cli, info_name="zerosum"))}


@pytest.mark.parametrize("path", ALL)
def test_every_command_has_examples_that_it_would_take(path: str) -> None:
    command = copy.copy(ALL[path].command)
    assert command.epilog
    lines = command.epilog.splitlines()
    assert lines[:2] == ["\b", HEAD]
    assert lines[2:]
    # The files that examples name are not here.
    command.params = [copy.copy(one) for one in command.params]
    for one in command.params:
        if isinstance(one.type, click.File | click.Path):
            one.type = click.STRING
    for line in lines[2:]:
        words = shlex.split(re.split(r" [|>] ", line)[0])
        assert " ".join(words).startswith(path)
        command.make_context(path, words[len(path.split()) :])


@pytest.mark.parametrize("path", ALL)
def test_every_command_that_prints_prints_json(path: str) -> None:
    options = {name for one in ALL[path].command.params for name in one.opts}
    assert ("--json" in options) == (path.removeprefix("zerosum ") not in SILENT)


@pytest.mark.slow
async def test_programs_get_json(db: asyncpg.Connection, database_url: str) -> None:
    """One object a line and nothing else, of each command, even where it is a sentence else."""
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 100)
    await stamp_all(db)
    lines = (
        "migrate",
        "verify",
        "ledgers create shop",
        "ledgers list",
        "keys create",
        "keys list",
        "keys revoke 1",
        "wallets create carol USD",
        "wallets list",
        "credit alice 5",
        "debit alice 1",
        "transfer alice bob 2",
        "hold alice bob 3",
        "holds",
        "proof key",
        "proof vkey",
        "proof checkpoint",
        "proof event 1",
        "sinks list",
        "top --once --interval 0.5",
        "demo",
    )
    for line in lines:
        arguments = (*line.split(), "--json")
        code, out, err = await run(database_url, *arguments, ZEROSUM_LOG_KEY="b" * 64)
        assert (code, err) == (0, ""), line
        told = [json.loads(one) for one in out.splitlines()]
        assert all(isinstance(one, dict) for one in told), line
        assert told or line == "sinks list", line


async def test_refusals_end_with_1_in_plain_words(
    db: asyncpg.Connection, database_url: str
) -> None:
    await wallets(db, ("alice", "bob"))
    transfer = ("transfer", "alice", "bob", "5")
    code, out, err = await run(database_url, *transfer)
    assert (code, out) == (1, "")
    assert re.fullmatch(r"zerosum: .*\. .* \(insufficient_funds\)\n", err)
    code, out, err = await run(database_url, *transfer, "--json")
    assert (code, out) == (1, "")
    assert json.loads(err)["code"] == "insufficient_funds"
    code, said = await zerosum(database_url, "wallets", "create", "alice", "EUR")
    assert (code, "(wallet_exists)" in said) == (1, True)
    code, said = await zerosum(database_url, "wallets", "create", "a b", "EUR")
    assert (code, "(invalid_wallet_id)" in said) == (1, True)


@pytest.mark.slow
async def test_what_is_wrong_ends_with_2_and_what_is_away_with_3(database_url: str) -> None:
    away = "postgresql://postgres@127.0.0.1:1/x"
    for code, url, line, settings in (
        (2, database_url, "credit alice 1.5", {}),
        (2, database_url, "credit alice", {}),
        (2, database_url, "nonsense", {}),
        (2, database_url, "migrate", {"PORT": "x"}),
        (3, away, "verify", {}),
        (3, away, "transfer a b 1 --key k", {}),
        (3, database_url, "listen --url http://127.0.0.1:1", {"ZEROSUM_API_KEY": KEY}),
    ):
        ended, out, err = await run(url, *line.split(), **settings)
        assert (ended, out) == (code, ""), (line, err)
        assert "Traceback" not in err
    for line in ("verify --ledger nil", "verify --since x", "keys revoke 9 --ledger nil"):
        ended, out, err = await run(database_url, *line.split(), "--json")
        assert (ended, out) == (2 if "since" in line else 1, "")
        assert json.loads(err).keys() == {"code", "detail"}
    ended, _, err = await run(away, "verify", "--json")
    assert (ended, json.loads(err)["code"]) == (3, "database_unavailable")


async def test_a_database_without_the_schema_says_what_to_run(server_url: str) -> None:
    async with new_database(server_url) as empty:
        for line in ("demo", "verify", "wallets list", "credit alice 5"):
            code, _, err = await run(empty, *line.split())
            assert (code, "run zerosum migrate first" in err) == (2, True), err


@pytest.mark.parametrize("moment", ["starts", "waits"])
async def test_ctrl_c_ends_with_130(db: asyncpg.Connection, database_url: str, moment: str) -> None:
    """While the command imports its modules, and while the command waits for a lock."""
    await db.execute("begin; lock table ledger.wallets")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "verify",
        env=environment(database_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

    async def imports() -> bool:
        return "/asyncpg/" in Path(f"/proc/{process.pid}/maps").read_text()  # noqa: ASYNC240

    # (A transaction sees one picture of pg_stat_activity only.)
    waits = (
        "select count(*) from pg_locks where not granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    await until(imports if moment == "starts" else lambda: db.fetchval(waits))
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
    await db.execute("rollback")


async def test_a_full_disk_is_not_called_the_database(database_url: str) -> None:
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m app export > /dev/full",
        env=environment(database_url),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode == 1
    assert "No space left" in err.decode()
    assert "database" not in err.decode()


async def test_a_reader_that_leaves_early_is_no_fault(
    db: asyncpg.Connection, database_url: str
) -> None:
    await wallets(db, tuple(f"w{n}" for n in range(900)))
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m app wallets list | head -1",
        env=environment(database_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (len(out.splitlines()), err) == (1, b"")


def on_a_terminal(url: str, *arguments: str) -> str:
    """Return what a person sees, as the terminal gets it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment(url), "TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(theirs)
        told = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Nobody has the other end any more.
                break
            told += part
        assert process.wait() == 0, told
    os.close(ours)
    return told.decode()


async def seen(url: str, *arguments: str) -> str:
    return await asyncio.to_thread(on_a_terminal, url, *arguments)


async def test_people_get_tables_and_bars(db: asyncpg.Connection, database_url: str) -> None:
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 5000)
    for _ in range(3):
        await post(db, *[req(("alice", "bob", 1))] * 100)
    await stamp_all(db)
    listed = (await seen(database_url, "wallets", "list")).splitlines()
    assert listed[0].split() == ["id", "asset", "posted", "held", "available", "status"]
    assert listed[2].split() == ["alice", "USD", "4700", "0", "4700", "open"]
    assert "bob has 301" in await seen(database_url, "transfer", "alice", "bob", "1")
    assert "no hold" in await seen(database_url, "holds")
    for line in (("verify",), ("migrate",), ("demo",), ("export",)):
        told = await seen(database_url, *line)
        assert "100%" in told, (line, told)
        assert "[####" in told


async def test_an_import_shows_how_far_it_is(
    db: asyncpg.Connection, database_url: str, template: str, server_url: str, tmp_path: Path
) -> None:
    await wallets(db, ("alice",))
    await fund(db, "alice", 10)
    await stamp_all(db)
    _, out, _ = await run(database_url, "export")
    file = tmp_path / "main.jsonl"
    file.write_text(out)
    async with new_database(server_url, template) as elsewhere:
        told = await seen(elsewhere, "import", str(file))
    assert "import main" in told
    assert "100%" in told
    assert "lines imported, all is well" in told


async def test_a_replay_is_begun_counted_and_followed(
    db: asyncpg.Connection, database_url: str
) -> None:
    await wallets(db, ("alice",))
    for _ in range(5):
        await fund(db, "alice", 1)
    await db.execute("select zerosum.create_endpoint(1, 'https://example.com', '{*}', $1)", SECRET)
    await stamp_all(db)
    await db.execute("update ledger.endpoints set sent_seq = 5")
    (endpoint,) = [row["id"] for row in await db.fetch("select id from ledger.endpoints")]
    counted = await run(
        database_url, "replay", str(endpoint), "--after-seq", "2", "--count", "--json"
    )
    assert (counted[0], json.loads(counted[1])) == (0, {"events": 3, "complete": True})
    told = await seen(database_url, "replay", str(endpoint), "--upto-seq", "4")
    assert re.search(r"Replay 1 is done: \d events\.", told), told
    for line, code in (
        (("9999",), 1),
        ((str(endpoint), "--source", "9999"), 1),
        ((str(endpoint), "--after-seq", "1", "--since", "2030-01-01T00:00:00Z"), 2),
        ((str(endpoint), "--types", "No!"), 2),
        ((str(endpoint), "--status", "lost"), 2),
    ):
        ended, said = await zerosum(database_url, "replay", *line)
        assert ended == code, said
        assert "Traceback" not in said


@pytest.mark.parametrize(("shell", "place"), [("bash", "3"), ("zsh", "3"), ("fish", "--sc")])
async def test_a_shell_completes_commands_and_options(
    database_url: str, shell: str, place: str
) -> None:
    """place: of the word that is typed, as each shell tells it."""
    _, script, _ = await run(database_url, "completion", shell)
    assert f"{shell}_complete" in script
    code, out, _ = await run(
        database_url,
        COMP_WORDS="zerosum keys create --sc",
        COMP_CWORD=place,
        _ZEROSUM_COMPLETE=f"{shell}_complete",
    )
    assert code == 0
    assert "--scope" in out


async def test_a_real_bash_completes(database_url: str) -> None:
    _, script, _ = await run(database_url, "completion", "bash")
    asked = (
        f"{script}\nCOMP_WORDS=(zerosum wallets cr); COMP_CWORD=2\n"
        f'_zerosum_completion {Path(sys.executable).with_name("zerosum")}; echo "${{COMPREPLY[@]}}"'
    )
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", asked, env=environment(database_url), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out == b"create\n"


def test_what_others_write_can_not_move_the_cursor() -> None:
    assert spelled("a\x1b[2Jb\nc\u202e") == "a\\x1b[2Jb\\nc\\u202e"
