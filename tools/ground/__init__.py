"""The ground tool, `penumbra gnd`: sends commands and shows what became of them, watches telemetry, logs events.

Enters: what a person types, and space packets over UDP. Leaves: telecommands, tables and lines, and an exit code
that a script can trust. Uses the packets and the dictionary of the flight software and nothing else of it.

    0 completed as asked   2 wrong usage or argument   3 refused here   4 not accepted   5 failed later
    6 outcome unknown      7 link down                 130 interrupted
"""
