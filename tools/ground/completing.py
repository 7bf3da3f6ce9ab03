"""What the shell offers while a command is typed: names, arguments and labels of the dictionary, with their meaning.

zsh and fish hand over `mode=SA` as one word; bash splits it at `=` and takes the part behind it.
"""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from fsw.catalogue.commands import COMMAND_BY_NAME, COMMANDS, CommandRow
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.rows import Field, Wire
from fsw.catalogue.structures import STRUCTURES

Items = list[CompletionItem]


def commands(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Names of commands."""
    return _matching(((row.name, row.meaning) for row in COMMANDS), incomplete)


def parameters(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Names of parameters and structures."""
    found = [(row.name, f"structure of {len(row.parameters)}") for row in STRUCTURES]
    return _matching([*found, *((row.name, row.meaning) for row in PARAMETER_BY_NAME.values())], incomplete)


def arguments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Arguments of the command that was named, and what they can be."""
    row = COMMAND_BY_NAME.get(str(context.params.get("name")))
    if row is None:
        return []
    typed = [str(word) for word in context.params.get("arguments") or ()]
    if not incomplete and typed and any(field.name == typed[-1] for field in row.fields):
        return _values(row, typed[-1], "", "")  # bash, right behind the sign, which click takes away
    if typed[-1:] == ["="] and len(typed) > 1:
        return _values(row, typed[-2], incomplete, "")
    name, separator, value = incomplete.partition("=")
    if separator:
        return _values(row, name, value, f"{name}=")
    given = {word.partition("=")[0] for word in typed}
    return [CompletionItem(f"{field.name}=") for field in _unnamed(row, given) if field.name.startswith(incomplete)]


def _unnamed(row: CommandRow, given: set[str]) -> list[Field]:
    return [field for field in row.fields if field.name not in given]


def _values(row: CommandRow, name: str, value: str, prefix: str) -> Items:
    field = next((field for field in row.fields if field.name == name), None)
    if field is None:
        return []
    return _matching(((f"{prefix}{word}", about) for word, about in _choices(row, field)), f"{prefix}{value}")


def _choices(row: CommandRow, field: Field) -> Iterable[tuple[str, str]]:
    match field.wire:
        case Wire.LABEL:
            return ((label, field.meaning or field.name) for label in field.labels)
        case Wire.PARAMETER | Wire.PARAMETERS:
            found = PARAMETER_BY_NAME.values()
            return ((each.name, each.meaning) for each in found if each.is_settable or row.name != "set_parameter")
        case Wire.EVENT | Wire.EVENTS:
            return ((name, each.severity.name.lower()) for name, each in EVENT_BY_NAME.items())
        case Wire.COMMAND:
            return ((each.name, each.meaning) for each in COMMANDS)
        case Wire.STRUCTURE:
            return ((each.name, f"{len(each.parameters)} parameters") for each in STRUCTURES)
        case _:
            return ()


def _matching(found: Iterable[tuple[str, str]], incomplete: str) -> Items:
    return [CompletionItem(name, help=about) for name, about in found if name.startswith(incomplete)]
