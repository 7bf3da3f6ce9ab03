"""Fault management as a table (PUS ST12 and ST19): watchpoint, event, rule, response.

Enters: the raw messages that parameters come from, every event of every service before any filter, commands. Leaves:
`StoredCommand` in response, events, reports. Imports packets, catalogue, bus, messages and hal.
"""
