"""The command line, as click has it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from app.cli.examples import HEAD
from app.cli.main import cli


def block() -> str:
    return "\n".join(
        section(context) for context in commands(click.Context(cli, info_name="zerosum"))
    )


def commands(context: click.Context) -> Iterator[click.Context]:
    """Of every command that does something, in the order of the names."""
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(click.Context(found, info_name=name, parent=context))


def section(context: click.Context) -> str:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    text = inspect.cleandoc(command.help or "")
    told = f"### {context.command_path}\n\n{text}\n\n```text\n{' '.join(usage.split())}\n```\n"
    options = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and (record := parameter.get_help_record(context)) is not None
        and record[0] != "--help"
    ]
    for name, text in options:
        told += f"\n- `{name}`: {' '.join(text.split())}"
    if command.epilog:
        lines = inspect.cleandoc(command.epilog.removeprefix("\b\n")).splitlines()
        shown = "\n".join(line.strip() for line in lines if line != HEAD)
        told += ("\n" if options else "") + f"\n```text\n{shown}\n```\n"
    elif options:
        told += "\n"
    return told
