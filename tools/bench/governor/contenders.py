"""Who competes: the flight governor, and the policies that it must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fsw.govern.policies import Policy
from fsw.mission import Mission


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A policy by name; `governor` is laid over the mission's table, `policy` replaces the dispatcher's."""

    name: str
    governor: dict[str, Any] = field(default_factory=dict)
    policy: Callable[[Mission], Policy] | None = None
    plans: bool = False


FLIGHT = Contender(name="flight", plans=True)
HYSTERESIS = Contender(name="hysteresis", governor={"policy": "hysteresis"})
