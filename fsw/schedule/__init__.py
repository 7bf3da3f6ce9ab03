"""The schedule (PUS ST11): telecommand packets that are carried out at a time, or around a pass or an eclipse.

Enters: commands, on-board time and its quality, the forecast of eclipses and passes, the array's power to hold it
against. Leaves: `StoredCommand`, reports, events. Imports packets, catalogue, ephemeris, bus, messages and hal.
"""
