"""Transfer frames of the space link: octets of packets in, frames out, and back. No I/O, no clock.

Enters: packets, or octets from the radio, however broken. Leaves: frames and packets as immutable values, or a
`PacketError` and nothing else.

    down   packets -> tm_stream (fills frames, spans packets) -> tm (one frame, with the CLCW) -> randomiser -> radio
    up     radio -> cltu (code blocks) -> randomiser -> tc (one frame) -> security -> farm (order) -> segments

Imports the standard library, and `fsw.packets` for errors and the packet header.
"""
