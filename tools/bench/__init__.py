"""Benchmarks: each returns one dictionary, printed as one JSON object by `penumbra bench NAME --json`."""
