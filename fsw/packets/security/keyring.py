"""The command channels of a mission, their associations, and the folder that holds their keys.

    channel 1, frames    SPI 4 and 5 AES-256-GCM, SPI 6 HMAC-SHA-256 where encryption is barred
    channel 2, packets   SPI 9 and 10 HMAC-SHA-256
    spi-4.key ...        one key each            contingency-1.keys ...   sixteen single-use keys a channel

Every association has a key of its own; a change of keys is a swap to the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fsw.packets.security.cipher import AesGcm, Cipher, HmacSha256
from fsw.packets.security.errors import KeyRefused
from fsw.packets.security.keys import KEY_OCTETS, Secret, load_keys, write_keys

CONTINGENCY_KEYS = 16  # more than a mission loses its counters
CIPHERS: dict[str, Callable[[Secret], Cipher]] = {"aes-256-gcm": AesGcm, "hmac-sha-256": HmacSha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationRow:
    """One association of a channel."""

    spi: int
    cipher: str

    @property
    def key_file(self) -> str:
        return f"spi-{self.spi}.key"

    def make_cipher(self, key: Secret) -> Cipher:
        """The protection under `key`."""
        return CIPHERS[self.cipher](key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One command channel. The first association is the one that a ground begins with."""

    number: int
    name: str
    rows: tuple[AssociationRow, ...]

    @property
    def contingency_file(self) -> str:
        return f"contingency-{self.number}.keys"

    def row(self, spi: int) -> AssociationRow | None:
        """The association of that index."""
        return next((row for row in self.rows if row.spi == spi), None)


FRAMES = Channel(
    number=1,
    name="frames",
    rows=(
        AssociationRow(spi=4, cipher="aes-256-gcm"),
        AssociationRow(spi=5, cipher="aes-256-gcm"),
        AssociationRow(spi=6, cipher="hmac-sha-256"),
    ),
)
PACKETS = Channel(
    number=2,
    name="packets",
    rows=(AssociationRow(spi=9, cipher="hmac-sha-256"), AssociationRow(spi=10, cipher="hmac-sha-256")),
)
CHANNELS = (FRAMES, PACKETS)
CHANNEL_OF_PROFILE = {"packets+mac": PACKETS, "frames+sdls": FRAMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys of one channel: those that it was launched with, by SPI, and the contingency keys in order."""

    launched: Mapping[int, Secret]
    contingency: tuple[Secret, ...]


def load_ring(folder: Path, channel: Channel) -> KeyRing:
    """The keys of `channel` in `folder`; raises KeyRefused for a file that is missing, shared or no single key."""
    launched = {}
    for row in channel.rows:
        keys = load_keys(folder / row.key_file)
        if len(keys) != 1:
            raise KeyRefused(f"{folder / row.key_file} holds {len(keys)} keys, not one")
        launched[row.spi] = keys[0]
    return KeyRing(launched=launched, contingency=load_keys(folder / channel.contingency_file))


def new_ring(channel: Channel, entropy: Callable[[int], bytes]) -> KeyRing:
    """Fresh keys; `entropy(n)` gives n octets that nobody can guess."""
    launched = {row.spi: Secret(entropy(KEY_OCTETS)) for row in channel.rows}
    return KeyRing(
        launched=launched, contingency=tuple(Secret(entropy(KEY_OCTETS)) for _ in range(CONTINGENCY_KEYS))
    )  # fmt: skip


def write_ring(folder: Path, channel: Channel, ring: KeyRing) -> None:
    """The key files of a channel, 0600, in `folder`. Raises KeyRefused where one of them stands there already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for row in channel.rows:
        write_keys(folder / row.key_file, (ring.launched[row.spi],))
    write_keys(folder / channel.contingency_file, ring.contingency)


def counter_name(spi: int) -> str:
    """Under which the counter of an association is kept, at either end."""
    return f"counter.{spi}"
