"""The dictionary as XTCE 1.2: one flat file of every parameter, packet, command, limit and unit.

Written for tools that know little of the standard: one space system, one root container, restrictions by equality
alone, texts and lists sized by a value before them, no arrays. A housekeeping value that is missing has its bit in the
bitmap at 0 (`NAME_known`), and the parameter's ValidityCondition says so. Length, sequence count and packet error
control of a command are left to the link. Source: OMG XTCE 1.2 (2018-02-04).
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from xml.etree.ElementTree import Element, SubElement

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMANDS, CommandRow
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.rows import Hazard
from fsw.packets.pus import Telecommand
from tools.ground.mdb_layout import Container, Entry, Kind, containers, entries_of

NAMESPACE = "http://www.omg.org/spec/XTCE/20180204"
SCHEMA = "https://www.omg.org/spec/XTCE/20180204/SpaceSystem.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_TYPES = {
    Kind.UNSIGNED: "Integer", Kind.SIGNED: "Integer", Kind.FLOAT: "Float", Kind.LABEL: "Enumerated",
    Kind.NAME: "String", Kind.TEXT: "String", Kind.BINARY: "Binary",
}  # fmt: skip


def xtce() -> str:
    """The whole file."""
    root = Element("SpaceSystem", {"name": "penumbra", "xmlns": NAMESPACE, "xmlns:xsi": INSTANCE})
    root.set("xsi:schemaLocation", f"{NAMESPACE} {SCHEMA}")
    SubElement(root, "LongDescription").text = "Flight software for an AI compute payload in orbit"
    _add_telemetry(SubElement(root, "TelemetryMetaData"))
    _add_commands(SubElement(root, "CommandMetaData"))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_telemetry(parent: Element) -> None:
    packets = containers()
    entries = {entry.name: entry for packet in packets for entry in packet.entries}
    for row in PARAMETERS:  # those in no structure, which ST20 reports by number
        entries |= {entry.name: entry for entry in entries_of(row) if entry.name not in entries}
    types, parameters = SubElement(parent, "ParameterTypeSet"), SubElement(parent, "ParameterSet")
    for entry in entries.values():
        _add_type(types, entry, "Parameter")
        _add_parameter(parameters, entry)
    container_set = SubElement(parent, "ContainerSet")
    for packet in packets:
        _add_container(container_set, packet)


def _add_type(parent: Element, entry: Entry, side: str) -> None:
    """A ParameterType or an ArgumentType: units, encoding, range, labels, in the schema's order."""
    kind = Element(f"{_TYPES[entry.kind]}{side}Type", {"name": f"{entry.name}_type"})
    parent.append(kind)
    if entry.kind in (Kind.UNSIGNED, Kind.SIGNED):
        kind.set("signed", "true" if entry.kind is Kind.SIGNED else "false")
    if entry.kind is Kind.FLOAT:
        kind.set("sizeInBits", str(entry.bits))
    if entry.default is not None and entry.kind is not Kind.LABEL:
        kind.set("initialValue", _number(entry, entry.default))
    units = SubElement(kind, "UnitSet")
    if entry.unit:
        SubElement(units, "Unit").text = entry.unit
    _add_encoding(kind, entry, side)
    if entry.kind is Kind.LABEL:
        labels = SubElement(kind, "EnumerationList")
        for value, label in entry.labels:
            SubElement(labels, "Enumeration", {"value": str(value), "label": label})
    elif not entry.sized_by:
        _add_range(kind if side == "Parameter" else None, kind, entry)


def _add_encoding(kind: Element, entry: Entry, side: str) -> None:
    bits = str(entry.bits)
    if entry.kind is Kind.FLOAT:
        SubElement(kind, "FloatDataEncoding", {"sizeInBits": bits})
    elif entry.kind is Kind.BINARY:
        _add_size(SubElement(SubElement(kind, "BinaryDataEncoding"), "SizeInBits"), entry, side)
    elif entry.kind in (Kind.NAME, Kind.TEXT):
        _add_text(SubElement(kind, "StringDataEncoding", {"encoding": "UTF-8"}), entry, side)
    else:
        encoding = "twosComplement" if entry.kind is Kind.SIGNED else "unsigned"
        SubElement(kind, "IntegerDataEncoding", {"sizeInBits": bits, "encoding": encoding})


def _add_text(encoding: Element, entry: Entry, side: str) -> None:
    if entry.kind is Kind.NAME:
        size = SubElement(encoding, "SizeInBits")
        SubElement(SubElement(size, "Fixed"), "FixedValue").text = str(entry.bits)
        SubElement(size, "TerminationChar").text = "00"
        return
    _add_size(SubElement(encoding, "Variable", {"maxSizeInBits": str(entry.bits)}), entry, side)


def _add_size(parent: Element, entry: Entry, side: str) -> None:
    """As many bits as a value before it says."""
    size = SubElement(parent, "DynamicValue")
    SubElement(size, f"{side}InstanceRef", {f"{side.lower()}Ref": entry.sized_by})
    SubElement(size, "LinearAdjustment", {"slope": str(entry.size_slope), "intercept": str(entry.size_base)})


def _add_range(direct: Element | None, kind: Element, entry: Entry) -> None:
    """A parameter type holds its range itself, an argument type in a set."""
    limits = {
        name: _number(entry, value)
        for name, value in (("minInclusive", entry.low), ("maxInclusive", entry.high))
        if value is not None
    }
    if limits and entry.kind is not Kind.NAME:
        SubElement(SubElement(kind, "ValidRangeSet") if direct is None else direct, "ValidRange", limits)


def _number(entry: Entry, value: float) -> str:
    return _float(value) if entry.kind is Kind.FLOAT else str(int(value))


def _float(value: float) -> str:
    """As XML Schema writes a double."""
    return str(float(value)) if math.isfinite(value) else "INF" if value > 0 else "-INF"


def _add_parameter(parent: Element, entry: Entry) -> None:
    parameter = SubElement(parent, "Parameter", {"name": entry.name, "parameterTypeRef": f"{entry.name}_type"})
    if entry.meaning:
        parameter.set("shortDescription", entry.meaning)
    if entry.known:
        properties = SubElement(parameter, "ParameterProperties", {"dataSource": "telemetered"})
        comparison = {"parameterRef": entry.known, "value": "1", "useCalibratedValue": "false"}
        SubElement(SubElement(properties, "ValidityCondition"), "Comparison", comparison)


def _add_container(parent: Element, packet: Container) -> None:
    container = SubElement(parent, "SequenceContainer", {"name": packet.name, "shortDescription": packet.meaning})
    if packet.is_abstract:
        container.set("abstract", "true")
    entries = SubElement(container, "EntryList")
    for entry in packet.entries:
        SubElement(entries, "ParameterRefEntry", {"parameterRef": entry.name})
    if packet.base:
        base = SubElement(container, "BaseContainer", {"containerRef": packet.base})
        matches = SubElement(SubElement(base, "RestrictionCriteria"), "ComparisonList")
        for name, value in packet.when:
            comparison = {"parameterRef": name, "value": str(value), "useCalibratedValue": "false"}
            SubElement(matches, "Comparison", comparison)


def _add_commands(parent: Element) -> None:
    types, commands = SubElement(parent, "ArgumentTypeSet"), SubElement(parent, "MetaCommandSet")
    for row in COMMANDS:
        arguments = [entry for field in row.fields for entry in entries_of(field, f"{row.name}_{field.name}")]
        for entry in arguments:
            if not entry.fixed:
                _add_type(types, entry, "Argument")
        _add_command(commands, row, arguments)


def _add_command(parent: Element, row: CommandRow, arguments: list[Entry]) -> None:
    """One command, headers included; all four reports are asked for, the source is 0."""
    command = SubElement(parent, "MetaCommand", {"name": row.name, "shortDescription": row.meaning})
    if any(not entry.fixed for entry in arguments):
        _add_arguments(command, [entry for entry in arguments if not entry.fixed])
    container = SubElement(command, "CommandContainer", {"name": f"{row.name}_packet"})
    entries = SubElement(container, "EntryList")
    for name, octets in _fixed(row):
        _add_fixed(entries, name, octets)
    for entry in arguments:
        if entry.fixed:
            _add_fixed(entries, entry.name, entry.fixed)
        else:
            SubElement(entries, "ArgumentRefEntry", {"argumentRef": entry.name})
    level = "normal" if row.hazard is Hazard.NONE else "critical" if row.hazard >= Hazard.CRITICAL else "vital"
    reason = f"{row.hazard.name.lower()}: {row.meaning}; accepted in {', '.join(row.modes)}"
    SubElement(command, "DefaultSignificance", {"reasonForWarning": reason, "consequenceLevel": level})


def _add_fixed(entries: Element, name: str, octets: bytes) -> None:
    attributes = {"name": name, "binaryValue": octets.hex(), "sizeInBits": str(8 * len(octets))}
    SubElement(entries, "FixedValueEntry", attributes)


def _fixed(row: CommandRow) -> list[tuple[str, bytes]]:
    """What stands before the arguments, as the packet has it, but for length and count."""
    packet = Telecommand(PAYLOAD_APID, 0, row.service, row.subtype).pack()
    fixed = [
        ("packet_identification", packet[:2]),
        ("sequence_control", packet[2:4]),
        ("data_length", b"\x00\x00"),
        ("secondary_header", packet[6:-2]),
    ]
    return [*fixed, ("prefix", row.prefix)] if row.prefix else fixed


def _add_arguments(command: Element, entries: list[Entry]) -> None:
    arguments = SubElement(command, "ArgumentList")
    for entry in entries:
        argument = {"name": entry.name, "argumentTypeRef": f"{entry.name}_type"}
        SubElement(arguments, "Argument", argument | ({"shortDescription": entry.meaning} if entry.meaning else {}))
