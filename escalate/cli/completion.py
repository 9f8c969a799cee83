"""`escalate completion SHELL`: the script that completes verbs and flags."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from escalate.cli import options
from escalate.cli.output import emit
from escalate.errors import ExitCode

HOW = {
    "bash": "escalate completion bash > ~/.local/share/bash-completion/completions/escalate",
    "zsh": 'escalate completion zsh > "${fpath[1]}/_escalate"',
    "fish": "escalate completion fish > ~/.config/fish/completions/escalate.fish",
}
"""Where each shell looks for it."""


@click.command("completion", epilog="\b\n" + "\n".join(HOW.values()))
@click.argument("shell", type=click.Choice(list(HOW)))
@options.output_format
@click.pass_context
def command(ctx: click.Context, shell: str, output: str) -> int:
    """Print the completion script of SHELL; put it where the shell looks."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    script = kind(ctx.find_root().command, {}, "escalate", "_ESCALATE_COMPLETE").source()
    emit(output, {"schema": "escalate.completion/v1", "script": script, "install": HOW[shell]}, script)
    return ExitCode.DONE
