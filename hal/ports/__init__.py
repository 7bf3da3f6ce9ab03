"""Ports: every way in which flight code touches the world. Each is a narrow protocol with real and simulated fillings.

Simulation enters here and nowhere above. A port raises `hal.errors.PortError` with the reason of a failed transfer.
"""
