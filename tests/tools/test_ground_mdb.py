"""`penumbra gnd mdb`: what is exported names everything in the dictionary, and names it once."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from click.testing import CliRunner

from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.structures import STRUCTURES
from tools.ground.cli import gnd
from tools.ground.mdb_layout import containers

XTCE = "{http://www.omg.org/spec/XTCE/20180204}"


def exported(tmp_path: Path) -> ElementTree.Element:
    path = tmp_path / "penumbra.xml"
    done = CliRunner().invoke(gnd, ["mdb", "export-xtce", "--output", str(path)])
    assert done.exit_code == 0
    return ElementTree.parse(path).getroot()


def names(root: ElementTree.Element, tag: str) -> list[str]:
    return [element.get("name", "") for element in root.iter(XTCE + tag)]


def test_export_has_every_parameter_packet_and_command(tmp_path: Path) -> None:
    root = exported(tmp_path)
    assert {row.name for row in PARAMETERS} <= set(names(root, "Parameter"))
    assert {row.name for row in COMMANDS} == set(names(root, "MetaCommand"))
    packets = set(names(root, "SequenceContainer"))
    assert {f"event_{row.name}" for row in EVENTS} | {f"housekeeping_{row.name}" for row in STRUCTURES} <= packets
    for tag in ("Parameter", "SequenceContainer", "MetaCommand"):
        assert len(names(root, tag)) == len(set(names(root, tag)))


def test_export_has_units_limits_and_hazards(tmp_path: Path) -> None:
    root = exported(tmp_path)
    kinds = {element.get("name"): element for element in root.iter(XTCE + "FloatParameterType")}
    interval = kinds["power_interval_s_type"]
    limits = interval.find(f"{XTCE}ValidRange")
    assert interval.findtext(f"{XTCE}UnitSet/{XTCE}Unit") == "s"
    assert limits is not None
    assert limits.attrib == {"minInclusive": "1.0", "maxInclusive": "3600.0"}
    commands = {element.get("name"): element for element in root.iter(XTCE + "MetaCommand")}
    hazard = commands["set_mode"].find(f"{XTCE}DefaultSignificance")
    assert hazard is not None
    assert hazard.get("reasonForWarning", "").startswith("warning: enters a mode")


def test_references_lead_somewhere(tmp_path: Path) -> None:
    root = exported(tmp_path)
    parameters, packets = set(names(root, "Parameter")), set(names(root, "SequenceContainer"))
    referred = {element.get("parameterRef") for element in root.iter() if element.get("parameterRef")}
    assert referred == parameters
    assert {element.get("containerRef") for element in root.iter(XTCE + "BaseContainer")} <= packets
    arguments = set(names(root, "Argument"))
    assert {element.get("argumentRef") for element in root.iter() if element.get("argumentRef")} == arguments


def test_every_structure_is_as_long_as_its_packet() -> None:
    from fsw.catalogue.wire import structure_size

    packets = {packet.name: packet for packet in containers()}
    for row in STRUCTURES:
        bits = sum(entry.bits for entry in packets[f"housekeeping_{row.name}"].entries)
        assert bits == 8 * structure_size(row.id) + 16


def test_document_has_every_row_and_check_finds_nothing() -> None:
    text = CliRunner().invoke(gnd, ["mdb", "doc"]).output
    for row in (*PARAMETERS, *COMMANDS, *EVENTS, *STRUCTURES):
        assert f"| {row.name} |" in text
    done = CliRunner().invoke(gnd, ["mdb", "check"])
    assert (done.exit_code, done.output) == (0, "")
