"""Builds the kernel: `python -m sim.constellation.build`, or setuptools through `setup.py`. Without a compiler NumPy
serves.
"""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

_FOLDER = Path(__file__).parent
_REPOSITORY = _FOLDER.parent.parent
_HEADER = (_FOLDER / "kernel.h").read_text()

ffibuilder = FFI()
ffibuilder.cdef(_HEADER[_HEADER.index("typedef") : _HEADER.index("#endif")])
ffibuilder.set_source(
    "sim.constellation._native",
    '#include "kernel.h"',
    sources=["sim/constellation/kernel.c"],
    include_dirs=["sim/constellation"],
    depends=["sim/constellation/kernel.h"],
    # No fused operation, so that the executors agree; errno and traps are not looked at, so that the loop vectorises.
    extra_compile_args=["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra"],
    libraries=["m"],
    optional=True,  # a missing compiler is no error
)


if __name__ == "__main__":
    ffibuilder.compile(tmpdir=str(_REPOSITORY), verbose=True)
