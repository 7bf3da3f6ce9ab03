"""Heat: five nodes (array, payload, battery, radiator, structure) that conduct, radiate and see Sun, albedo and Earth.

C dT/dt = load + alpha A (S nu cos + albedo) + eps A F IR - eps sigma A (T^4 - space^4) + sum G (T_j - T). Flows are
computed first and applied to both sides, so heat is conserved exactly; explicit steps of at most a second against a
fastest time constant of 20 s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from hal.constants import SPACE_TEMPERATURE_K, STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.ledger import check

LONGEST_STEP_S = 1.0  # a twentieth of the payload's time constant to the radiator
NODES = ("array", "payload", "battery", "radiator", "structure")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """One node: a lump of heat capacity with one radiating surface."""

    capacity_j_k: float
    area_m2: float = 0.0
    emissivity: float = 0.85
    absorptivity: float = 0.15
    sun_cosine: float = 0.0  # mean cosine of the Sun on the surface while it shines
    earth_view: float = 0.0  # view factor to the Earth's disc
    start_c: float = 20.0

    def __post_init__(self) -> None:
        if self.capacity_j_k <= 0.0:
            raise ValueError(f"capacity_j_k must be positive, is {self.capacity_j_k}")
        for name in ("emissivity", "absorptivity", "sun_cosine", "earth_view"):
            if not 0.0 <= getattr(self, name) <= 2.0:
                raise ValueError(f"{name} must be in 0..2 (2 for a plate seen from both sides)")


def _array() -> NodeConfig:
    """A square metre of panel: 4 kg of 900 J/(kg K); cells in front, both sides radiate and see the Earth edge-on."""
    return NodeConfig(
        capacity_j_k=3600.0, area_m2=1.0, emissivity=1.7, absorptivity=0.92, sun_cosine=1.0, earth_view=0.27
    )


def _payload() -> NodeConfig:
    return NodeConfig(capacity_j_k=700.0, start_c=25.0)


def _battery() -> NodeConfig:
    return NodeConfig(capacity_j_k=650.0)


def _radiator() -> NodeConfig:
    """With the payload 2,500 J/K; takes up about 16 W in the Sun and 8 W in the dark (white, 67 deg off the Sun)."""
    return NodeConfig(
        capacity_j_k=1800.0, area_m2=0.085, emissivity=0.85, absorptivity=0.15, sun_cosine=0.39, earth_view=0.467,
        start_c=25.0,
    )  # fmt: skip


def _structure() -> NodeConfig:
    """A body of 7 kg in foil with a window to space that balances the avionics near 18 C."""
    return NodeConfig(
        capacity_j_k=6000.0, area_m2=0.075, emissivity=0.8, absorptivity=0.2, sun_cosine=0.3, earth_view=0.3
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatConfig:
    """The network. The array node is given for one square metre and scaled to the array's area."""

    array: NodeConfig = field(default_factory=_array)
    payload: NodeConfig = field(default_factory=_payload)
    battery: NodeConfig = field(default_factory=_battery)
    radiator: NodeConfig = field(default_factory=_radiator)
    structure: NodeConfig = field(default_factory=_structure)
    payload_radiator_w_k: float = 25.0
    payload_structure_w_k: float = 0.05
    battery_structure_w_k: float = 1.0
    radiator_structure_w_k: float = 0.05
    array_structure_w_k: float = 0.05
    albedo: float = 0.30  # mean of the Earth; 0.20-0.40
    earth_infrared_w_m2: float = 237.0  # mean of the Earth (Knocke et al. 1988); 215-265


class _Surface:
    """A node's gains: watts for each W/m2 of Sun and albedo, watts of Earth heat, watts for each K^4 radiated."""

    __slots__ = ("absorbing_m2", "albedo_m2", "capacity_j_k", "constant_w", "radiated_w_k4", "sun_m2")

    def __init__(self, node: NodeConfig, scale: float, config: HeatConfig) -> None:
        self.capacity_j_k = node.capacity_j_k * scale if scale > 0.0 else 1.0
        absorbing_m2 = node.absorptivity * node.area_m2 * scale
        radiating_m2 = node.emissivity * node.area_m2 * scale
        self.absorbing_m2 = absorbing_m2
        self.sun_m2 = absorbing_m2 * node.sun_cosine
        self.albedo_m2 = absorbing_m2 * config.albedo * node.earth_view
        self.radiated_w_k4 = radiating_m2 * STEFAN_BOLTZMANN_W_M2K4
        earth_w = radiating_m2 * node.earth_view * config.earth_infrared_w_m2
        self.constant_w = earth_w + self.radiated_w_k4 * SPACE_TEMPERATURE_K**4


class Heat:
    """Temperatures in kelvin, and one step of them."""

    __slots__ = (
        "_array",
        "_battery",
        "_config",
        "_payload",
        "_radiator",
        "_structure",
        "array_k",
        "battery_k",
        "payload_k",
        "radiator_k",
        "structure_k",
    )

    def __init__(self, config: HeatConfig, array_area_m2: float) -> None:
        self._config = config
        self._array = _Surface(config.array, array_area_m2, config)
        self._payload = _Surface(config.payload, 1.0, config)
        self._battery = _Surface(config.battery, 1.0, config)
        self._radiator = _Surface(config.radiator, 1.0, config)
        self._structure = _Surface(config.structure, 1.0, config)
        self.array_k = config.array.start_c + ZERO_CELSIUS_K
        self.payload_k = config.payload.start_c + ZERO_CELSIUS_K
        self.battery_k = config.battery.start_c + ZERO_CELSIUS_K
        self.radiator_k = config.radiator.start_c + ZERO_CELSIUS_K
        self.structure_k = config.structure.start_c + ZERO_CELSIUS_K

    def stored_j(self) -> float:
        """Heat above absolute zero."""
        return (
            self._array.capacity_j_k * self.array_k
            + self._payload.capacity_j_k * self.payload_k
            + self._battery.capacity_j_k * self.battery_k
            + self._radiator.capacity_j_k * self.radiator_k
            + self._structure.capacity_j_k * self.structure_k
        )

    def turn_radiator(self, cosine: float) -> None:
        """Change the cosine of the radiator's angle to the Sun by this much."""
        self._radiator.sun_m2 += self._radiator.absorbing_m2 * cosine

    def environment_w(self, sun_w_m2: float, albedo_w_m2: float) -> float:
        """What payload and radiator take up from Sun, albedo and Earth."""
        return sum(
            node.constant_w + node.sun_m2 * sun_w_m2 + node.albedo_m2 * albedo_w_m2
            for node in (self._payload, self._radiator)
        )

    def step(
        self,
        seconds: float,
        sun_w_m2: float,
        albedo_w_m2: float,
        cells_w: float,
        payload_w: float,
        battery_w: float,
        structure_w: float,
        time_ns: int,
    ) -> None:
        """Advance with constant loads. `cells_w` leaves the array as electricity; raises LedgerError.

        Unrolled over the five nodes: a loop over nodes and links costs three times as much.
        """
        array, payload, battery = self._array, self._payload, self._battery
        radiator, structure, config = self._radiator, self._structure, self._config
        array_w = array.constant_w + array.sun_m2 * sun_w_m2 + array.albedo_m2 * albedo_w_m2 - cells_w
        payload_w += payload.constant_w + payload.sun_m2 * sun_w_m2 + payload.albedo_m2 * albedo_w_m2
        battery_w += battery.constant_w + battery.sun_m2 * sun_w_m2 + battery.albedo_m2 * albedo_w_m2
        radiator_w = radiator.constant_w + radiator.sun_m2 * sun_w_m2 + radiator.albedo_m2 * albedo_w_m2
        structure_w += structure.constant_w + structure.sun_m2 * sun_w_m2 + structure.albedo_m2 * albedo_w_m2
        entered_w = array_w + payload_w + battery_w + radiator_w + structure_w
        before_j = self.stored_j()
        count = 1 if seconds <= LONGEST_STEP_S else ceil(seconds / LONGEST_STEP_S)
        part_s = seconds / count
        a, p, b, r, s = self.array_k, self.payload_k, self.battery_k, self.radiator_k, self.structure_k
        left_w = 0.0
        for _ in range(count):
            payload_radiator_w = config.payload_radiator_w_k * (p - r)
            payload_structure_w = config.payload_structure_w_k * (p - s)
            battery_structure_w = config.battery_structure_w_k * (b - s)
            radiator_structure_w = config.radiator_structure_w_k * (r - s)
            array_structure_w = config.array_structure_w_k * (a - s)
            array_out_w = array.radiated_w_k4 * a * a * a * a
            payload_out_w = payload.radiated_w_k4 * p * p * p * p
            battery_out_w = battery.radiated_w_k4 * b * b * b * b
            radiator_out_w = radiator.radiated_w_k4 * r * r * r * r
            structure_out_w = structure.radiated_w_k4 * s * s * s * s
            left_w += array_out_w + payload_out_w + battery_out_w + radiator_out_w + structure_out_w
            a += (array_w - array_out_w - array_structure_w) * part_s / array.capacity_j_k
            p += (payload_w - payload_out_w - payload_radiator_w - payload_structure_w) * part_s / payload.capacity_j_k
            b += (battery_w - battery_out_w - battery_structure_w) * part_s / battery.capacity_j_k
            r += (
                (radiator_w - radiator_out_w + payload_radiator_w - radiator_structure_w)
                * part_s
                / radiator.capacity_j_k
            )
            s += (
                (
                    (structure_w - structure_out_w)
                    + (payload_structure_w + battery_structure_w + radiator_structure_w + array_structure_w)
                )
                * part_s
                / structure.capacity_j_k
            )
        self.array_k, self.payload_k, self.battery_k, self.radiator_k, self.structure_k = a, p, b, r, s
        stored_j, left_j = self.stored_j(), left_w * part_s
        check("heat", entered_w * seconds - left_j - (stored_j - before_j), abs(left_j), stored_j, time_ns)
