"""What the ground sees: housekeeping, events, verification reports and replies, as space packets on a link.

Enters: the topics of the bus that say what the payload is and does. Leaves: PUS telemetry on a `DatagramLink`, and
the completion of the commands that ask for telemetry. Imports packets, catalogue, bus, messages and hal.
"""
