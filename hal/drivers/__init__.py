"""Drivers: one chip or kernel interface a file, written once, run on real and simulated ports.

A sensor driver is a class with `ROLES` (what it can measure), `Options` (its keys in a board file) and a constructor
`(port, clock, channels, options)` with channels by role; it fills `hal.contract.Sensor`. An actuator is built from
`(name, port, options)`, and the clock where it says `WAITS`. A constructor never fails for the hardware's sake: a
device may come later. `scan(files) -> tuple[Finding, ...]`, where there is one, finds what a board file could name.
Only `hal.registry` reaches a driver. docs/drivers.md shows how to write one.
"""
