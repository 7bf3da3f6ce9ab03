"""Flight software. Folders are the data path: sense, guard, govern, infer, telemetry, packets, command, store.

Enters: samples from `hal`, telecommand packets. Leaves: actuator requests, telemetry packets, results. The services
meet only on the bus (`fsw.bus`), in the types of `fsw.messages`. Never imports `sim` or `tools`.
"""
