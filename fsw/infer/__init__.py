"""Inference: model packages, the worker process that runs them, and the service that takes work orders.

Enters: `ORDER`, `TRIP`, `ENVELOPE` and `COMMAND` from the bus, arrays from the intake port. Leaves: `RESULT` and `JOB`.
Reading order: `package`, `check`, `options`, `frames`, `residency`, `worker` (the child), `record`, `client`
(its parent), `compute`, `paced`, `service`, `intake`; then the life of packages: `slots`, `shelf`, `signature`,
`trial`, `scrub`, `life`.
ONNX Runtime is imported by `fsw.infer.worker` alone, in its own process. Imports `fsw.messages`, `fsw.bus` and `hal`.
"""
