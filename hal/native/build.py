"""Builds the native part: `python -m hal.native.build`, or setuptools through `setup.py`. Without a compiler the
Python twin serves.
"""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

_FOLDER = Path(__file__).parent
_REPOSITORY = _FOLDER.parent.parent

ffibuilder = FFI()
ffibuilder.cdef(
    "".join(line for line in (_FOLDER / "penumbra.h").read_text().splitlines(keepends=True) if line[0] != "#")
)
ffibuilder.set_source(
    "hal.native._native",
    '#include "penumbra.h"',
    sources=["hal/native/penumbra.c"],
    include_dirs=["hal/native"],
    depends=["hal/native/penumbra.h"],
    extra_compile_args=["-O2", "-Wall", "-Wextra", "-Wno-unused-parameter"],
    libraries=["pthread"],
    optional=True,  # a missing compiler is no error
)


if __name__ == "__main__":
    ffibuilder.compile(tmpdir=str(_REPOSITORY), verbose=True)
