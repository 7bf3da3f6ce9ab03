"""The ground's keys: what seals commands now, which keys a recovery has put in the place of those of the launch.

spi-9.key ...            as they were made       ground/generation.2   the recovery in force: key, nonce, kept or not
contingency-2.keys       each for one recovery   ground/sealing.2      the association in use, after a swap
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from fsw.packets.security.association import SendAssociation
from fsw.packets.security.contingency import NONCE_OCTETS, Challenge, Generation, answer, traffic_key
from fsw.packets.security.counters import provision
from fsw.packets.security.errors import KeyRefused, StoreFailed
from fsw.packets.security.keyring import CHANNELS, Channel, counter_name, load_ring, new_ring, write_ring
from fsw.packets.security.keys import Secret
from tools.ground.counters import FOLDER, FileStore, SharedCounter

_GENERATION = struct.Struct(f">H{NONCE_OCTETS}s?")
_SPI = struct.Struct(">H")


def make_keys(folder: Path, entropy: Callable[[int], bytes]) -> None:
    """New keys of every channel in `folder`, and the ground's counters for them. Raises KeyRefused, StoreFailed."""
    for channel in CHANNELS:
        write_ring(folder, channel, new_ring(channel, entropy))
        begin_counters(folder, channel)


def begin_counters(folder: Path, channel: Channel) -> None:
    """The ground's counters for new keys; never otherwise. Raises StoreFailed."""
    store = FileStore(folder / FOLDER)
    for row in channel.rows:
        provision(store, counter_name(row.spi))


class GroundRing:
    """The keys of one channel. Raises KeyRefused where they cannot be had."""

    def __init__(self, folder: Path, channel: Channel) -> None:
        self.channel, self.folder = channel, folder
        self._ring = load_ring(folder, channel)
        self.store = FileStore(folder / FOLDER)
        self._generation_name, self._sealing_name = f"generation.{channel.number}", f"sealing.{channel.number}"
        self._pending_name = f"pending.{channel.number}"

    @property
    def spi(self) -> int:
        """The association in use."""
        value = self.store.load(self._sealing_name)
        return self.channel.rows[0].spi if value is None else int(_SPI.unpack(value)[0])

    def swap(self, spi: int) -> None:
        """Seal under another association from now on. Raises KeyRefused for one that the channel does not have."""
        if self.channel.row(spi) is None:
            known = ", ".join(str(row.spi) for row in self.channel.rows)
            raise KeyRefused(f"channel {self.channel.name} has no association {spi}; it has {known}")
        self.store.save(self._sealing_name, _SPI.pack(spi))

    def association(self, spi: int | None = None) -> SendAssociation:
        """What seals under `spi`, or under the association in use."""
        row = self.channel.row(self.spi if spi is None else spi)
        if row is None:
            raise KeyRefused(f"channel {self.channel.name} has no association {spi}")
        cipher = row.make_cipher(self.key(row.spi))
        name = self._counter_name(row.spi)
        return SendAssociation(row.spi, cipher, SharedCounter(self.store, name, cipher.counter_octets))

    def key(self, spi: int) -> Secret:
        """The key of `spi` since the last recovery."""
        found = self._generation()
        if found is None:
            return self._ring.launched[spi]
        generation, is_kept = found
        contingency = self.contingency(generation.number)
        return traffic_key(contingency, self.channel.number, spi, generation.nonce, is_kept)

    def contingency(self, number: int) -> Secret:
        """The contingency key `number`; raises KeyRefused where there is none."""
        if not 0 <= number < len(self._ring.contingency):
            raise KeyRefused(f"there is no contingency key {number}; there are {len(self._ring.contingency)}")
        return self._ring.contingency[number]

    def answer(self, challenge: Challenge, number: int) -> bytes:
        """The data of TC[130,3]. Raises KeyRefused for a key that is used, here or on board, or is not there."""
        first = self.next_contingency(challenge)
        if number < first:
            raise KeyRefused(f"contingency key {number} is used; the next is {first}")
        said = answer(challenge, self.contingency(number), number)
        self.store.save(self._pending_name, _GENERATION.pack(number, challenge.nonce, True))
        return said

    def pending(self) -> tuple[Challenge, int] | None:
        """The challenge that was answered last, and with which key, while nothing was heard of it."""
        value = self.store.load(self._pending_name)
        if not value:
            return None
        number, nonce, _is_kept = _GENERATION.unpack(value)
        return Challenge(self.channel.number, number, nonce), number

    def next_contingency(self, challenge: Challenge) -> int:
        """The first contingency key that is used neither here nor on board."""
        found = self._generation()
        return max(challenge.first_key, found[0].number + 1 if found else 0)

    def recovered(self, challenge: Challenge, number: int, is_kept: bool) -> None:
        """The board has answered with new keys: use them, with counters from 1. Raises StoreFailed."""
        generation = Generation(number, challenge.nonce)
        for row in self.channel.rows:
            provision(self.store, generation.counter_name(counter_name(row.spi)))
        self.store.save(self._generation_name, _GENERATION.pack(number, challenge.nonce, is_kept))
        self.store.save(self._pending_name, b"")

    def _counter_name(self, spi: int) -> str:
        found = self._generation()
        name = counter_name(spi)
        return name if found is None else found[0].counter_name(name)

    def _generation(self) -> tuple[Generation, bool] | None:
        """The recovery in force and whether the board has kept it; None before the first."""
        value = self.store.load(self._generation_name)
        if value is None:
            return None
        if len(value) != _GENERATION.size:
            raise StoreFailed(f"{self._generation_name} is damaged")
        number, nonce, is_kept = _GENERATION.unpack(value)
        return Generation(number, nonce), is_kept
