"""Fillings of the ports for the contract suites: in memory, in a folder, and served by another thread over ZeroMQ."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest

from hal.ports.bounded import BoundedFiles
from hal.ports.files import FileTree, MemoryFiles, RealFiles
from hal.ports.i2c import I2cBus, MemoryI2c
from hal.ports.remote import PortServer, RemotePorts

Serve = Callable[[dict[str, object]], RemotePorts]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves ports from another thread and gives the near end."""
    with ExitStack() as stack:

        def start(ports: dict[str, object]) -> RemotePorts:
            server = PortServer(f"ipc://{tmp_path}/ports", ports)
            stopped = threading.Event()
            thread = threading.Thread(target=_run, args=(server, stopped))
            near = RemotePorts(server.endpoint, timeout_ms=5_000)
            stack.callback(server.close)
            stack.callback(thread.join)
            stack.callback(stopped.set)
            stack.callback(near.close)
            thread.start()
            return near

        yield start


def _run(server: PortServer, stopped: threading.Event) -> None:
    while not stopped.is_set():
        server.serve_pending(timeout_ms=5)


@pytest.fixture(params=["memory", "remote"])
def i2c_filling(request: pytest.FixtureRequest, serve: Serve) -> Callable[[MemoryI2c], I2cBus]:
    """How to reach a bus of emulated chips."""
    if request.param == "memory":
        return lambda bus: bus
    return lambda bus: serve({"i2c0": bus}).i2c("i2c0")


@pytest.fixture(params=["memory", "folder", "bounded", "remote"])
def file_filling(
    request: pytest.FixtureRequest, serve: Serve, tmp_path: Path
) -> Iterator[Callable[[dict[str, str]], FileTree]]:
    """How to make a tree of the files given."""
    with ExitStack() as stack:

        def folder(texts: dict[str, str]) -> FileTree:
            for path, text in texts.items():
                (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "tree" / path).write_text(text)
            (tmp_path / "tree").mkdir(exist_ok=True)
            files = RealFiles(tmp_path / "tree")
            stack.callback(files.close)
            return files

        def bounded(texts: dict[str, str]) -> FileTree:
            files = BoundedFiles(cast(RealFiles, folder(texts)), timeout_ms=5_000)
            stack.callback(files.close)
            return files

        def memory(texts: dict[str, str]) -> FileTree:
            return MemoryFiles(dict(texts))

        def remote(texts: dict[str, str]) -> FileTree:
            return serve({"sys": memory(texts)}).files("sys")

        yield {"memory": memory, "folder": folder, "bounded": bounded, "remote": remote}[request.param]
