"""Versions of a model on board: staged, installed, tried, activated, rolled back; whole after a power cut anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fsw.infer.package import MANIFEST, Package, PackageError
from fsw.infer.shelf import FACTORY, TRIES, Shelf, ShelfState
from fsw.infer.slots import COPY, Slots
from fsw.messages import Outcome
from fsw.store.state import NamedState
from hal.config import ConfigError
from hal.errors import DiskFull, PortError
from hal.ports.disk import Disk, LogFile, RealDisk
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason

Stage = Callable[[Disk, Package], None]


class PowerCut(Exception):
    """The computer went down."""


class CutDisk:
    """A disk whose power goes at the `count`-th write, before it takes effect or after."""

    def __init__(self, disk: Disk, count: int, after: bool) -> None:
        self._disk, self._left, self._after = disk, count, after

    def open_log(self, name: str, size_bytes: int) -> LogFile:
        return self._disk.open_log(name, size_bytes)

    def read_file(self, name: str) -> bytes | None:
        return self._disk.read_file(name)

    def write_file_atomic(self, name: str, content: bytes) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise PowerCut
        self._disk.write_file_atomic(name, content)
        if self._left == 0:
            raise PowerCut


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, make_package: Callable[..., Package]) -> dict[str, Package]:
    folder = tmp_path_factory.mktemp("versions")
    return {version: make_package(folder / version, version) for version in ("1", "2", "3")}


@pytest.fixture
def factory(tmp_path: Path, make_package: Callable[..., Package]) -> Path:
    make_package(tmp_path / "factory" / "keep", "0")
    return tmp_path / "factory"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "disk"


@pytest.fixture
def disk(root: Path) -> RealDisk:
    return RealDisk(root, durable=False)


def open_shelf(disk: Disk, root: Path, factory: Path, **options: Any) -> Shelf:
    return Shelf(Slots(disk, root), NamedState(disk, "shelf", ShelfState()), factory=factory, **options)


def version_of(shelf: Shelf) -> str:
    return shelf.open()[0]["keep"].manifest.version


def activate(shelf: Shelf, probation: int = 0) -> None:
    assert shelf.begin_trial("keep") is not None
    shelf.accept("keep", probation)


@pytest.fixture
def shelf(disk: RealDisk, root: Path, factory: Path) -> Iterator[Shelf]:
    yield open_shelf(disk, root, factory)


def test_an_upload_becomes_a_candidate_and_then_the_active_version(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage
) -> None:
    stage(disk, versions["1"])
    shelf.install("keep")
    assert (version_of(shelf), shelf.candidates()) == ("0", ["keep"])
    activate(shelf)
    assert (version_of(shelf), shelf.candidates()) == ("1", [])
    with pytest.raises(PackageError, match="nothing is staged"):
        shelf.install("keep")


def test_a_second_upload_falls_back_to_the_first_and_then_to_the_factory(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage
) -> None:
    for version in ("1", "2"):
        stage(disk, versions[version])
        shelf.install("keep")
        activate(shelf)
    assert [version_of(shelf), shelf.roll_back("keep"), shelf.roll_back("keep")][0] == "2"
    assert version_of(shelf) == "0"


def test_what_is_active_outlives_a_restart(
    shelf: Shelf, disk: RealDisk, root: Path, factory: Path, versions: dict[str, Package], stage: Stage
) -> None:
    stage(disk, versions["1"])
    shelf.install("keep")
    activate(shelf, probation=3)
    again = open_shelf(disk, root, factory)
    assert (version_of(again), again.entry("keep").probation) == ("1", 3)


@pytest.mark.parametrize("file", ["full.onnx", "golden.npz", MANIFEST])
def test_a_damaged_or_missing_file_is_refused_and_nothing_changes(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage, file: str
) -> None:
    stage(disk, versions["1"])
    content = disk.read_file(f"staging/keep/{file}") or b""
    disk.write_file_atomic(f"staging/keep/{file}", content[:-2] + b"?\xff")
    with pytest.raises((PackageError, ConfigError)):
        shelf.install("keep")
    assert (version_of(shelf), shelf.candidates()) == ("0", [])


@pytest.mark.parametrize("name", ["../keep", "", "a/b", ".."])
def test_a_name_that_leaves_its_folder_is_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(PackageError, match="no plain name"):
        shelf.install(name)


def test_pieces_in_any_order_and_again_make_the_file(root: Path, factory: Path, versions: dict[str, Package]) -> None:
    memory = MemoryDisk()
    slots = Slots(memory, root)
    content = (versions["1"].folder / "golden.npz").read_bytes()
    pieces = [(at, content[at : at + 100]) for at in range(0, len(content), 100)]
    slots.stage_chunk("keep", "golden.npz", 0, len(content) + 50, b"a longer one of before" + bytes(len(content)))
    for at, piece in (*reversed(pieces), pieces[1]):
        slots.stage_chunk("keep", "golden.npz", at, len(content), piece)
    memory.power_cut()
    slots.stage_done("keep", "golden.npz", len(content))
    assert memory.read_file("staging/keep/golden.npz") == content


def test_a_piece_whose_write_is_torn_is_found_out_by_its_hash(
    disk: RealDisk, root: Path, factory: Path, versions: dict[str, Package]
) -> None:
    memory = MemoryDisk()
    log = memory.open_log("staging/keep/full.onnx.part", 64)
    log.write_at(0, b"x" * 64)
    memory.power_cut(kept_writes=0, torn_bytes=10)
    slots = Slots(memory, root)
    slots.stage_done("keep", "full.onnx", 64)
    assert memory.read_file("staging/keep/full.onnx") == b"x" * 10 + bytes(54)
    for name in (MANIFEST, "golden.npz"):
        memory.write_file_atomic(f"staging/keep/{name}", (versions["1"].folder / name).read_bytes())
    with pytest.raises(PackageError, match=r"full\.onnx: is missing in the upload, or not what the manifest says"):
        open_shelf(memory, root, factory).install("keep")


def life(disk: Disk, root: Path, factory: Path) -> None:
    """Version 2 installed, tried, activated, and two jobs of its probation; begun wherever an earlier life ended."""
    shelf = open_shelf(disk, root, factory)
    if version_of(shelf) != "2":
        if not shelf.candidates():
            shelf.install("keep")
        activate(shelf, probation=2)
    for _ in range(2):
        assert not shelf.judge("keep", Outcome.DONE, allowed=1)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_power_cut_at_every_write_leaves_one_whole_version_and_a_way_on(
    tmp_path: Path, factory: Path, versions: dict[str, Package], stage: Stage, after: bool
) -> None:
    for count in range(1, 100):
        root = tmp_path / f"cut-{count}"
        disk = RealDisk(root, durable=False)
        stage(disk, versions["1"])
        first = open_shelf(disk, root, factory)
        first.install("keep")
        activate(first)
        stage(disk, versions["2"])
        try:
            life(CutDisk(disk, count, after), root, factory)
        except PowerCut:
            again = open_shelf(disk, root, factory)
            assert version_of(again) in ("1", "2")
            assert again.open()[1] == []
            life(disk, root, factory)
            assert version_of(open_shelf(disk, root, factory)) == "2"
        else:
            assert count > 10, "the life was not cut at all"
            return
    pytest.fail("a life has fewer writes than that")


def test_a_trial_that_takes_the_computer_down_is_not_tried_for_ever(
    disk: RealDisk, root: Path, factory: Path, versions: dict[str, Package], stage: Stage
) -> None:
    stage(disk, versions["1"])
    open_shelf(disk, root, factory).install("keep")
    for _ in range(TRIES):
        shelf = open_shelf(disk, root, factory)
        assert shelf.open()[1] == []
        assert shelf.begin_trial("keep") is not None  # and the power goes
    shelf = open_shelf(disk, root, factory)
    assert shelf.open()[1] == [("model_trial_failed", ("keep", f"the computer went down in it {TRIES} times"))]
    assert (shelf.candidates(), version_of(shelf)) == ([], "0")


def test_a_trial_broken_off_by_us_does_not_count(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage
) -> None:
    stage(disk, versions["1"])
    shelf.install("keep")
    for _ in range(3 * TRIES):
        assert shelf.begin_trial("keep") is not None
        shelf.suspend_trial("keep")


def test_failures_on_probation_are_counted_over_restarts(
    disk: RealDisk, root: Path, factory: Path, versions: dict[str, Package], stage: Stage
) -> None:
    stage(disk, versions["1"])
    shelf = open_shelf(disk, root, factory)
    shelf.install("keep")
    activate(shelf, probation=4)
    outcomes = [Outcome.BAD_INPUT, Outcome.STOPPED, Outcome.BAD_OUTPUT, Outcome.DONE, Outcome.CRASHED]
    verdicts = [open_shelf(disk, root, factory).judge("keep", outcome, allowed=1) for outcome in outcomes]
    assert verdicts == [False, False, False, False, True]


def test_after_its_probation_a_version_is_not_judged(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage
) -> None:
    stage(disk, versions["1"])
    shelf.install("keep")
    activate(shelf, probation=1)
    assert not shelf.judge("keep", Outcome.DONE, allowed=0)
    assert not shelf.judge("keep", Outcome.BAD_OUTPUT, allowed=0)


@pytest.mark.parametrize("file", ["full.onnx", "golden.npz", MANIFEST])
def test_a_damaged_file_comes_back_from_its_copy(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage, file: str
) -> None:
    stage(disk, versions["1"])
    shelf.install("keep")
    activate(shelf)
    good = disk.read_file(f"slots/keep/a/{file}")
    disk.write_file_atomic(f"slots/keep/a/{file}", b"upset")
    assert version_of(shelf) == "1"
    assert disk.read_file(f"slots/keep/a/{file}") == good
    disk.write_file_atomic(f"slots/keep/a{COPY}/{file}", b"upset")
    assert file == MANIFEST or shelf.slots.repair(shelf.open()[0]["keep"]) == 1


def test_with_both_copies_damaged_the_previous_version_serves(
    shelf: Shelf, disk: RealDisk, versions: dict[str, Package], stage: Stage
) -> None:
    for version in ("1", "2"):
        stage(disk, versions[version])
        shelf.install("keep")
        activate(shelf)
    for copy in ("", COPY):
        disk.write_file_atomic(f"slots/keep/b{copy}/full.onnx", b"upset")
    found, news = shelf.open()
    assert found["keep"].manifest.version == "1"
    assert news == [("model_rolled_back", ("keep", "a", "both copies are damaged"))]


def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, factory: Path, versions: dict[str, Package], stage: Stage
) -> None:
    memory = MemoryDisk()
    stage(memory, versions["1"])
    memory.capacity_bytes = sum(path.stat().st_size for path in versions["1"].folder.iterdir()) + 200
    shelf = open_shelf(memory, tmp_path, factory)
    with pytest.raises(DiskFull):
        shelf.install("keep")
    memory.fault = Reason.BUS
    with pytest.raises(PortError):
        shelf.install("keep")
    assert (version_of(shelf), shelf.entry("keep").active) == ("0", FACTORY)


def test_where_keys_count_only_what_they_signed_is_installed(
    disk: RealDisk, root: Path, factory: Path, tmp_path: Path, versions: dict[str, Package], stage: Stage
) -> None:
    pytest.importorskip("cryptography")
    from fsw.infer.package import SIGNATURE
    from fsw.infer.signature import sign, signature_text
    from tools.model.keys import load_key, make_key

    public = make_key(tmp_path / "a.key").read_text().strip()
    shelf = open_shelf(disk, root, factory, keys=[public])
    stage(disk, versions["1"])
    with pytest.raises((PackageError, ConfigError)):
        shelf.install("keep")
    assert shelf.candidates() == []
    signature = signature_text(sign(versions["1"], load_key(tmp_path / "a.key")))
    disk.write_file_atomic(f"staging/keep/{SIGNATURE}", signature.encode())
    shelf.install("keep")
    assert shelf.candidates() == ["keep"]
