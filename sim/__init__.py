"""The simulated spacecraft: what the flight software would find if it were in orbit.

Enters: a scenario, a seed, and what actuators write. Leaves: registers and files, through the ports of `hal`, and the
truth, for referees and reports. Imports `hal` and nothing else of the project.
"""
