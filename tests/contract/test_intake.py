"""What every intake does: tickets once and in order, arrays or a reason; and the policies of the folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hal.errors import PortError
from hal.ports.folder_intake import FolderIntake
from hal.ports.intake import Intake, MemoryIntake, Ticket
from hal.ports.remote import RemotePorts
from hal.reading import Reason

IMAGE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
Offer = Callable[[Ticket], object]


def ticket(ref: str) -> Ticket:
    return Ticket(ref=ref, kind="imaging", model="water", value=1.5, deadline_s=600.0, tenant="guest")


def drop(root: Path, item: Ticket, image: Any = IMAGE, ending: str = "npy") -> None:
    """Put a ticket into a folder as its user does: array first, then the ticket by rename."""
    if ending == "npy":
        np.save(root / f"{item.ref}.npy", image)
    else:
        np.savez_compressed(root / f"{item.ref}.npz", image=image)
    lines = f'kind = "{item.kind}"\nmodel = "{item.model}"\nvalue = {item.value}\ndeadline_s = {item.deadline_s}\n'
    (root / f"{item.ref}.tmp").write_text(lines + f'tenant = "{item.tenant}"\n')
    (root / f"{item.ref}.tmp").rename(root / f"{item.ref}.toml")


def age(root: Path, name: str, seconds: int) -> None:
    for path in root.glob(f"{name}.*"):
        os.utime(path, (seconds, seconds))


def loader(ref: str) -> Any:
    if not ref.startswith("scene"):
        raise KeyError(ref)
    return IMAGE.copy()


@pytest.fixture(params=["memory", "folder", "remote"])
def source(
    request: pytest.FixtureRequest, tmp_path: Path, serve: Callable[[dict[str, object]], RemotePorts]
) -> Iterator[tuple[Intake, Offer]]:
    if request.param == "folder":
        yield FolderIntake(tmp_path / "intake", 1_000_000), lambda item: drop(tmp_path / "intake", item)
        return
    memory = MemoryIntake(loader)
    yield (memory if request.param == "memory" else serve({"intake": memory}).intake("intake")), memory.offer


def test_ticket_comes_once_with_its_array(source: tuple[Intake, Offer]) -> None:
    intake, offer = source
    assert intake.poll() == ()
    offer(ticket("scene-1"))
    assert intake.poll() == (ticket("scene-1"),)
    assert intake.poll() == ()
    image = intake.load("scene-1")
    assert image.dtype == np.float32 and np.array_equal(image, IMAGE)
    image += 1.0  # the receiver may work on it
    intake.discard("scene-1")


def test_flood_comes_in_portions(source: tuple[Intake, Offer]) -> None:
    intake, offer = source
    for index in range(70):
        offer(ticket(f"scene-{index:03}"))
    assert [len(intake.poll()) for _ in range(3)] == [64, 6, 0]


@pytest.mark.parametrize("ref", ["unknown", "../scene", ""])
def test_unknown_input_is_absent(source: tuple[Intake, Offer], ref: str) -> None:
    with pytest.raises(PortError) as caught:
        source[0].load(ref)
    assert caught.value.reason is Reason.ABSENT


def test_full_memory_intake_refuses_and_counts() -> None:
    intake = MemoryIntake(loader, depth=2)
    assert [intake.offer(ticket(f"scene-{index}")) for index in range(3)] == [True, True, False]
    assert intake.refused == 1


@pytest.mark.parametrize(("field", "value"), [("value", -1.0), ("value", float("nan")), ("deadline_s", 0.0)])
def test_ticket_that_no_job_can_have_is_refused(field: str, value: float) -> None:
    row: dict[str, Any] = {"ref": "x", "kind": "k", "model": "m", "value": 1.0, "deadline_s": 1.0}
    with pytest.raises(ValueError, match=field):
        Ticket(**(row | {field: value}))


def test_folder_takes_compressed_arrays(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path, 1_000_000)
    drop(tmp_path, ticket("chip.7"), ending="npz")
    assert [item.ref for item in intake.poll()] == ["chip.7"]
    assert np.array_equal(intake.load("chip.7"), IMAGE)


def test_folder_takes_a_ticket_only_when_it_is_complete(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path, 1_000_000)
    drop(tmp_path, ticket("a"))
    (tmp_path / "a.toml").rename(tmp_path / "a.part")
    (tmp_path / "b.toml").write_text((tmp_path / "a.part").read_text())  # its array is not there yet
    assert intake.poll() == ()
    (tmp_path / "a.part").rename(tmp_path / "a.toml")
    assert [item.ref for item in intake.poll()] == ["a"]


def test_folder_offers_again_after_a_restart_until_discarded(tmp_path: Path) -> None:
    drop(tmp_path, ticket("a"))
    assert len(FolderIntake(tmp_path, 1_000_000).poll()) == 1
    second = FolderIntake(tmp_path, 1_000_000)
    assert len(second.poll()) == 1
    second.discard("a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["kind = ", 'kind = "x"', 'model = 3\nkind = "x"\nvalue = 1.0\ndeadline_s = 1.0', "#" * 5_000, "surprise = 1"],
)
def test_malformed_ticket_is_set_aside_and_counted(tmp_path: Path, text: str) -> None:
    intake = FolderIntake(tmp_path, 1_000_000)
    np.save(tmp_path / "a.npy", IMAGE)
    (tmp_path / "a.toml").write_text(text)
    drop(tmp_path, ticket("b"))
    assert [item.ref for item in intake.poll()] == ["b"]
    assert intake.malformed == 1 and (tmp_path / "a.bad").exists()
    assert intake.poll() == () and intake.malformed == 1


def test_full_folder_refuses_malformed_then_oldest_but_never_taken_ones(tmp_path: Path) -> None:
    image = np.zeros(1_000, dtype=np.uint8)
    intake = FolderIntake(tmp_path, 5_000)
    drop(tmp_path, ticket("taken"), image)
    age(tmp_path, "taken", 1)
    assert len(intake.poll()) == 1
    for seconds, name in ((2, "oldest"), (3, "newer"), (4, "newest")):
        drop(tmp_path, ticket(name), image)
        age(tmp_path, name, seconds)
    np.save(tmp_path / "bad.npy", image)
    (tmp_path / "bad.bad").write_text("x")
    age(tmp_path, "bad", 5)
    assert [item.ref for item in intake.poll()] == ["oldest", "newer", "newest"]
    assert not (tmp_path / "bad.npy").exists() and intake.refused == 0
    for seconds, name in ((6, "late"), (7, "later")):
        drop(tmp_path, ticket(name), image)
        age(tmp_path, name, seconds)
    assert intake.poll() == () and intake.refused == 2  # four taken ones fill the folder
    intake.discard("taken")
    drop(tmp_path, ticket("later"), image)
    assert [item.ref for item in intake.poll()] == ["later"]


def test_pickles_noise_and_bombs_are_corrupt(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path, 100_000)
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "noise.npy").write_bytes(b"\x93NUMPY nonsense")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.savez_compressed(tmp_path / "bomb.npz", zeros=np.zeros(10_000_000, dtype=np.uint8))
    for name in ("pickle", "noise", "empty", "bomb"):
        with pytest.raises(PortError) as caught:
            intake.load(name)
        assert caught.value.reason is Reason.CORRUPT


def test_folder_that_vanished_is_a_port_error(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path / "intake", 1_000)
    (tmp_path / "intake").rmdir()
    with pytest.raises(PortError):
        intake.poll()
