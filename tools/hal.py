"""`penumbra hal`: the hardware layer's own command, and with `--sim` the board of a simulated spacecraft."""

from __future__ import annotations

from collections.abc import Sequence

from hal.cli import COMMANDS
from hal.cli import main as hal_main

SIM_OPTION = "--sim"
ABOUT_SIM = "penumbra hal read --sim [SCENARIO]: the same of a simulated spacecraft"
WARM_UP_S = 60  # of simulated flight, so that the sensors show more than their start values


def main(arguments: Sequence[str]) -> int:
    """Run `hal` on this computer, or with `--sim [SCENARIO]` on the ports of a simulated spacecraft."""
    rest = list(arguments)
    if {"-h", "--help"} & set(rest):
        print(ABOUT_SIM, end="\n\n")
    elif SIM_OPTION in rest:
        return _simulated(rest)
    return hal_main(rest)


def _simulated(rest: list[str]) -> int:
    """The command line around `--sim [SCENARIO]`."""
    place = rest.index(SIM_OPTION)
    named = rest[place + 1 :][:1]
    scenario = named[0] if named and named[0] not in COMMANDS and named[0][0] != "-" else "default"
    del rest[place : place + (2 if named == [scenario] else 1)]
    return _on_simulated_board(rest, scenario)


def _on_simulated_board(rest: list[str], scenario: str) -> int:
    from fsw.mission import load_mission
    from hal.board import find_board
    from hal.clock import SECOND_NS
    from sim.devices import build
    from sim.scenario import load_scenario
    from tools.flight.clock import WorldClock

    loaded = load_scenario(scenario)
    world = loaded.world()
    world.advance_to(WARM_UP_S * SECOND_NS)
    board = load_mission(loaded.mission, loaded.flight).board
    ports = build(world, loaded.seed, board=find_board(board))
    return hal_main([*rest, "--board", board], ports=ports, clock=WorldClock(world))
