"""Hardware abstraction: what the spacecraft can sense and switch.

Enters: register and file contents, through `hal.ports`. Leaves: `Sample`s from sensors and confirmed requests
to actuators. Imports nothing of the other packages. Only `hal.registry` reaches a driver.
"""
