"""A constellation as layers: each a shell with the design of its satellites, from a TOML file.

A file has `[[shell]]` tables with the fields of `Shell`, and a `[design]` for all of them with the tables `array`,
`storage`, `load` and `heat` of `Design`. A shell may lay a `design` of its own over it. `scenario` names the scenario
whose payload, mission and demand fly where one satellite is flown by the flight software.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hal.config import ConfigError, build, read_toml
from sim.constellation.design import Design
from sim.constellation.shells import Shell

FILING = Path(__file__).parent / "filing.toml"
ACCEPTED = ("design", "scenario", "shell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A shell of satellites of one design."""

    shell: Shell
    design: Design = field(default_factory=Design)
    scenario: str = "default"


def load_layers(path: Path) -> tuple[Layer, ...]:
    """The layers of a file; raises ConfigError that names file and field."""
    table = read_toml(path)
    for name in table:
        if name not in ACCEPTED:
            raise ConfigError(path.name, name, f"unknown key; accepted here: {', '.join(ACCEPTED)}")
    rows = table.get("shell", [])
    if not isinstance(rows, list) or not rows:
        raise ConfigError(path.name, "shell", "must be at least one [[shell]] table")
    layers = tuple(_layer(table, row, path.name, f"shell[{number}]") for number, row in enumerate(rows))
    names = [layer.shell.name for layer in layers]
    if len(set(names)) < len(names):
        raise ConfigError(path.name, "shell", f"names must differ, are {', '.join(names)}")
    return layers


def _layer(table: dict[str, Any], row: Any, file: str, key: str) -> Layer:
    if not isinstance(row, dict):
        raise ConfigError(file, key, f"must be a table, is {type(row).__name__}")
    own = {name: value for name, value in row.items() if name not in ("design", "scenario")}
    scenario = row.get("scenario", table.get("scenario", "default"))
    if not isinstance(scenario, str):
        raise ConfigError(file, f"{key}.scenario", f"must be str, is {type(scenario).__name__}")
    design = _over(table.get("design", {}), row.get("design", {}))
    design_key = f"{key}.design" if "design" in row else "design"
    shell = build(Shell, own, file, key)
    return Layer(shell=shell, design=build(Design, design, file, design_key), scenario=scenario)


def _over(lower: Any, upper: Any) -> Any:
    """`upper` laid over `lower`, table by table."""
    if not (isinstance(lower, dict) and isinstance(upper, dict)):
        return upper
    return {**lower, **{name: _over(lower.get(name), value) for name, value in upper.items()}}


def with_total(layers: tuple[Layer, ...], satellites: int) -> tuple[Layer, ...]:
    """The layers with exactly `satellites` in all, shared as they are now by largest remainders; none is left empty."""
    total = sum(layer.shell.satellites for layer in layers)
    if satellites == total:
        return layers
    if satellites < 1:
        raise ValueError(f"satellites must be at least 1, is {satellites}")
    # In whole numbers, so that no rounding decides: floor of the share, and what the floor leaves.
    shares = [divmod(layer.shell.satellites * satellites, total) for layer in layers]
    missing = satellites - sum(whole for whole, _ in shares)
    first = sorted(range(len(layers)), key=lambda index: (-shares[index][1], index))[:missing]
    counts = [whole + (index in first) for index, (whole, _) in enumerate(shares)]
    return tuple(
        replace(layer, shell=layer.shell.scaled(count)) for layer, count in zip(layers, counts, strict=True) if count
    )


def with_policy(layers: tuple[Layer, ...], follows: str) -> tuple[Layer, ...]:
    """The layers with another load policy."""
    return tuple(
        replace(layer, design=replace(layer.design, load=replace(layer.design.load, follows=follows)))
        for layer in layers
    )


def place_of(layers: tuple[Layer, ...], satellite: int) -> tuple[int, int]:
    """The layer and the index within it of a satellite counted through all layers."""
    left = satellite
    for number, layer in enumerate(layers):
        if 0 <= left < layer.shell.satellites:
            return number, left
        left -= layer.shell.satellites
    total = satellite - left
    raise ValueError(f"there is no satellite {satellite}; they are numbered 0 to {total - 1}")
