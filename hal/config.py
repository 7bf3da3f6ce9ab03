"""Typed configuration: a TOML table becomes a frozen dataclass, or an error that names file, key and cure."""

from __future__ import annotations

import dataclasses
import tomllib
import types
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class ConfigError(Exception):
    """A configuration file that cannot be used; `file` and `key` say where."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a TOML file; raises ConfigError when it cannot be read or parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path.name, "", f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path.name, "", f"is not TOML: {error}") from error


def build(cls: type[T], table: object, file: str, key: str = "") -> T:
    """A `cls` (a dataclass) from a TOML table; nested dataclasses, tuples and dicts of them follow their hints.

    Raises ConfigError for an unknown or missing key, a wrong type, or a ValueError of the class's own checks.
    """
    if not isinstance(table, dict):
        raise ConfigError(file, key, f"must be a table, is {type(table).__name__}")
    hints = get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name in table:
        if name not in fields:
            raise ConfigError(file, _join(key, name), f"unknown key; accepted here: {', '.join(sorted(fields))}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _convert(hints[name], table[name], file, _join(key, name))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(file, _join(key, name), "is missing")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(file, key, str(error)) from error


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _convert(hint: Any, value: Any, file: str, key: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _convert(next(arg for arg in get_args(hint) if arg is not type(None)), value, file, key)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, file, key)  # type: ignore[arg-type]
    if origin is tuple:
        return _convert_list(get_args(hint), value, file, key)
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(file, key, f"must be a table, is {type(value).__name__}")
        return {name: _convert(get_args(hint)[1], item, file, _join(key, name)) for name, item in value.items()}
    return _convert_scalar(hint, value, file, key)


def _convert_list(args: tuple[Any, ...], value: Any, file: str, key: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ConfigError(file, key, f"must be a list, is {type(value).__name__}")
    if args[-1] is Ellipsis:
        return tuple(_convert(args[0], item, file, f"{key}[{index}]") for index, item in enumerate(value))
    if len(value) != len(args):
        raise ConfigError(file, key, f"must have {len(args)} items, has {len(value)}")
    return tuple(
        _convert(arg, item, file, f"{key}[{index}]") for index, (arg, item) in enumerate(zip(args, value, strict=True))
    )


def _convert_scalar(hint: Any, value: Any, file: str, key: str) -> Any:
    if hint is Any or hint is object:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    wanted = getattr(hint, "__name__", str(hint))
    raise ConfigError(file, key, f"must be {wanted}, is {type(value).__name__} {value!r}")
