"""The one thing that pyproject.toml cannot say: the native part is built through cffi, where a compiler is."""

from setuptools import setup

setup(cffi_modules=["hal/native/build.py:ffibuilder"])
