"""A link in the profile that the mission asks for, with its keys and counters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fsw.link.authentic import AuthenticLink
from fsw.link.channel import SecureChannel, launch
from fsw.link.contract import Profile
from fsw.link.framed import FrameLink
from fsw.link.plain import PlainLink
from fsw.link.settings import Link
from fsw.packets.frames.acceptance import ChannelConfig
from fsw.packets.security.counters import CounterStore
from fsw.packets.security.errors import KeyRefused
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE, KeyRing, load_ring
from hal.config import ConfigError
from hal.ports.link import DatagramLink


def open_link(
    settings: Link,
    link: DatagramLink,
    ring: KeyRing | None = None,
    store: CounterStore | None = None,
    entropy: Callable[[int], bytes] | None = None,
) -> Profile:
    """The profile over the datagrams of `link`.

    Raises ValueError where a secured one lacks keys, store or entropy, KeyRefused where its contingency keys are not
    those of the last recovery.
    """
    channel = None
    if settings.is_secured:
        if ring is None or store is None or entropy is None:
            raise ValueError(f"{settings.profile} needs keys, a store and entropy")
        channel = SecureChannel(CHANNEL_OF_PROFILE[settings.profile], ring, store, entropy)
    if settings.has_frames:
        config = ChannelConfig(scid=settings.scid, vcid=settings.vcid)
        return FrameLink(link, config, settings.frame_octets, channel)
    return PlainLink(link) if channel is None else AuthenticLink(link, channel)


def launch_link(settings: Link, ring: KeyRing, store: CounterStore) -> None:
    """Begin the counters of new keys: on the bench, once. Raises StoreFailed, FileExistsError where they have begun."""
    launch(CHANNEL_OF_PROFILE[settings.profile], ring, store)


def key_folder(settings: Link, run_folder: Path) -> Path:
    """Where the keys are."""
    return run_folder / settings.keys


def load_mission_ring(settings: Link, run_folder: Path, mission: str) -> KeyRing | None:
    """The keys that the profile needs; None where it needs none. Raises ConfigError, which says how to make them."""
    if not settings.is_secured:
        return None
    try:
        return load_ring(key_folder(settings, run_folder), CHANNEL_OF_PROFILE[settings.profile])
    except KeyRefused as error:
        raise _without_keys(settings, run_folder, mission, str(error)) from error


def check_keys(settings: Link, run_folder: Path, mission: str) -> None:
    """Raises ConfigError where a key file that the profile needs is missing. Reads none of them."""
    if not settings.is_secured:
        return
    channel, folder = CHANNEL_OF_PROFILE[settings.profile], key_folder(settings, run_folder)
    for name in (*(row.key_file for row in channel.rows), channel.contingency_file):
        if not (folder / name).is_file():
            raise _without_keys(settings, run_folder, mission, f"{folder / name} is not there")


def _without_keys(settings: Link, run_folder: Path, mission: str, why: str) -> ConfigError:
    make = f"`penumbra gnd key make {key_folder(settings, run_folder)}` and `python -m fsw launch`"
    cure = f"make keys with {make}, or set link.profile to packets on a bench"
    return ConfigError(mission, "link.profile", f"{settings.profile} needs keys, and {why}; {cure}")
