"""`penumbra gnd completion`: what a shell has to read so that Tab knows the dictionary."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

NAME, VARIABLE = "penumbra", "_PENUMBRA_COMPLETE"
# Behind `mode=` comes its value, not a blank.
NO_BLANK = {
    "bash": ("    return 0\n", "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n    return 0\n"),
    "zsh": ("compadd -U -V", "compadd -U -S '' -V"),
    "fish": ("", ""),
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(NO_BLANK)))
def completion(shell: str) -> None:
    """Print the completion for a shell: commands, their arguments and labels, parameters.

    \b
    bash: penumbra gnd completion bash > ~/.local/share/bash-completion/completions/penumbra
    zsh:  penumbra gnd completion zsh > a file _penumbra in a folder of $fpath
    fish: penumbra gnd completion fish > ~/.config/fish/completions/penumbra.fish

    Example: penumbra gnd completion bash
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"this version of click has no completion for {shell}")
    script = found.source_template % found(click.Group(), {}, NAME, VARIABLE).source_vars()
    click.echo(script.replace(*NO_BLANK[shell]) if NO_BLANK[shell][0] else script)
