"""What this machine has, as a board file: every driver looks, and what it finds is written down with comments.

Nothing is written to the machine, and no I2C bus is probed: a read at a wrong address can upset a chip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hal import registry
from hal.errors import PortError
from hal.finding import Finding, slug
from hal.ports.files import FileTree
from hal.reading import Channel

ROOTS = {"sys": "/sys", "proc": "/proc", "dev": "/dev"}  # the trees of a Linux machine, by the names of their ports

HEAD = """\
# What the kernel of this machine offers, as `hal scan` found it. It loads as it stands: `hal read --board FILE`.
# Fill in before you fly on it:
#   low, high        what the quantity can be, not what it should be; a value outside is refused. Usual ones stand here.
#   max_rate_per_s   the fastest credible change: a silent channel is extrapolated at it
#   worst            the direction of harm, "low" or "high"; left out where there is none
#   owner            "payload", or "host" where the spacecraft owns it: `hal test` does not set what the host owns
"""


def scan(trees: Mapping[str, FileTree]) -> tuple[Finding, ...]:
    """What the drivers find in the trees `sys`, `proc` and `dev`, in the registry's order, with names of their own."""
    found = [
        finding
        for name in registry.DRIVERS
        for look in [getattr(registry.driver(name), "scan", None)]
        if look is not None
        for tree, files in trees.items()
        for finding in look(files)
        if finding.port == tree
    ]
    return tuple(_named(found))


def board_text(name: str, found: Iterable[Finding], buses: Iterable[str] = ()) -> str:
    """The board file of what was found; `buses` are I2C buses, named in a comment alone."""
    findings = tuple(found)
    blocks = [f"{HEAD}name = {_value(name)}"]
    blocks += [
        f'[ports.{port}]\nkind = "files"\nroot = {_value(root)}'
        for port, root in ROOTS.items()
        if any(finding.port == port for finding in findings)
    ]
    blocks += [block for finding in findings for block in _blocks(finding)]
    if buses:
        listed = ", ".join(buses)
        blocks.append(
            f"# I2C buses, not probed: {listed}. Name their chips by hand, as hal/boards/satellite.toml does."
        )
    return "\n\n".join(blocks) + "\n"


def i2c_buses(trees: Mapping[str, FileTree]) -> tuple[str, ...]:
    """The I2C buses of the tree `dev`, where it is given."""
    try:
        return trees["dev"].glob("i2c-*") if "dev" in trees else ()
    except PortError:
        return ()


def _named(found: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, with names that stand once among parts, and once among channels."""
    parts: set[str] = set()
    channels: set[str] = set()
    for finding in found:
        renamed = {
            role: replace(channel, name=_once(channel.name, channels)) for role, channel in finding.channels.items()
        }
        yield replace(finding, name=_once(slug(finding.name), parts), channels=renamed)


def _once(name: str, taken: set[str]) -> str:
    number = 2
    once = name
    while once in taken:
        once, number = f"{name}_{number}", number + 1
    taken.add(once)
    return once


def _blocks(finding: Finding) -> Iterator[str]:
    """The tables of a device and its channels, or of an actuator."""
    table = "device" if finding.channels else "actuator"
    lines = [f"[[{table}]]  # {finding.about}"]
    rows: dict[str, str | int | float] = {"name": finding.name, "driver": finding.driver, "port": finding.port}
    if table == "actuator":
        rows["owner"] = finding.owner
    yield "\n".join([*lines, *_rows({**rows, **finding.options})])
    for role, channel in finding.channels.items():
        yield "\n".join([f"[device.channels.{role}]", *_rows(_channel(channel))])


def _channel(channel: Channel) -> dict[str, str | int | float]:
    """The fields of a channel that a board file should show: all but defaults that say nothing."""
    rows: dict[str, str | int | float] = {
        "name": channel.name,
        "unit": channel.unit,
        "low": channel.low,
        "high": channel.high,
        "max_rate_per_s": channel.max_rate_per_s,
    }
    if channel.worst:
        rows["worst"] = channel.worst
    if channel.period_s != 1.0:
        rows["period_s"] = channel.period_s
    if channel.source:
        rows["source"] = channel.source
    return rows | {"owner": channel.owner}


def _rows(rows: Mapping[str, str | int | float]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in rows.items()]


def _value(value: str | int | float) -> str:
    """A TOML value; texts of files may hold anything, so what is not plain is escaped."""
    if not isinstance(value, str):
        return repr(value)
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in plain) + '"'
