"""The worker with faults: what the first number of an input says happens while its model runs."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np

from fsw.infer import worker

WELL, KILLED, HUNG, DEAF, LEAKING, NAN, INFINITE = range(7)
LEAK_BYTES = 32 << 20

leaked: list[Any] = []
run_model = worker.Model.run


def run(model: worker.Model, rows: int, options: Any) -> Any:
    """The model's output, or a fault."""
    output = run_model(model, rows, options)
    fault = int(output.flat[0])
    if fault == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == DEAF:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while fault in (HUNG, DEAF):
        pass
    if fault == LEAKING:
        leaked.append(np.ones(LEAK_BYTES // 8))
    if fault in (NAN, INFINITE):
        output = np.full_like(output, np.nan if fault == NAN else np.inf)
    return output


if __name__ == "__main__":
    worker.Model.run = run  # type: ignore[method-assign]
    worker.LOOK_EVERY = 1
    worker.main()
