"""What the ground chose of telemetry: it outlives a restart (`fsw.keeping` keeps it)."""

from __future__ import annotations

from dataclasses import dataclass

from fsw.catalogue.wire import Value
from fsw.messages import ParameterSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A structure, or a trace, that the ground made. It is made disabled, as the standard wants (ST03)."""

    number: int
    is_trace: bool
    interval_ms: int
    parameters: tuple[str, ...]
    enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All of it; the default is what a mission starts with. `settings` are of the parameters that telemetry owns.

    `stopped` are (service, subtype) that are not forwarded, subtype 0 for a whole service; `time_rate` is the exponent
    of the time packets' interval, None for none.
    """

    created: tuple[Created, ...] = ()
    disabled_structures: tuple[int, ...] = ()
    disabled_events: tuple[str, ...] = ()
    stopped: tuple[tuple[int, int], ...] = ()
    time_rate: int | None = None
    settings: tuple[ParameterSet, ...] = ()


class Refused(Exception):
    """A command that cannot be carried out: a label of `fsw.catalogue.failures`, and the values that it takes."""

    def __init__(self, label: str, *values: float) -> None:
        super().__init__(label)
        self.label = label
        self.values = values


def listed(text: Value) -> tuple[str, ...]:
    """The items of a list as the dictionary writes it.

    >>> listed("soc,mode"), listed("")
    (('soc', 'mode'), ())
    """
    return tuple(item for item in str(text).split(",") if item)
