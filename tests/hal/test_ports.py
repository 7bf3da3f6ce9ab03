"""What single fillings promise beyond the contract: time bounds, replaced files, links out of a tree."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from hal.errors import PortError
from hal.ports import wire
from hal.ports.files import OPEN_LIMIT, MemoryFiles, RealFiles
from hal.ports.host import Demand
from hal.ports.i2c import MemoryI2c
from hal.ports.intake import Ticket
from hal.ports.kinds import Folder, I2cDevice, Remote
from hal.ports.remote import PortServer, RemotePorts
from hal.reading import Reason


def reason_of(files: RealFiles, path: str) -> Reason:
    with pytest.raises(PortError) as caught:
        files.read_text(path)
    return caught.value.reason


def test_a_replaced_file_is_read_anew_and_a_deleted_one_is_absent(tmp_path: Path) -> None:
    files = RealFiles(tmp_path)
    (tmp_path / "value").write_text("1\n")
    assert files.read_number("value") == 1
    (tmp_path / "new").write_text("2\n")
    (tmp_path / "new").rename(tmp_path / "value")
    assert files.read_number("value") == 2
    (tmp_path / "value").unlink()
    assert reason_of(files, "value") is Reason.ABSENT
    files.close()


def test_a_link_out_of_the_tree_is_refused_and_one_inside_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("1")
    tree = tmp_path / "tree"
    (tree / "devices").mkdir(parents=True)
    (tree / "devices" / "value").write_text("2")
    (tree / "out").symlink_to(tmp_path / "outside")
    (tree / "class").symlink_to(tree / "devices")
    files = RealFiles(tree)
    assert reason_of(files, "out") is Reason.ABSENT
    assert files.read_number("class/value") == 2
    assert files.glob("class/*") == ("class/value",)
    files.close()


def test_kept_descriptors_are_bounded(tmp_path: Path) -> None:
    files = RealFiles(tmp_path)
    for index in range(OPEN_LIMIT + 20):
        (tmp_path / f"{index}").write_text(f"{index}")
        assert files.read_number(f"{index}") == index
    assert len(files._readers) == OPEN_LIMIT
    files.close()


def test_a_folder_or_text_of_other_bytes_is_no_value(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    files = RealFiles(tmp_path)
    assert reason_of(files, "folder") is Reason.BUS
    assert reason_of(files, "bytes") is Reason.CORRUPT
    files.close()


def test_a_device_is_kept_open_between_writes() -> None:
    files = RealFiles(Path("/dev"))
    files.write_text("null", "1")
    files.write_text("null", "1")
    assert list(files._devices) == ["null"]
    files.close()


def test_a_dead_server_is_a_timeout_and_the_next_call_starts_afresh(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/ports"
    near = RemotePorts(endpoint, timeout_ms=20)
    bus, host = near.i2c("i2c0"), near.host("host")
    for _ in range(2):
        with pytest.raises(PortError) as caught:
            bus.read_words(0x40, (0,))
        assert caught.value.reason is Reason.TIMEOUT
    assert host.receive() == ()
    host.send(Demand(time_ns=0, payload_power_w=None, demand_w=0.0, mode="SAFE", healthy=True))
    assert host.failures == 2
    near.close()


def test_a_late_answer_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    server = PortServer(f"ipc://{tmp_path}/ports", {"sys": MemoryFiles({"a": "first", "b": "second"})})
    near = RemotePorts(server.endpoint, timeout_ms=20)
    with pytest.raises(PortError):
        near.files("sys").read_text("a")
    thread = threading.Thread(target=lambda: [server.serve_pending(timeout_ms=200) for _ in range(3)])
    thread.start()
    slow = RemotePorts(server.endpoint, timeout_ms=2_000)
    assert slow.files("sys").read_text("b") == "second"
    thread.join()
    for part in (near, slow, server):
        part.close()


def test_server_refuses_what_is_no_port_call(tmp_path: Path) -> None:
    server = PortServer(f"ipc://{tmp_path}/ports", {"i2c0": MemoryI2c({})})
    with zmq.Context() as context, context.socket(zmq.REQ) as raw:
        raw.connect(server.endpoint)
        for request in (b"\xc1", wire.pack(3), wire.pack(["i2c0", "read_words", []]), wire.pack([["x"], "y", []])):
            raw.send(request)
            server.serve_pending(timeout_ms=2_000)
            assert wire.unpack(raw.recv())[0] == 2
        for method in ("__class__", "chips", "close"):
            raw.send(wire.pack(["i2c0", method, []]))
            server.serve_pending(timeout_ms=2_000)
            assert "is served" in wire.unpack(raw.recv())[1]
    assert server.malformed == 3  # the last one was a call, of a port that is not there
    server.close()


def test_endpoint_that_cannot_be_bound_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(zmq.ZMQError):
        PortServer(f"ipc://{tmp_path}/none/ports", {})


NUMBERS = st_numpy.integer_dtypes() | st_numpy.floating_dtypes(sizes=(16, 32, 64)) | st_numpy.boolean_dtypes()


@given(st_numpy.arrays(dtype=NUMBERS, shape=st_numpy.array_shapes(min_dims=0, max_dims=4, max_side=4)))
def test_arrays_travel_unchanged(array: np.ndarray) -> None:
    arrived = wire.unpack(wire.pack(array))
    assert arrived.dtype == array.dtype and arrived.shape == array.shape
    assert arrived.tobytes() == array.tobytes()


def test_tickets_travel_and_objects_do_not() -> None:
    ticket = Ticket(ref="a", kind="k", model="m", value=1.0, deadline_s=2.0)
    assert wire.unpack(wire.pack((ticket,))) == (ticket,)
    with pytest.raises(TypeError, match="cannot carry"):
        wire.pack(object())
    with pytest.raises(TypeError, match="cannot carry"):
        wire.pack(np.array([{}], dtype=object))


@given(st.binary(max_size=40))
def test_noise_on_the_wire_is_a_value_error_or_a_plain_value(noise: bytes) -> None:
    try:
        wire.unpack(noise)
    except ValueError as error:
        assert str(error).startswith("malformed")


def test_kinds_open_ports_of_their_own() -> None:
    for kind in (
        I2cDevice(bus=99_999),
        Folder(root="/sys"),
        Remote(endpoint="ipc:///tmp/none", serves="i2c"),
        Remote(endpoint="ipc:///tmp/none", serves="files"),
    ):
        kind.open("name").close()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="serves must be"):
        Remote(endpoint="ipc:///tmp/none", serves="host")
