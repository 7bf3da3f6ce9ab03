"""Builds the kernels of the stepped model and of event mode: `python -m sim.constellation.build`, or setuptools
through `setup.py`. Without a compiler NumPy serves.
"""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

_FOLDER = Path(__file__).parent
_REPOSITORY = _FOLDER.parent.parent
_HEADERS = ("kernel.h", "events.h")


def _declarations(header: str) -> str:
    text = (_FOLDER / header).read_text()
    return text[text.index("typedef") : text.index("#endif")]


ffibuilder = FFI()
ffibuilder.cdef("".join(_declarations(header) for header in _HEADERS))
ffibuilder.set_source(
    "sim.constellation._native",
    "".join(f'#include "{header}"\n' for header in _HEADERS),
    sources=["sim/constellation/kernel.c", "sim/constellation/events.c"],
    include_dirs=["sim/constellation"],
    depends=[f"sim/constellation/{header}" for header in _HEADERS],
    # No fused operation, so that the executors agree; errno and traps are not looked at, so that the loop vectorises.
    extra_compile_args=["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra"],
    libraries=["m"],
    optional=True,  # a missing compiler is no error
)


if __name__ == "__main__":
    ffibuilder.compile(tmpdir=str(_REPOSITORY), verbose=True)
