"""``efface completion``: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from efface.cli.output import emit, json_option

WHERE = {
    "bash": 'eval "$(efface completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(efface completion zsh)" in ~/.zshrc',
    "fish": "efface completion fish > ~/.config/fish/completions/efface.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(sorted(WHERE)))
@json_option
@click.pass_context
def completion(context: click.Context, shell: str, as_json: str | None) -> None:
    """Print the completion script for SHELL.

    bash: eval "$(efface completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: into
    ~/.config/fish/completions/efface.fish."""
    kind = get_completion_class(shell)
    assert kind is not None
    if shell == "bash":
        # The class asks the bash that runs here for its version; the script is the same, whichever it is.
        kind = type("Bash", (kind,), {"_check_version": staticmethod(lambda: None)})
    script = kind(context.find_root().command, {}, "efface", "_EFFACE_COMPLETE").source()
    emit({"shell": shell, "script": script, "install": WHERE[shell]}, as_json, lambda: click.echo(script))
