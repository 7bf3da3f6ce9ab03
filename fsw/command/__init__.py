"""Telecommands: octets in, commands or refusals with a code out.

Enters: datagrams of the link, the mode, and the reports of those who carry commands out. Leaves: `Command`,
`ParameterSet`, the acceptance reports, and a failure for what nobody answered. Imports packets, catalogue, bus,
messages and hal.
"""
