"""How a command ends that could not do its work: one sentence on standard error, and an exit
code."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import dataclass
from typing import Any

import asyncpg
import click

from app.cli.output import wants_json
from app.database.errors import DATABASE_ERRORS, is_away
from app.errors import CODES, Refusal, problem_body
from app.host.embedded import EmbeddedError
from app.host.migrate import EditedMigration, Unfit
from app.host.not_ready import CantConnect, NotReady
from app.setting_values import BadSetting

REFUSED, WRONG, AWAY, INTERRUPTED = 1, 2, 3, 130
# What a call meets in a database that no release, or an older one, has migrated.
NOT_MIGRATED = (
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedTableError,
)
CODES_TOLD = f"""\b
Exit codes:
  0    done
  {REFUSED}    refused, or a fault was found
  {WRONG}    a wrong option, argument or setting, or a database that does not fit
  {AWAY}    the database or the server does not answer; try again later
  {INTERRUPTED}  ended by Ctrl-C"""


class Unavailable(click.ClickException):
    """The server does not answer, for now."""

    exit_code = AWAY


@dataclass(frozen=True, slots=True)
class Ending:
    """code: of the exit. record: the sentence and its facts, for --json."""

    code: int
    sentence: str
    record: dict[str, Any]


def ending(error: BaseException) -> Ending | None:
    """Return how a command ends with this error; None: that is a fault of ours."""
    if isinstance(error, CantConnect):
        return simple(AWAY, "database_unavailable", str(error))
    if isinstance(error, BadSetting | EmbeddedError | EditedMigration | NotReady | Unfit):
        return simple(WRONG, "wrong_setting", str(error))
    if isinstance(error, Refusal):
        return refusal(error.code, error.facts)
    if isinstance(error, asyncpg.PostgresError):
        code = str(error.args[0])
        if (error.sqlstate or "").startswith("ZS") and code in CODES:
            return refusal(code, facts_of(error.detail))
        if isinstance(error, NOT_MIGRATED):
            todo = f"the database is not up to date ({error}): run zerosum migrate first"
            return simple(WRONG, "not_migrated", todo)
        if not is_away(error):
            return simple(REFUSED, "database_error", str(error).replace("\nDETAIL: ", ""))
    # (Any other OSError is of a file, such as a full disk below standard output.)
    if isinstance(error, DATABASE_ERRORS) and (
        not isinstance(error, OSError)
        or isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
    ):
        why = str(error) or type(error).__name__
        return simple(AWAY, "database_unavailable", f"the database is away: {why}")
    if isinstance(error, OSError):
        return simple(REFUSED, "file_error", str(error))
    return None


def simple(exit_code: int, code: str, sentence: str) -> Ending:
    return Ending(exit_code, sentence, {"code": code, "detail": sentence})


def facts_of(body: str | None) -> dict[str, Any]:
    """Return the facts of a refusal, which SQL spells as JSON with its code."""
    try:
        facts: dict[str, Any] = json.loads(body or "{}")
    except ValueError:
        facts = {}
    facts.pop("code", None)
    return facts


def refusal(code: str, facts: dict[str, Any]) -> Ending:
    """Return how a refusal by the ledger is told: as the API tells it."""
    problem = json.loads(problem_body(code, facts))
    return Ending(REFUSED, f"{problem['title']}. {problem['detail']} ({code})", problem)


class Guarded(click.Group):
    """A group whose commands end with a sentence and not with a traceback, where a person can mend
    what is wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # Of standard output: click ends quietly.
            raise
        except click.ClickException as error:
            if not wants_json():
                raise
            code = "wrong_use" if isinstance(error, click.UsageError) else "refused"
            click.echo(json.dumps({"code": code, "detail": error.format_message()}), err=True)
            sys.exit(error.exit_code)
        except Exception as error:
            found = ending(error)
            if found is None:
                raise
            told = json.dumps(found.record) if wants_json() else f"zerosum: {found.sentence}"
            click.echo(told, err=True)
            sys.exit(found.code)
