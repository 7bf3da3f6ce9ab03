"""Packages on the desk: built from ONNX files, profiled, signed, verified and compared."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from fsw.infer.package import CorruptPackage, Package, PackageError, load_package
from fsw.mission import load_mission
from fsw.profile import PROFILE, Profile, parse_profile, profile_text, profiled_seconds
from hal.clock import SECOND_NS, SteppedClock
from hal.config import ConfigError
from tools.model.build import Recipe, build_package
from tools.model.cli import model
from tools.model.difference import compare
from tools.model.duty import duty_source, held_to
from tools.model.energy import find_counter
from tools.model.measure import Plan, measure
from tools.model.read_onnx import OnnxError, read_onnx
from tools.model.tiny_onnx import Node, Value, one_operator, onnx_bytes
from tools.model.write import write_profile

ROWS = np.array([[-1.0, 0.0, 2.0], [3.0, -4.0, 5.0]], np.float32)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(model, [str(argument) for argument in arguments])


def make(folder: Path, name: str = "keep", **options: Any) -> Package:
    """Two variants that need no weights: what is positive, and the size of it."""
    source = folder / "onnx"
    source.mkdir(parents=True)
    (source / "full.onnx").write_bytes(one_operator("Relu", 3))
    (source / "abs.onnx").write_bytes(one_operator("Abs", 3))
    np.savez(folder / "rows.npz", input=ROWS, abs=np.abs(ROWS))
    return build_package(
        folder / name,
        source,
        folder / "rows.npz",
        Recipe(name=name, **{"order": ("full",), "tolerance": 0.0, **options}),
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return make(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def table(built: Package) -> Profile:
    """Measured with real workers, few and short runs."""
    plan = Plan(threads=(1,), batches=(2, 1), duties=(1.0, 0.5), period_s=0.002, runs=5, point_s=0.1, starts=1)
    return measure(built, plan)


@pytest.fixture
def profiled(tmp_path: Path, table: Profile) -> Package:
    package = make(tmp_path)
    return write_profile(package, table)


def test_a_built_package_has_the_order_asked_for_and_goldens_of_its_own_or_given(built: Package) -> None:
    assert [variant.name for variant in built.variants] == ["full", "abs"]
    goldens = built.goldens()
    np.testing.assert_array_equal(goldens["full"], np.maximum(ROWS, 0.0))
    np.testing.assert_array_equal(goldens["abs"], np.abs(ROWS))
    assert (built.input.shape, built.input.dtype) == (("n", 3), "float32")
    assert built.input.low < -4.0 < 5.0 < built.input.high


def test_equal_sources_give_equal_packages(built: Package, tmp_path: Path) -> None:
    again = make(tmp_path)
    for path in sorted(built.folder.iterdir()):
        assert (again.folder / path.name).read_bytes() == path.read_bytes()


def test_variants_of_other_types_are_refused(tmp_path: Path) -> None:
    edge = {"dtype": "int32", "shape": ("n", 3)}
    node = Node(operator="Abs", inputs=("x",), outputs=("y",))
    (tmp_path / "a.onnx").write_bytes(one_operator("Relu", 3))
    whole = onnx_bytes([node], [Value(name="x", **edge)], [Value(name="y", **edge)])  # type: ignore[arg-type]
    (tmp_path / "b.onnx").write_bytes(whole)
    np.save(tmp_path / "rows.npy", ROWS)
    result = call("build", tmp_path, tmp_path / "out", "--golden", tmp_path / "rows.npy")
    assert result.exit_code == 2
    assert "b: takes or gives another type than a: make a package of each" in result.stderr


def test_the_reader_finds_what_was_written() -> None:
    found = read_onnx(one_operator("Relu", 7))
    assert (found.operators, found.operator_set, found.weights) == ({"Relu": 1}, 17, {})
    assert (found.inputs[0].name, found.inputs[0].dtype, found.outputs[0].shape) == ("x", "float32", ("n", 7))


@given(st.binary(max_size=200))
def test_octets_that_are_no_model_are_one_kind_of_error(content: bytes) -> None:
    with pytest.raises(OnnxError):
        read_onnx(content)


@given(st.integers(0, 90), st.binary(min_size=1, max_size=4))
def test_a_damaged_model_is_read_or_refused(at: int, junk: bytes) -> None:
    content = bytearray(one_operator("Relu", 7))
    content[at : at + len(junk)] = junk
    try:
        read_onnx(bytes(content))
    except OnnxError:
        return


def test_a_profile_has_every_point_and_reads_back_as_the_same_file(table: Profile, built: Package) -> None:
    keys = [(name, 1, batch, duty) for name in ("abs", "full") for batch in (1, 2) for duty in (0.5, 1.0)]
    assert [point.key for point in table.point] == keys
    assert {table.energy_source, table.duty_source} <= {"cpu_time", "counter", "SIGSTOP", "cpu.max"}
    text = profile_text(table)
    assert profile_text(parse_profile(text.encode())) == text
    assert all(point.peak_bytes > 10 << 20 and point.runs == 5 for point in table.point)


def test_a_profile_travels_in_the_package_and_is_refused_when_damaged(profiled: Package) -> None:
    found = profiled.profile()
    assert found is not None and found.at("full") is not None
    path = profiled.folder / PROFILE
    path.write_bytes(path.read_bytes().replace(b"threads = 1", b"threads = 2", 1))
    with pytest.raises(CorruptPackage, match=r"profile\.toml: content does not match"):
        load_package(profiled.folder)
    with pytest.raises(ConfigError, match="does not match its sha256"):
        profiled_seconds(profiled.folder.parent, profiled.folder.name)


def test_a_profile_of_other_weights_is_refused(profiled: Package, table: Profile) -> None:
    with pytest.raises(CorruptPackage, match="measured with other weights"):
        write_profile(profiled, replace(table, weights="0" * 64))


@pytest.mark.parametrize(
    ("old", "new"), [("schema = 1", "schema = 2"), ("duty = 0.5", "duty = 1.5"), ("point", "pint")]
)
def test_a_profile_that_cannot_be_is_refused(table: Profile, old: str, new: str) -> None:
    with pytest.raises(ConfigError):
        parse_profile(profile_text(table).replace(old, new, 1).encode())


def test_a_mission_takes_its_times_from_the_profile(profiled: Package, table: Profile) -> None:
    variants = [{"name": "full", "worth": 1.0}, {"name": "abs", "worth": 0.5, "work_s": 7.0}]
    rows = {"models": [{"name": "keep", "profile": True, "variants": variants}], "demand": []}
    row = load_mission("owned.toml", rows, models=profiled.folder.parent).models[0]
    point = table.at("full")
    assert point is not None
    assert [variant.work_s for variant in row.variants] == [pytest.approx(point.time_p50_s, rel=1e-3), 7.0]


def test_a_mission_that_wants_a_profile_that_is_not_there_says_so(built: Package) -> None:
    rows = {"models": [{"name": "keep", "profile": True, "variants": [{"name": "full", "worth": 1.0}]}], "demand": []}
    with pytest.raises(ConfigError, match="the package has no profile; `penumbra model profile` makes one"):
        load_mission("owned.toml", rows, models=built.folder.parent)


def test_profile_tells_a_program_everything(built: Package) -> None:
    result = call(
        "profile", built.folder, "--cap", "1", "--batch", "1", "--threads", "1", "--runs", "5", "--dry-run", "--json"
    )
    assert result.exit_code == 0, result.stderr
    assert [point["variant"] for point in json.loads(result.stdout)["point"]] == ["abs", "full"]
    assert not (built.folder / PROFILE).exists()
    assert call("profile", built.folder, "--threads", "0").exit_code == 2


def test_stop_and_go_leaves_the_process_running() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with held_to(0.5, child.pid, Path("/nowhere")):
            pass
        state = Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2][0]
        assert state != "T"
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()


def test_without_a_writable_quota_a_cap_is_stop_and_go(tmp_path: Path) -> None:
    assert duty_source(tmp_path) == "SIGSTOP"
    (tmp_path / "cgroup.subtree_control").write_text("cpuset cpu\n")
    assert duty_source(tmp_path) == "cpu.max"


def test_energy_counts_above_idle_and_over_a_wrap(tmp_path: Path) -> None:
    domain = tmp_path / "intel-rapl:0"
    domain.mkdir()
    (domain / "max_energy_range_uj").write_text("10000000\n")
    (domain / "energy_uj").write_text("9000000\n")

    class Draw(SteppedClock):
        """One watt, for as long as the clock goes."""

        def sleep_until_ns(self, deadline_ns: int) -> None:
            moved = (deadline_ns - self.now_ns()) / SECOND_NS
            (domain / "energy_uj").write_text(str(int(9e6 + 1e6 * moved) % 10_000_000))
            super().sleep_until_ns(deadline_ns)

    clock = Draw()
    counter = find_counter(clock, tmp_path)
    assert counter is not None
    assert find_counter(clock, tmp_path / "nothing") is None
    counter.start()
    before = int((domain / "energy_uj").read_text())
    clock.advance_to_ns(clock.now_ns() + int(2.1 * SECOND_NS))
    (domain / "energy_uj").write_text(str((before + 4_000_000) % 10_000_000))
    assert counter.joules() == pytest.approx(4.0 - 2.1)


def test_a_signature_holds_until_anything_changes(tmp_path: Path) -> None:
    folder = make(tmp_path).folder
    key, other = tmp_path / "a.key", tmp_path / "b.key"
    assert call("key", key).exit_code == call("key", other).exit_code == 0
    assert "is not signed" in call("verify", folder, "--key", f"{key}.pub").stderr
    assert call("sign", folder, "--key", key).exit_code == 0
    assert call("verify", folder, "--key", f"{other}.pub", "--key", f"{key}.pub").exit_code == 0
    assert "is not one of those that count" in call("verify", folder, "--key", f"{other}.pub").stderr
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("tolerance = 0.0", "tolerance = 9.0"))
    result = call("verify", folder, "--key", f"{key}.pub")
    assert (result.exit_code, "does not match" in result.stderr) == (1, True)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path, built: Package) -> None:
    key = tmp_path / "a.key"
    call("key", key)
    assert key.stat().st_mode & 0o777 == 0o600
    os.chmod(key, 0o640)  # noqa: PTH101
    result = call("sign", built.folder, "--key", key)
    assert (result.exit_code, "make it 0600" in result.stderr) == (2, True)
    assert call("key", key).exit_code == 2  # and one that is there is not overwritten


def test_equal_packages_have_no_difference_and_others_are_told(built: Package, tmp_path: Path) -> None:
    assert compare(built, load_package(built.folder)) == []
    assert call("diff", built.folder, built.folder).exit_code == 0
    other = make(tmp_path, version="2.0.0", tolerance=0.5)
    (tmp_path / "onnx" / "full.onnx").write_bytes(one_operator("Neg", 3))
    np.savez(tmp_path / "rows.npz", input=ROWS)
    other = build_package(
        tmp_path / "keep", tmp_path / "onnx", tmp_path / "rows.npz", Recipe(name="keep", version="2.0.0")
    )
    told = {(change.where, change.what): (change.before, change.after) for change in compare(built, other)}
    assert told["package", "version"] == ("1.0.0", "2.0.0")
    assert told["full", "operators Relu"] == ("1", "0")
    assert ("full golden", "5 of 6 values, by 10 at most") in told
    assert call("diff", built.folder, other.folder, "--format", "json").exit_code == 1


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", ROWS)
    with pytest.raises(PackageError, match=r"holds no \.onnx file"):
        build_package(tmp_path / "out", tmp_path, tmp_path / "rows.npy", Recipe(name="none"))
