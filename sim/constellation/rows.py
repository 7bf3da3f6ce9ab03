"""The state of a satellite: the rows of one array, and the satellite at the epoch.

`stored_j` is the battery's energy, `*_k` are node temperatures, `dose_ugy` is behind the shield of `sim.radiation`. The
position is that of the middle of the coming step and the node that of the middle of the cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hal.constants import ZERO_CELSIUS_K
from sim.constellation.coefficients import CELL_S
from sim.constellation.design import Design
from sim.constellation.shells import Shell
from sim.orbit import latitude_rate_rad_s, node_rate_rad_s

ROWS = ("cos_u", "sin_u", "cos_node", "sin_node", "stored_j", "array_k", "payload_k", "body_k", "dose_ugy")
BYTES_PER_SATELLITE = 8 * len(ROWS)

Rows = NDArray[np.float64]  # (9, satellites), each row contiguous


def first_rows(shell: Shell, design: Design, epoch_unix_s: float, step_s: float, indices: NDArray[np.int64]) -> Rows:
    """The rows of the satellites `indices` at the epoch."""
    node, latitude = shell.phases(epoch_unix_s, indices)
    node = node + 0.5 * CELL_S * node_rate_rad_s(shell.semi_major_axis_m, shell.inclination_rad)
    latitude = latitude + 0.5 * step_s * latitude_rate_rad_s(shell.semi_major_axis_m, shell.inclination_rad)
    rows = np.empty((len(ROWS), len(indices)))
    rows[0], rows[1], rows[2], rows[3] = np.cos(latitude), np.sin(latitude), np.cos(node), np.sin(node)
    rows[4] = design.storage.start_soc * design.storage.capacity_wh * 3600.0
    rows[5] = design.heat.array.start_c + ZERO_CELSIUS_K
    rows[6] = design.heat.payload.start_c + ZERO_CELSIUS_K
    rows[7] = design.heat.structure.start_c + ZERO_CELSIUS_K
    rows[8] = 0.0
    return rows
