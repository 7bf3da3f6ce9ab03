"""The guard's state machine.

    CLOSED --all bounds hold for HOLD_NS--> OPEN --a bound is broken--> CLOSED

It starts CLOSED. In OPEN the envelope says what may start; in CLOSED nothing runs. A bound that is broken while
something runs is a `Trip`: the worker is stopped first and questions are asked later. Missing input closes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from fsw.ephemeris import Sunlight
from fsw.guard.bounds import Heat, RollingEnergy, energy_room_j, heat_room
from fsw.messages import Allocation, Envelope, HostStatus, Plant, Trip, WorkOrder
from fsw.mission import Mission
from hal.clock import SECOND_NS

HOLD_NS = 10 * SECOND_NS  # after a trip: longer than the sensors' and the rail's settling, shorter than most jobs
TRIP_S = 13.0  # below the ceiling by what the payload warms in this time at full load: ten seconds and the stop
FULL_SOC = 0.97  # from here on the array may be throttled by the charger, so its reading says nothing
SOAK_S = 600.0  # surroundings count as sunlit when sunrise is nearer than this: longer than any job
METER_NS = 2 * SECOND_NS  # from the start of a job until a sample of the rail shows nothing else
DRAW_TOLERANCE = 0.07  # of the largest draw: the rail's reading against what should draw, before it is overdrawn

Broken = tuple[str, float, float]  # limit, value, bound


@dataclass(slots=True)
class Tightened:
    """Bounds that the ground may tighten further by parameter; names as in the dictionary."""

    payload_power_limit_w: float = math.inf
    energy_reserve_j: float = 0.0
    temp_margin_c: float = 0.0


class Guard:
    """Pure: `step` maps what is known now to the envelope and, where something must stop, a trip."""

    def __init__(self, mission: Mission, ephemeris: Sunlight | None) -> None:
        self._mission = mission
        self._guard = mission.guard
        self._ephemeris = ephemeris
        payload = mission.payload
        self._peak_w = payload.most_w - payload.idle_w
        self._trip_k = TRIP_S * payload.most_w / (payload.computer_j_k + payload.radiator_j_k)
        self._closed_until_ns = 0
        self._rolling: RollingEnergy | None = None
        self._seen: tuple[tuple[int, int], int] | None = None  # the running attempt, and since when
        self._granted: Allocation | None = None
        self._granted_used_j = 0.0
        self._last_ns = 0
        self.tightened = Tightened()

    def step(
        self, now_ns: int, tai_s: float, plant: Plant | None, host: HostStatus | None, order: WorkOrder | None
    ) -> tuple[Envelope, Trip | None]:
        """The envelope at `now_ns`; `order` is what runs."""
        if not self._guard.enabled:
            return _unbounded(now_ns, len(self._mission.payload.settings)), None
        if plant is None or now_ns - plant.time_ns > self._guard.envelope_s * SECOND_NS:
            return self._close(now_ns, ("plant", math.inf, self._guard.envelope_s), order)
        if self._mission.profile == "hosted":
            self._meter_host(now_ns, plant, host)
            broken = self._broken_host(now_ns, plant, host) or self._broken_mean(now_ns, plant, host, order)
            envelope = None if broken else self._host_envelope(now_ns, plant, host)
        else:
            above_j, array_w = self._above_floor_j(plant), self._array_w(plant, tai_s)
            room_j = self._energy_room(tai_s, plant, above_j, array_w)
            envelope = self._owned_envelope(now_ns, tai_s, plant, room_j - self._reserved_j(now_ns, order))
            envelope = self._bound_by_charge(envelope, plant, above_j, array_w, order)
            broken = self._broken_owned(plant, room_j) or self._broken_charge(plant, above_j, order)
        broken = broken or self._broken_always(plant)
        if broken or envelope is None:
            return self._close(now_ns, broken or ("host", 0.0, 0.0), order)
        if now_ns < self._closed_until_ns:
            return _closed(now_ns, len(envelope.heat_j), "holding after a trip"), None
        return envelope, None

    def _close(self, now_ns: int, broken: Broken, order: WorkOrder | None) -> tuple[Envelope, Trip | None]:
        """Closed for what broke; a hold starts only where something had to be stopped."""
        trip = None
        if order is not None:
            self._closed_until_ns = now_ns + HOLD_NS
            trip = Trip(time_ns=now_ns, limit=broken[0], value=broken[1], bound=broken[2])
        return _closed(now_ns, len(self._mission.payload.settings), broken[0]), trip

    def _broken_always(self, plant: Plant) -> Broken | None:
        limits, payload = self._mission.limits, self._mission.payload
        ceiling_c = limits.payload_temp_c - self._trip_k
        if plant.worst_payload_temp_c >= ceiling_c:
            return ("payload_temp_c", plant.worst_payload_temp_c, ceiling_c)
        most_w = payload.most_w * (1.0 + self._guard.draw_margin + DRAW_TOLERANCE)
        if plant.worst_payload_power_w > most_w:
            return ("payload_power_w", plant.worst_payload_power_w, most_w)
        return None

    def _broken_owned(self, plant: Plant, room_j: float) -> Broken | None:
        """What is broken even if nothing more runs."""
        limits = self._mission.limits
        bus_w = plant.worst_bus_power_w
        if bus_w is None or bus_w > limits.bus_power_w:
            return ("bus_power_w", bus_w or math.inf, limits.bus_power_w)
        battery_c = plant.worst_battery_temp_c
        if battery_c is None or battery_c >= limits.battery_temp_c:
            return ("battery_temp_c", battery_c or math.inf, limits.battery_temp_c)
        if room_j <= 0.0:
            return ("energy_to_sunrise_j", room_j, 0.0)
        return None

    def _owned_envelope(self, now_ns: int, tai_s: float, plant: Plant, energy_j: float) -> Envelope:
        power_w = self._power_room(plant)
        heat = self._heat(tai_s, plant)
        margin = 1.0 + self._guard.draw_margin
        return _envelope(now_ns, power_w / margin, energy_j / margin, math.inf, heat, margin)

    def _above_floor_j(self, plant: Plant) -> float:
        """What the battery holds at worst above its floor, less the gauge's margin and what the ground keeps back."""
        battery, above_j, soc = self._mission.battery, plant.worst_energy_above_floor_j, plant.worst_soc
        if battery is None or above_j is None or soc is None:
            return 0.0
        span = soc - battery.floor_soc
        above_j -= self._guard.soc_margin * (above_j / span if abs(span) > 1e-6 else 0.0)
        return above_j - self.tightened.energy_reserve_j

    def _bound_by_charge(
        self, envelope: Envelope, plant: Plant, above_j: float, array_w: float, order: WorkOrder | None
    ) -> Envelope:
        """The envelope with what the battery can add now to what the array brings; the rest of `order` comes first."""
        margin = 1.0 + self._guard.draw_margin
        harvest_w = array_w - self._housekeeping_w(plant) - self._mission.payload.idle_w
        if order is not None:
            above_j -= max(0.0, order.predicted_w * margin - harvest_w) * self._left_s(plant.time_ns, order)
        return replace(envelope, harvest_w=harvest_w / margin, stored_j=max(0.0, above_j) / margin)

    def _broken_charge(self, plant: Plant, above_j: float, order: WorkOrder | None) -> Broken | None:
        """Work that lives on a battery with nothing left above its floor, though the Sun may shine."""
        drains = plant.battery_power_w is None or plant.battery_power_w > 0.0
        return ("battery_floor_j", above_j, 0.0) if order is not None and drains and above_j <= 0.0 else None

    def _energy_room(self, tai_s: float, plant: Plant, above_j: float, array_w: float) -> float:
        """Joules above idle until sunrise."""
        battery, ephemeris = self._mission.battery, self._ephemeris
        if battery is None or ephemeris is None or plant.worst_soc is None:
            return 0.0
        until_sunset_s, until_sunrise_s = self._until_s(ephemeris, tai_s)
        return energy_room_j(
            above_floor_j=above_j,
            housekeeping_w=self._housekeeping_w(plant) + self._mission.payload.idle_w,
            array_w=array_w,
            charge_efficiency=battery.charge_efficiency,
            until_sunset_s=until_sunset_s,
            until_sunrise_s=until_sunrise_s,
            dark_s=ephemeris.dark_s(tai_s) + 2.0 * self._guard.eclipse_margin_s,
        )

    def _until_s(self, ephemeris: Sunlight, tai_s: float) -> tuple[float, float]:
        """Seconds to sunset (0 in the night) and to sunrise. The night is longer by the margin at both of its ends: in
        the penumbra of a sunrise the array's reading says nothing of the day to come."""
        margin_s = self._guard.eclipse_margin_s
        sunset_s, dark_s = ephemeris.until_sunset_s(tai_s), ephemeris.dark_s(tai_s)
        if sunset_s <= 0.0:
            return 0.0, ephemeris.until_sunrise_s(tai_s) + margin_s
        risen_s = ephemeris.period_s - dark_s - sunset_s
        if dark_s > 0.0 and risen_s < margin_s:
            return 0.0, margin_s - max(0.0, risen_s)
        return max(0.0, sunset_s - margin_s), dark_s + sunset_s + margin_s

    def _housekeeping_w(self, plant: Plant) -> float:
        """The bus without the payload: as sensed, but never less than what is counted on."""
        if plant.bus_power_w is None or plant.payload_power_w is None:
            return self._mission.limits.bus_power_w - self._mission.payload.idle_w
        return max(self._guard.bus_w, plant.bus_power_w - plant.payload_power_w)

    def _array_w(self, plant: Plant, tai_s: float) -> float:
        """Array power to count on until sunset: the forecast, or what is measured where that is less."""
        array, ephemeris, soc = self._mission.array, self._ephemeris, plant.worst_soc
        if array is None or ephemeris is None or soc is None or ephemeris.until_sunset_s(tai_s) <= 0.0:
            return 0.0
        forecast_w = array.power_w * array.derate / ephemeris.distance_au**2
        if plant.array_power_w is None or soc > FULL_SOC:
            return forecast_w if soc > FULL_SOC else 0.0
        return min(forecast_w, plant.array_power_w)

    def _reserved_j(self, now_ns: int, order: WorkOrder | None) -> float:
        """What the running order may still draw above idle, counted from when the guard first saw it."""
        if order is None:
            return 0.0
        if self._seen is None or self._seen[0] != (order.job_id, order.attempt):
            self._seen = ((order.job_id, order.attempt), now_ns)
        return order.predicted_w * self._left_s(now_ns, order)

    def _left_s(self, now_ns: int, order: WorkOrder) -> float:
        """Seconds that the running order may still take."""
        run_s = (now_ns - self._seen[1]) / SECOND_NS if self._seen else 0.0
        return max(0.0, order.predicted_s * (1.0 + self._guard.draw_margin) - run_s)

    def _power_room(self, plant: Plant) -> float:
        limits, battery = self._mission.limits, self._mission.battery
        if plant.worst_bus_power_w is None or battery is None:
            return 0.0
        others_w = self._housekeeping_w(plant) + self._mission.payload.idle_w
        bus_room_w = limits.bus_power_w - others_w - self._guard.power_margin_w
        return min(bus_room_w, battery.discharge_limit_w - others_w, self.tightened.payload_power_limit_w)

    def _heat(self, tai_s: float, plant: Plant) -> Heat:
        payload, ephemeris = self._mission.payload, self._ephemeris
        is_sunny = ephemeris is None or ephemeris.until_sunrise_s(tai_s) < SOAK_S
        surroundings_w = payload.environment_sun_w if is_sunny else payload.environment_dark_w
        margin_k = self._guard.temp_margin_k + self.tightened.temp_margin_c
        ceiling_c = self._mission.limits.payload_temp_c - margin_k
        return heat_room(payload, ceiling_c, plant.worst_payload_temp_c, plant.radiator_temp_c, surroundings_w)

    def _meter_host(self, now_ns: int, plant: Plant, host: HostStatus | None) -> None:
        """Count what was drawn under the present grant; an unread rail counts at its worst."""
        grant = host.allocation if host else None
        step_s = (now_ns - self._last_ns) / SECOND_NS
        if grant is not None and grant == self._granted:
            self._granted_used_j += plant.worst_payload_power_w * step_s
        else:
            self._granted, self._granted_used_j = grant, 0.0
        if grant is not None and self._rolling is None:
            before_j = grant.mean_w * grant.window_s
            self._rolling = RollingEnergy(grant.window_s, now_ns / SECOND_NS, before_j)
        if self._rolling is not None:
            self._rolling.add(now_ns / SECOND_NS, plant.worst_payload_power_w)
        self._last_ns = now_ns

    def _broken_host(self, now_ns: int, plant: Plant, host: HostStatus | None) -> Broken | None:
        if host is None or now_ns - host.heartbeat_ns > self._guard.host_silence_s * SECOND_NS:
            quiet_s = math.inf if host is None else (now_ns - host.heartbeat_ns) / SECOND_NS
            return ("host_silence_s", quiet_s, self._guard.host_silence_s)
        if host.safing:
            return ("host_safing", 1.0, 0.0)
        if host.power_off_ns is not None and host.power_off_ns - now_ns < self._guard.power_off_quiet_s * SECOND_NS:
            return ("power_off_notice", (host.power_off_ns - now_ns) / SECOND_NS, self._guard.power_off_quiet_s)
        grant = host.allocation
        if grant is None or now_ns >= grant.until_ns:
            return ("allocation", 0.0, 0.0)
        if plant.worst_payload_power_w > grant.peak_w:
            return ("allocation_peak_w", plant.worst_payload_power_w, grant.peak_w)
        return None

    def _broken_mean(
        self, now_ns: int, plant: Plant, host: HostStatus | None, order: WorkOrder | None
    ) -> Broken | None:
        """The mean granted, broken if what runs goes on: by its draw for ever, and by what is left of it."""
        reserved_j = self._reserved_j(now_ns, order)
        if order is None or host is None or host.allocation is None or self._rolling is None:
            return None
        mean_w = host.allocation.mean_w
        room_w = self._rolling.room_w(now_ns / SECOND_NS, mean_w)
        draw_w = plant.worst_payload_power_w
        if self._seen is not None and now_ns - self._seen[1] < METER_NS:
            draw_w = min(draw_w, self._mission.payload.idle_w + order.predicted_w)  # the sample is of what ran before
        if draw_w <= room_w or reserved_j <= self._rolling.spare_j(mean_w):
            return None
        return ("allocation_mean_w", draw_w, room_w)

    def _host_envelope(self, now_ns: int, plant: Plant, host: HostStatus | None) -> Envelope | None:
        """What the grant leaves: peak, rolling mean, joules, and the time until it ends or shrinks."""
        if host is None or host.allocation is None or self._rolling is None:
            return None
        grant, idle_w, margin = host.allocation, self._mission.payload.idle_w, 1.0 + self._guard.draw_margin
        seconds = _seconds_granted(now_ns, host, self._guard.power_off_quiet_s)
        mean_w, peak_w = grant.mean_w - self._guard.power_margin_w, grant.peak_w - self._guard.power_margin_w
        limit_w = self.tightened.payload_power_limit_w
        steady_w = min(peak_w, self._rolling.room_w(now_ns / SECOND_NS, mean_w)) - idle_w
        left_s = (grant.until_ns - now_ns) / SECOND_NS
        granted_j = grant.energy_j - self._granted_used_j - idle_w * left_s
        if granted_j <= 0.0 or peak_w <= idle_w or seconds <= 0.0:
            return _closed(now_ns, len(self._mission.payload.settings), "allocation")
        power_w, heat = max(0.0, min(steady_w, limit_w)), self._heat(0.0, plant)
        envelope = _envelope(now_ns, power_w / margin, granted_j / margin, seconds / margin, heat, margin)
        unseen_j = self._peak_w * 2.0 * self._mission.control_period_s  # drawn since the sample, and until the next
        burst_j = self._rolling.spare_j(mean_w) - unseen_j
        return replace(envelope, burst_w=min(peak_w - idle_w, limit_w) / margin, burst_j=max(0.0, burst_j) / margin)


def _seconds_granted(now_ns: int, host: HostStatus, quiet_s: float) -> float:
    """Seconds for which the present grant is sure to hold."""
    until_ns = host.allocation.until_ns if host.allocation else now_ns
    if host.next_allocation is not None:
        until_ns = min(until_ns, host.next_allocation.from_ns)
    if host.power_off_ns is not None:
        until_ns = min(until_ns, host.power_off_ns - int(quiet_s * SECOND_NS))
    return (until_ns - now_ns) / SECOND_NS


def _envelope(now_ns: int, power_w: float, energy_j: float, seconds: float, heat: Heat, margin: float) -> Envelope:
    room_j = tuple(max(0.0, room) / margin for room in heat.room_j)
    tightest = min(
        (energy_j, "energy to sunrise" if seconds == math.inf else "allocation"),
        (max(room_j, default=0.0), "payload temperature"),
        (power_w * 600.0, "power"),
    )
    return Envelope(
        time_ns=now_ns,
        run=True,
        power_w=power_w,
        energy_j=energy_j,
        seconds=seconds,
        heat_j=room_j,
        cooling_w=heat.cooling_w / margin,
        bound_by=tightest[1],
    )


def _closed(now_ns: int, settings: int, because: str) -> Envelope:
    return Envelope(
        time_ns=now_ns,
        run=False,
        power_w=0.0,
        energy_j=0.0,
        seconds=0.0,
        heat_j=(0.0,) * settings,
        cooling_w=0.0,
        bound_by=because,
    )


def _unbounded(now_ns: int, settings: int) -> Envelope:
    """The envelope of a guard that is switched off: only for showing what it is for."""
    inf = math.inf
    return Envelope(
        time_ns=now_ns,
        run=True,
        power_w=inf,
        energy_j=inf,
        seconds=inf,
        heat_j=(inf,) * settings,
        cooling_w=0.0,
        bound_by="guard off",
    )
