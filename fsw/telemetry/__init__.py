"""What the ground sees: housekeeping, events, verification, reports of all services, as space packets on a link.

Enters: the topics of the bus that say what the payload is and does, packets out of the packet stores, parts of files.
Leaves: PUS telemetry on a `DatagramLink`, by rank and at the rate of the pass; the same packets for the packet stores;
whether the ground hears us; and the completion of the commands that ask for telemetry.

    service    reads the bus, step by step                 voice      a message as its packet, rank and store
    desk       carries out commands                        encoder    octets of packets, and their counters
    sources    values of parameters                        outlet     packets to the stores, the queue or the link
    structures, choices, filters, limiter                  downlink   what waits, at the rate of the link
               what is reported, and how often             contact    when the ground hears us

Imports packets, catalogue, ephemeris, bus, messages, keeping and hal.
"""
