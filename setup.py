"""The one thing that pyproject.toml cannot say: the native parts are built through cffi, where a compiler is."""

from setuptools import setup

setup(cffi_modules=["hal/native/build.py:ffibuilder", "sim/constellation/build.py:ffibuilder"])
