"""From samples to the plant as it is and as it could be at worst.

Enters: `Sample`s of the board's sensors. Leaves: `SampleBatch` (raw, unfiltered) and `Plant`. A silent, frozen or
leaping channel is extrapolated at its fastest credible rate towards harm. Imports hal, the bus, messages, mission.
"""
