"""A constellation: up to a million satellites with array, battery, three thermal nodes, load policy and dose.

Enters: shells (a TOML file, `shells.py`), one satellite design (`design.py`), an epoch and a step. Leaves: the state of
every satellite as rows of one array (`fleet.py`), the same to the last bit for any block, thread count or subset.

One model, three executors: `scalar.py` in plain Python, `arrays.py` for any array-API namespace, `kernel.c` through
`compiled.py`. They share the coefficients of `coefficients.py` and the order of every operation. The model has no
trigonometry in a step: the position turns by a fixed angle, and the Sun, the node and their products with the position
are brought up to date once a cell of ten minutes. Imports `hal.constants` and the physics of `sim`.
"""
