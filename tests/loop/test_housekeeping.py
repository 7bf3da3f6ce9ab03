"""The housekeeping of a flight: every parameter of every structure has a value, but those that belong to the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fsw.catalogue.structures import STRUCTURES
from sim.scenario import load_scenario
from tools.flight.loop import Options, VirtualFlight
from tools.ground.decoder import Decoder, Happened, Record, Samples

HEADER_OCTETS = 7  # of a space packet, with the one that its length field leaves out
UNDECLARED = "undeclared_event"
FLIGHT_S = 60.0  # two intervals of the slowest structure
ONCE_AN_ORBIT = {"energy_residual"}
OF_A_HOST = {"allocation_mean_w", "allocation_peak_w", "allocation_energy_j", "host_sunlit", "host_safing"}
OF_AN_OWNER = {
    "soc", "worst_soc", "energy_above_floor_j", "worst_energy_above_floor_j", "battery_power_w", "array_power_w",
    "bus_power_w", "worst_bus_power_w", "battery_voltage_v", "battery_current_a", "battery_temp_c",
    "worst_battery_temp_c", "radiator_temp_c",
    "dose_rate_ugy_s",
}  # fmt: skip


def records(octets: bytes) -> Iterator[Record]:
    """The decoded packets of a recording, one after the other."""
    decoder, offset = Decoder(), 0
    while offset < len(octets):
        end = offset + HEADER_OCTETS + int.from_bytes(octets[offset + 4 : offset + 6], "big")
        record = decoder.decode(octets[offset:end], received_ns=0)
        assert isinstance(record, Record)
        assert record.missed == 0
        yield record
        offset = end


@pytest.mark.parametrize(("scenario", "absent"), [("default", OF_A_HOST), ("guest", OF_AN_OWNER)])
def test_every_parameter_has_a_value(scenario: str, absent: set[str], tmp_path: Path) -> None:
    options = Options(execute=False, duration_s=FLIGHT_S, run_folder=tmp_path)
    VirtualFlight(load_scenario(scenario), options).fly()
    contents = [record.content for record in records((tmp_path / "telemetry.bin").read_bytes())]
    samples = [sampled for content in contents if isinstance(content, Samples) for sampled in content.values]
    valid = {sampled.name for sampled in samples if sampled.quality == "valid"}
    assert {name for row in STRUCTURES for name in row.parameters} - valid == absent | ONCE_AN_ORBIT
    undeclared = [content.text for content in contents if isinstance(content, Happened) and content.name == UNDECLARED]
    assert undeclared == []
