"""Heat: five nodes (array, payload, battery, radiator, structure) that conduct, radiate and see Sun, albedo and Earth.

C dT/dt = load + alpha A (S nu cos + albedo) + eps A F IR - eps sigma A (T^4 - space^4) + sum G (T_j - T). Flows are
computed first and applied to both sides, so heat is conserved exactly; explicit steps of at most a second, and short
against the fastest time constant of the network. With a liquid loop the link from payload to radiator is
G = mdot cp effectiveness, times the speed of its pumps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from hal.constants import SPACE_TEMPERATURE_K, STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.ledger import check

LONGEST_STEP_S = 1.0
STEPS_A_CONSTANT = 16.0  # of the fastest time constant: 3 % of a transient of that length, nothing of slower ones
MOST_STEPS_A_SECOND = 4096  # shorter time constants are refused: they would never end, and mean a slip in the file
HOT_K = 400.0  # the radiation's part in the time constants is taken at this temperature
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
class LoopConfig:
    """A pumped liquid loop from the payload's plates to the radiator; its pumps share the flow.

    Defaults carry a few hundred watts: half a litre a minute of water and glycol.
    """

    flow_kg_s: float = 0.009  # at full speed of all pumps
    specific_heat_j_kg_k: float = 3500.0  # propylene glycol in water, half and half; ammonia has 4,700
    effectiveness: float = 0.8  # of the plates and the radiator's tubes together; engineering
    pump_w: float = 4.0  # of all pumps at full speed
    full_rpm: float = 6000.0
    start_speed: float = 1.0

    def __post_init__(self) -> None:
        if min(self.flow_kg_s, self.specific_heat_j_kg_k, self.effectiveness, self.full_rpm) <= 0.0:
            raise ValueError("flow_kg_s, specific_heat_j_kg_k, effectiveness and full_rpm must be positive")
        if self.pump_w < 0.0 or not 0.0 <= self.start_speed <= 1.0 or self.effectiveness > 1.0:
            raise ValueError("pump_w must not be negative, start_speed and effectiveness must be in 0..1")

    @property
    def full_w_k(self) -> float:
        """Conductance at full speed."""
        return self.flow_kg_s * self.specific_heat_j_kg_k * self.effectiveness


class Loop:
    """The loop at work: pumps at a commanded `speed`, of which a `share` still turns while they have power."""

    __slots__ = ("conductance_w_k", "config", "is_powered", "pump_w", "rpm", "share", "speed")

    def __init__(self, config: LoopConfig) -> None:
        self.config = config
        self.speed, self.share, self.is_powered = config.start_speed, 1.0, True
        self.set()

    def set(self, *, speed: float | None = None, share: float | None = None, is_powered: bool | None = None) -> None:
        """Change what is given. Flow follows the speed, and the pumps' power its cube (affinity laws)."""
        self.speed = self.speed if speed is None else min(1.0, max(0.0, speed))
        self.share = self.share if share is None else min(1.0, max(0.0, share))
        if is_powered is not None:
            self.speed = self.config.start_speed if is_powered and not self.is_powered else self.speed
            self.is_powered = is_powered
        turning = self.share if self.is_powered else 0.0
        self.conductance_w_k = self.config.full_w_k * self.speed * turning
        self.pump_w = self.config.pump_w * self.speed**3 * turning
        self.rpm = self.config.full_rpm * self.speed * turning


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatConfig:
    """The network. The array node is given for one square metre and scaled to the array's area.

    With a `loop` the link from payload to radiator is the loop's and `payload_radiator_w_k` is not used.
    """

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
    loop: LoopConfig | None = None


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
        "_longest_s",
        "_payload",
        "_payload_radiator_w_k",
        "_radiator",
        "_structure",
        "array_k",
        "battery_k",
        "loop",
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
        self.loop = Loop(config.loop) if config.loop else None
        self._payload_radiator_w_k = self.loop.conductance_w_k if self.loop else config.payload_radiator_w_k
        fastest_s = self._fastest_s(config.loop.full_w_k if config.loop else config.payload_radiator_w_k)
        self._longest_s = min(LONGEST_STEP_S, fastest_s / STEPS_A_CONSTANT)
        if self._longest_s * MOST_STEPS_A_SECOND < 1.0:
            raise ValueError(f"heat: a time constant must not be under 1/256 s, is {fastest_s:.3g} s")

    def _fastest_s(self, payload_radiator_w_k: float) -> float:
        """A bound on the network's fastest time constant: no rate exceeds that of two linked nodes together."""
        config = self._config
        surfaces = (self._array, self._payload, self._battery, self._radiator, self._structure)
        links = (
            (1, 3, payload_radiator_w_k),
            (1, 4, config.payload_structure_w_k),
            (2, 4, config.battery_structure_w_k),
            (3, 4, config.radiator_structure_w_k),
            (0, 4, config.array_structure_w_k),
        )
        rates = [4.0 * row.radiated_w_k4 * HOT_K**3 / row.capacity_j_k for row in surfaces]
        for first, second, conductance_w_k in links:
            rates[first] += conductance_w_k / surfaces[first].capacity_j_k
            rates[second] += conductance_w_k / surfaces[second].capacity_j_k
        linked = [rates[first] + rates[second] for first, second, conductance_w_k in links if conductance_w_k > 0.0]
        return 1.0 / max(*rates, *linked, 1e-9)

    def set_pump(
        self, *, speed: float | None = None, share: float | None = None, is_powered: bool | None = None
    ) -> None:
        """Change the loop's pumps: their speed (0..1), the share that still turns, their power. Nothing without one."""
        if self.loop is not None:
            self.loop.set(speed=speed, share=share, is_powered=is_powered)
            self._payload_radiator_w_k = self.loop.conductance_w_k

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
        count = 1 if seconds <= self._longest_s else ceil(seconds / self._longest_s)
        part_s = seconds / count
        a, p, b, r, s = self.array_k, self.payload_k, self.battery_k, self.radiator_k, self.structure_k
        left_w, loop_w_k = 0.0, self._payload_radiator_w_k
        for _ in range(count):
            payload_radiator_w = loop_w_k * (p - r)
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
