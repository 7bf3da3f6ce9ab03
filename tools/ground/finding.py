"""How the link is spoken and where its keys are: as typed, or as the flight's own file beside its run folder says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.packets.frames.acceptance import ChannelConfig
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE
from tools.ground.clock import GroundClock
from tools.ground.link import GroundLink
from tools.ground.profiled import ProfiledLink
from tools.ground.ring import GroundRing
from tools.ground.stack import FrameStack, MacStack, MuteStack, PlainStack, Stack

PROFILES = ("packets", "packets+mac", "frames", "frames+sdls")
RUNS = Path("runs")  # where `penumbra fly` leaves its runs, and link-PORT.json while one flies in real time
SCID, VCID = 0xAB, 0  # unless told otherwise, as on board


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How to speak. `keys` None: listen alone where the profile wants keys."""

    profile: str = "packets"
    keys: Path | None = None
    scid: int = SCID
    vcid: int = VCID


def choose(profile: str | None, keys: Path | None, port: int, runs: Path = RUNS) -> Choice:
    """What was typed, completed by the file of the flight that listens at `port`, in `runs` or beside it."""
    told = _told(runs / f"link-{port}.json") or _told(runs.parent / f"link-{port}.json")
    if profile is None:
        profile = told.profile if told else "packets+mac" if keys else "packets"
    if keys is None and told is not None and told.profile == profile:
        keys = told.keys
    return Choice(
        profile=profile, keys=keys, scid=told.scid if told else SCID, vcid=told.vcid if told else VCID
    )  # fmt: skip


def mission_told(port: int, runs: Path = RUNS) -> dict[str, Any] | None:
    """Name, epoch, orbit and stations of the mission that flies at `port`, as its file says; None where none does."""
    for path in (runs / f"link-{port}.json", runs.parent / f"link-{port}.json"):
        try:
            mission = json.loads(path.read_text(encoding="utf-8"))["mission"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return mission if isinstance(mission, dict) else None
    return None


def profiled(link: GroundLink, choice: Choice, clock: GroundClock) -> ProfiledLink:
    """The link over the datagrams of `link`. Raises KeyRefused where the keys given cannot be used."""
    channel = CHANNEL_OF_PROFILE.get(choice.profile)
    config = ChannelConfig(scid=choice.scid, vcid=choice.vcid)
    has_frames = choice.profile.startswith("frames")
    if channel is None:
        return ProfiledLink(link, FrameStack(config) if has_frames else PlainStack(), clock)
    if choice.keys is None:
        deaf: Stack = FrameStack(config) if has_frames else PlainStack()
        return ProfiledLink(link, MuteStack(deaf, choice.profile), clock)
    ring = GroundRing(choice.keys, channel)
    association = ring.association()
    stack: Stack = FrameStack(config, lambda: association) if has_frames else MacStack(lambda: association)
    return ProfiledLink(link, stack, clock, ring, association)


def _told(path: Path) -> Choice | None:
    """What a flight says of its link; None where there is no such file, or none that can be understood."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        keys = table.get("keys")
        profile = str(table["profile"])
        if profile not in PROFILES:
            return None
        return Choice(
            profile=profile, keys=Path(keys) if keys else None, scid=int(table["scid"]), vcid=int(table["vcid"])
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
