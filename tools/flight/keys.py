"""Keys of flights on the bench: of the seed in virtual time, which repeats; of the system's entropy in real time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fsw.link.opening import key_folder, launch_link
from fsw.link.settings import Link
from fsw.mission import Mission
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE, KeyRing, new_ring, write_ring
from fsw.process import COUNTERS, counter_store
from tools.ground.ring import begin_counters

# A flight on the bench has keys of its own, whatever folder the mission names: they are made and removed with it.
BENCH_LINK = {"link": {"keys": "bench-keys"}}


def seeded_entropy(seed: int) -> Callable[[int], bytes]:
    """Octets that follow from `seed`: for virtual time, where nobody commands but who flies."""
    stream = hashlib.shake_256(f"penumbra bench {seed}".encode())
    taken = 0

    def entropy(octets: int) -> bytes:
        nonlocal taken
        taken += octets
        return stream.digest(taken)[-octets:]

    return entropy


def seeded_ring(settings: Link, seed: int) -> KeyRing | None:
    """The keys of a flight in virtual time; None where its profile needs none."""
    return new_ring(CHANNEL_OF_PROFILE[settings.profile], seeded_entropy(seed)) if settings.is_secured else None


def remove_keys(settings: Link, run_folder: Path) -> None:
    """Forget keys and counters of an earlier flight in the folder."""
    shutil.rmtree(key_folder(settings, run_folder), ignore_errors=True)
    shutil.rmtree(run_folder / COUNTERS, ignore_errors=True)


def make_keys(settings: Link, run_folder: Path) -> None:
    """Fresh keys in the run folder, with their counters begun."""
    if settings.is_secured:
        channel = CHANNEL_OF_PROFILE[settings.profile]
        ring = new_ring(channel, os.urandom)
        write_ring(key_folder(settings, run_folder), channel, ring)
        begin_counters(key_folder(settings, run_folder), channel)
        launch_link(settings, ring, counter_store(run_folder))


def link_file(settings: Link, run_folder: Path) -> Path:
    """The file beside the run folder by which the ground tool finds profile and keys of who listens at the port."""
    return run_folder.parent / f"link-{settings.tc_port}.json"


def write_link_file(mission: Mission, run_folder: Path) -> Path:
    """Tell the ground tool, orbit and stations too; holds no secret."""
    settings = mission.link
    path = link_file(settings, run_folder)
    told = {"profile": settings.profile, "scid": settings.scid, "vcid": settings.vcid}
    keys = {"keys": str(key_folder(settings, run_folder))} if settings.is_secured else {}
    path.write_text(json.dumps(told | keys | {"mission": _sky_of(mission)}) + "\n", encoding="utf-8")
    return path


def _sky_of(mission: Mission) -> dict[str, Any]:
    """What a map needs."""
    about: dict[str, Any] = {"name": mission.name, "epoch_utc": mission.epoch_utc}
    about["station"] = [asdict(station) for station in mission.station]
    return about | ({"orbit": asdict(mission.orbit)} if mission.orbit else {})
