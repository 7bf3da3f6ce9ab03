"""The guard: bounds on what may run, no optimisation, no learning, the last word; fails closed.

Enters: `Plant`, `HostStatus`, the order that runs. Leaves: `Envelope`, `Trip`, actuator requests. `bounds` holds the
monotone models, `guard` the state machine, `service` the shell. Imports hal, the bus, messages, mission, ephemeris.
"""
