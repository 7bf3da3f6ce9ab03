"""set_parameter end to end: a telecommand on the link changes what the guard allows from its next word on."""

from __future__ import annotations

import pytest

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import ENVELOPE, EVENT, HOST, PLANT
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.wire import encode_arguments
from fsw.command.service import CommandService
from fsw.guard.guard import Tightened
from fsw.guard.service import GuardService
from fsw.messages import Allocation, Envelope, Event, HostStatus, Plant
from fsw.mission import load_mission
from fsw.packets.parameters import ParameterReport
from fsw.packets.pus import Telecommand, Telemetry
from fsw.packets.verification import Verification
from fsw.service import Service
from fsw.store.service import StoreService
from fsw.telemetry.service import TelemetryService
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.link import memory_pair
from hal.ports.memory_disk import MemoryDisk

GUARD_PARAMETERS = [row.name for row in PARAMETERS if row.owner == "guard"]


class Payload:
    """Command, guard, store and telemetry on one bus, with a plant and a host in good order."""

    def __init__(self, profile: str) -> None:
        self._mission = mission = load_mission(f"{profile}.toml")
        self._time = time = OnboardTime(tai_at_zero_ns=mission.epoch_tai_ns())
        self._bus, self._now_ns, self._sequence = MemoryBus(), 0, 0
        onboard, self._ground = memory_pair()
        self._envelopes = self._bus.subscribe(ENVELOPE, "test")
        self._services: list[Service] = [
            CommandService(self._bus, onboard),
            GuardService(self._bus, mission, time),
            TelemetryService(self._bus, onboard, time),
            StoreService(self._bus, MemoryDisk(), mission.store),
        ]

    def kill_guard(self) -> None:
        """Another guard takes the place of the one that runs, and the supervisor says so."""
        self._services[1] = GuardService(self._bus, self._mission, self._time)
        values = ("guard", 1, "killed by SIGKILL")
        self._bus.publish(EVENT, Event(time_ns=self._now_ns, name="service_restarted", values=values))

    def envelope(self) -> Envelope:
        """The guard's word a second later."""
        self._now_ns += SECOND_NS
        self._bus.publish(PLANT, _plant(self._now_ns))
        self._bus.publish(HOST, _host(self._now_ns))
        for service in self._services:
            service.step(self._now_ns)
        return self._envelopes.drain()[-1]

    def command(self, name: str, *values: float | str) -> None:
        """Put a telecommand on the link."""
        row, self._sequence = COMMAND_BY_NAME[name], self._sequence + 1
        data = row.prefix + encode_arguments(name, values)
        self._ground.send(Telecommand(PAYLOAD_APID, self._sequence, row.service, row.subtype, data).pack())

    def reports(self) -> list[Telemetry]:
        """What came down since the last call."""
        packets = []
        while (octets := self._ground.receive()) is not None:
            packets.append(Telemetry.unpack(octets))
        return packets


def _plant(now_ns: int) -> Plant:
    return Plant(
        time_ns=now_ns, soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3, worst_energy_above_floor_j=69e3,
        battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
        payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
        radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
    )  # fmt: skip


def _host(now_ns: int) -> HostStatus:
    grant = Allocation(from_ns=0, until_ns=600 * SECOND_NS, mean_w=30.0, peak_w=40.0, energy_j=18e3)
    return HostStatus(time_ns=now_ns, heartbeat_ns=now_ns, allocation=grant)


@pytest.fixture(params=["owned", "hosted"])
def payload(request: pytest.FixtureRequest) -> Payload:
    started = Payload(request.param)
    for _ in range(70):  # a guard that has just started lets nothing run, and knows no window of a host's mean
        started.envelope()
    return started


def test_the_guard_has_a_bound_for_every_parameter_that_it_owns() -> None:
    assert set(GUARD_PARAMETERS) == set(Tightened.__slots__)


def test_the_power_limit_holds_from_the_next_word_on(payload: Payload) -> None:
    before = payload.envelope()
    payload.command("set_parameter", "payload_power_limit_w", 5.0)
    after = payload.envelope()
    assert after.run
    assert after.power_w <= 5.0 < before.power_w


def test_the_temperature_margin_takes_heat_away(payload: Payload) -> None:
    before = payload.envelope()
    payload.command("set_parameter", "temp_margin_c", 10.0)
    after = payload.envelope()
    assert all(new < old for new, old in zip(after.heat_j, before.heat_j, strict=True))


def test_the_reserve_is_kept_back_where_the_payload_owns_the_battery() -> None:
    payload = Payload("owned")
    before = payload.envelope()
    payload.command("set_parameter", "energy_reserve_j", 10e3)
    assert before.energy_j - payload.envelope().energy_j == pytest.approx(10e3 / 1.1, rel=0.02)
    payload.command("set_parameter", "energy_reserve_j", 360e3)
    closed = payload.envelope()
    assert (closed.run, closed.bound_by) == (False, "energy_to_sunrise_j")


def test_the_default_gives_back_what_was_taken(payload: Payload) -> None:
    before = payload.envelope()
    for value in (5.0, 200.0):
        payload.command("set_parameter", "payload_power_limit_w", value)
        after = payload.envelope()
    assert after.power_w == pytest.approx(before.power_w, rel=0.02)


@pytest.mark.parametrize("name", GUARD_PARAMETERS)
def test_what_was_set_is_reported_complete_and_read_back(payload: Payload, name: str) -> None:
    payload.command("set_parameter", name, 2.5)
    payload.envelope()
    payload.envelope()  # the store has recorded it in the step before
    done = [Verification.unpack(packet.subtype, packet.data) for packet in payload.reports() if packet.service == 1]
    assert [report.subtype for report in done] == [1, 3, 7]
    payload.command("get_parameter", name)
    payload.envelope()
    (read,) = [ParameterReport.unpack(packet.data) for packet in payload.reports() if packet.service == 20]
    assert [value for _number, value in read.values] == [2.5]


def test_a_value_out_of_range_is_refused_and_changes_nothing(payload: Payload) -> None:
    before = payload.envelope()
    payload.command("set_parameter", "payload_power_limit_w", 1.1e6)
    assert payload.envelope().power_w == pytest.approx(before.power_w, rel=0.02)
    assert 2 in [packet.subtype for packet in payload.reports() if packet.service == 1]


def test_what_the_ground_set_survives_the_guard(payload: Payload) -> None:
    payload.command("set_parameter", "payload_power_limit_w", 5.0)
    payload.envelope()
    payload.kill_guard()
    for _ in range(70):
        after = payload.envelope()
    assert after.run and after.power_w <= 5.0
