"""The governor: which job runs next, on which variant and power setting, or none, and why.

Enters: `Job`, `Plant`, `Envelope`, `Prices`, `WorkResult`, commands. Leaves: `WorkOrder`, `JobReport`, `Decision`,
`ModeStatus`, `QueueStatus`. Read apart: `queue`, `points` (what a job costs, learnt in flight), `meter` (what it
cost), `policies` (the choice), `plan` (the prices), `mode`; `dispatcher` joins them, `service` and `planner` are the
shells. Imports hal, the bus, messages, mission, catalogue, ephemeris.
"""
