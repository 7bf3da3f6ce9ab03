"""Flies the flight software against the simulated spacecraft: the only place that composes `sim` with `fsw`.

`loop` is virtual time in one process, `realtime` real processes at wall-clock speed. Both leave a `FlightRecord`,
from which `summary`, `report` and the live view are made.
"""
