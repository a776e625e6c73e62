"""`zerosum completion`: the lines that teach a shell to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from app.cli.examples import examples

COMPLETE = "_ZEROSUM_COMPLETE"  # The variable by which a shell asks.
SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        "completion bash > ~/.local/share/bash-completion/completions/zerosum",
        "completion fish > ~/.config/fish/completions/zerosum.fish",
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what a shell reads to complete commands.

    Commands, options and choices are completed by the Tab key.
    zsh: put `eval "$(zerosum completion zsh)"` into ~/.zshrc.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root()
    click.echo(kind(root.command, {}, "zerosum", COMPLETE).source())
