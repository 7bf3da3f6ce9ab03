"""What telemetry is expected to say: `temp_margin_c == 2.5degC`, `mode == SAFE and soc > 0.6`. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fsw.catalogue.parameters import PARAMETER_BY_NAME, ParameterRow
from fsw.catalogue.rows import Wire
from fsw.catalogue.wire import Value
from tools.ground.arguments import ArgumentError, find_name, parse_number
from tools.ground.decoder import Record, Samples
from tools.ground.output import shown

CLOSE = 1e-6  # relative: telemetry has single precision
_CONDITION = re.compile(r"\s*([\w-]+)\s*(==|!=|<=|>=|<|>)\s*(\S+)\s*\Z")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison; numbers are in the parameter's unit."""

    name: str
    relation: str
    bound: float | str

    def holds(self, value: Value) -> bool:
        """Whether a value is as wanted; equal numbers may differ by what single precision takes away."""
        if isinstance(value, str) or isinstance(self.bound, str):
            return (str(value) == str(self.bound)) == (self.relation == "==")
        if self.relation in _ORDER:
            return _ORDER[self.relation](float(value), self.bound)
        return math.isclose(float(value), self.bound, rel_tol=CLOSE) == (self.relation == "==")


class Predicate:
    """Conditions that all have to hold, and the newest values that were heard of their parameters."""

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        self.conditions = conditions
        self._heard: dict[str, tuple[int, Value]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, each once."""
        return tuple(dict.fromkeys(condition.name for condition in self.conditions))

    @property
    def is_met(self) -> bool:
        """True where every value is known and as wanted."""
        return all(item.name in self._heard and item.holds(self._heard[item.name][1]) for item in self.conditions)

    def take(self, record: Record) -> None:
        """Values of a record; those that are older by on-board time than what is known change nothing."""
        if not isinstance(record.content, Samples):
            return
        for sampled in record.content.values:
            known = self._heard.get(sampled.name)
            if (
                sampled.name in self.names
                and sampled.value is not None
                and (not known or known[0] <= record.generated_ns)
            ):
                self._heard[sampled.name] = (record.generated_ns, sampled.value)

    def forget(self) -> None:
        """What was heard was before."""
        self._heard.clear()

    def state(self) -> str:
        """What is not as wanted, for a person."""
        return "; ".join(self._state(item) for item in self.conditions if not self._is_met(item)) or "as expected"

    def _is_met(self, condition: Condition) -> bool:
        return condition.name in self._heard and condition.holds(self._heard[condition.name][1])

    def _state(self, condition: Condition) -> str:
        heard = shown(self._heard[condition.name][1]) if condition.name in self._heard else "not heard"
        bound = condition.bound if isinstance(condition.bound, str) else shown(condition.bound)
        return f"{condition.name} is {heard}, wanted {condition.relation} {bound}"


def parse_predicate(text: str) -> Predicate:
    """The conditions in `text`, joined by `and`; raises ArgumentError.

    >>> parse_predicate("Temp-Margin-C == 2500e-3degC and mode != safe").names
    ('temp_margin_c', 'mode')
    """
    return Predicate(tuple(_condition(part) for part in re.split(r"\s+and\s+", text.strip())))


def _condition(text: str) -> Condition:
    match = _CONDITION.match(text)
    if match is None:
        raise ArgumentError(f"{text!r} is no condition; typed are soc > 0.6, mode == SAFE, joined by and")
    typed, relation, bound = match.groups()
    row = PARAMETER_BY_NAME[find_name(typed, PARAMETER_BY_NAME, "parameter")]
    is_text = bool(row.labels) or row.wire is Wire.NAME
    if is_text and relation in _ORDER:
        raise ArgumentError(f"{row.name} is a word: it can be compared by == and != only")
    return Condition(name=row.name, relation=relation, bound=_bound(row, bound))


def _bound(row: ParameterRow, text: str) -> float | str:
    if row.labels:
        return find_name(text, row.labels, row.name)
    return text if row.wire is Wire.NAME else float(parse_number(text, row.unit))
