"""The profiles of the space link, behind the seam that commands and telemetry know: a link gives and takes packets.

Enters: datagrams of a `DatagramLink`, which a radio may have lost, changed or forged. Leaves: telecommand packets that
may act, telemetry as datagrams, and a count for everything that had no effect.

    packets       a datagram is a packet                  `plain`
    packets+mac   commands are carried in TC[130,1]       `authentic`
    frames        TM frames, CLTUs, FARM-1                `framed`
    frames+sdls   the same, commands under security       `framed`

Imports packets, catalogue, bus, messages and hal; the keys are held by whoever opens a link, which is comms alone.
"""
