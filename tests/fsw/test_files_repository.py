"""Repositories: names that lead nowhere else, quotas, what goes when they are full, outputs of jobs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.files.names import FileName, FileRefused, file_name
from fsw.files.repository import Repositories, Repository, WhenFull
from fsw.files.results import ResultFolder
from fsw.files.spool import Spool
from fsw.messages import WorkOrder


def repositories(folder: Path, when_full: WhenFull, quota: int = 1000) -> Repositories:
    row = Repository(name="r", folder=folder / "r", quota_octets=quota, depth=2, when_full=when_full)
    return Repositories([row], Spool(folder / "spool", 10_000))


def fill(files: Repositories, name: str, octets: int) -> None:
    files.begin(name, f"r/{name}", octets)
    files.write(name.replace("/", "-"), 0, bytes(octets))
    files.commit(name.replace("/", "-"), f"r/{name}")
    files.discard(name)


def test_full_repository_refuses_or_drops_the_oldest(tmp_path: Path) -> None:
    files = repositories(tmp_path / "a", WhenFull.REFUSE)
    fill(files, "a", 600)
    with pytest.raises(FileRefused, match="200 octets too many"):
        files.begin("p", "r/b", 600)
    files.begin("p", "r/a", 1000)  # takes the place of the one that is there
    with pytest.raises(FileRefused):
        files.begin("q", "r/c", 1)  # what is on its way counts
    files = repositories(tmp_path / "b", WhenFull.DROP_OLDEST)
    fill(files, "a", 400)
    fill(files, "b", 400)
    files.is_used = lambda name: name.path == "a"
    fill(files, "c", 400)
    assert [entry.name.path for entry in files.entries("r")] == ["a", "c"]
    assert files.take_dropped() == [FileName("r", "b")]


def test_packages_that_were_taken_make_room_for_new_ones(tmp_path: Path) -> None:
    files = repositories(tmp_path, WhenFull.DROP_TAKEN)
    for name in ("old/full.onnx", "waiting/full.onnx"):
        fill(files, name, 450)
    fill(files, "waiting/manifest.toml", 10)
    with pytest.raises(FileRefused):
        files.begin("p", "r/new/full.onnx", 450)
    fill(files, "old/manifest.toml", 0)
    files.begin("p", "r/new/full.onnx", 450)
    assert [entry.name.path for entry in files.entries("r")] == ["waiting/full.onnx", "waiting/manifest.toml"]


def order(job_id: int, first_row: int = 0) -> WorkOrder:
    return WorkOrder(
        job_id=job_id, attempt=1, model="m", variant="v", setting="", input_ref="", predicted_s=0.0, predicted_w=0.0,
        kill_ns=0, first_row=first_row,
    )  # fmt: skip


def test_outputs_of_jobs_can_be_fetched_and_the_oldest_go(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    output = np.arange(24, dtype=np.float32).reshape(4, 6)
    results = ResultFolder(folder, quota_octets=3 * 300, durable=False)
    assert [results.keep(order(number), output) for number in (1, 2)] == ["results/1-1.npy", "results/2-1.npy"]
    assert results.keep(order(2, first_row=4), output) == "results/2-1-4.npy"
    np.testing.assert_array_equal(np.load(folder / "1-1.npy"), output)
    again = ResultFolder(folder, quota_octets=3 * 300, durable=False)
    for number in (3, 4):
        again.keep(order(number), output)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 900
    assert not (folder / "1-1.npy").exists() and (folder / "4-1.npy").exists()
    assert again.dropped > 0


def test_a_result_survives_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results").write_bytes(b"a file where the folder should be")
    results = ResultFolder(tmp_path / "results")
    assert results.keep(order(1), np.zeros(3)) == ""
    assert results.lost == 1


def test_spool_is_bounded_as_a_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1000)
    spool.write("a", 0, bytes(600))
    with pytest.raises(FileRefused):
        spool.write("b", 350, bytes(51))
    spool.write("b", 350, bytes(50))
    spool.discard("a")
    spool.write("b", 400, bytes(600))


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_name_leads_out_of_its_folder(repository: str, path: str) -> None:
    try:
        name = file_name(repository, path)
    except FileRefused:
        return
    parts = (name.repository, *name.path.split("/"))
    assert all(part and not part.startswith(".") and part.isascii() for part in parts)
    assert Path("/root", *parts).is_relative_to("/root")
