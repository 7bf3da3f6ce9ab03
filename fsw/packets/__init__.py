"""Codecs of what crosses the space link: values in, octets out, and back. No I/O, no clock, no state.

Enters: octets from anywhere, however broken. Leaves: immutable values, or a `PacketError` and nothing else.
`space_packet` and `pus` are the headers, `cuc` the time; one module for the data of each service: `verification` (1),
`housekeeping` (3), `events` (5), `functions` (8), `connection` (17), `parameters` (20). Imports the standard library.
"""
