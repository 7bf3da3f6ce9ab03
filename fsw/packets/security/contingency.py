"""A lost anti-replay counter is recovered by a single-use key and a challenge, and no old command becomes valid by it.

    TM[130,2] challenge   channel 16 | first unused key 16 | nonce 128
    TC[130,3] answer      channel 16 | key 16 | nonce 128 | MAC 128

A board that cannot tell which counters it has taken rejects everything and shows a challenge with a fresh nonce. The
answer names a contingency key that was never used, repeats the nonce, and bears a MAC under that key. From key and
nonce both ends then derive a new key for the channel, whose counter begins at 0: what was sealed before, under whatever
key, is forged under this one. An old answer has another nonce. The MAC is HMAC-SHA-256 cut to 128 bits, over "penumbra
contingency 1" and the answer before it, under a key derived for that purpose; derivation is HKDF-SHA-256 (RFC 5869).

Where the store is dead the recovery holds for the session: counters live in a `MemoryStore`, and after a restart the
board asks again, with another nonce and so another key. No command of the session means anything then.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from fsw.packets.errors import BadLength
from fsw.packets.security.cipher import MAC_OCTETS
from fsw.packets.security.counters import CounterStore, provision
from fsw.packets.security.errors import KeyRefused, StoreFailed
from fsw.packets.security.keys import Secret

NONCE_OCTETS = 16  # two boots with one nonce are as unlikely as a guessed MAC
CHALLENGE, ANSWER = 2, 3  # subtypes of service 130
_CONTEXT = b"penumbra contingency 1"
_RECORD = struct.Struct(f">HH{NONCE_OCTETS}s")


class Challenge(NamedTuple):
    """What the board asks: `first_key` is the lowest key number that it takes."""

    channel: int
    first_key: int
    nonce: bytes

    def pack(self) -> bytes:
        """The data of TM[130,2]."""
        return _RECORD.pack(*self)

    @classmethod
    def unpack(cls, data: bytes) -> Challenge:
        """From the data of TM[130,2]; raises BadLength."""
        if len(data) != _RECORD.size:
            raise BadLength(_RECORD.size, len(data))
        return cls(*_RECORD.unpack(data))


class Refusal(IntEnum):
    """Why an answer has no effect."""

    NOT_ASKED = 1  # nothing is lost, or no challenge was given
    MALFORMED = 2
    OTHER_CHALLENGE = 3  # an answer of another boot, or of another channel
    KEY_USED = 4  # or there is no such key
    FORGED = 5


class Generation(NamedTuple):
    """Which key the channel uses since its last recovery. Number -1: the key that it was launched with."""

    number: int
    nonce: bytes

    def counter_name(self, name: str) -> str:
        """Under which the counter `name` of this key is kept: each key has counters of its own."""
        return name if self.number < 0 else f"{name}.{self.number}"

    def key(self, contingency: tuple[Secret, ...], launched: Secret, channel: int) -> Secret:
        """The key of the channel. Raises KeyRefused where the contingency keys are not those of the recovery."""
        if self.number < 0:
            return launched
        if self.number >= len(contingency):
            raise KeyRefused(f"there is no contingency key {self.number}")
        return traffic_key(contingency[self.number], channel, self.nonce)


LAUNCHED = Generation(-1, bytes(NONCE_OCTETS))


def traffic_key(contingency: Secret, channel: int, nonce: bytes) -> Secret:
    """The key of a channel after a recovery."""
    return contingency.derive(_CONTEXT + b" traffic" + channel.to_bytes(2, "big"), nonce)


def answer(challenge: Challenge, contingency: Secret, number: int) -> bytes:
    """The ground's answer, with the contingency key `number`, never used before: the data of TC[130,3]."""
    told = Challenge(challenge.channel, number, challenge.nonce).pack()
    return told + _mac(contingency, told)


class Recovery:
    """The board's end for one channel. `entropy(n)` gives n octets that nobody can guess."""

    def __init__(
        self, store: CounterStore, channel: int, contingency: tuple[Secret, ...], entropy: Callable[[int], bytes]
    ) -> None:  # fmt: skip
        self._store = store
        self._channel = channel
        self._contingency = contingency
        self._entropy = entropy
        self._name = f"generation.{channel}"
        self._challenge: Challenge | None = None
        self.generation, self.is_lost = self._load()
        self.is_saved = not self.is_lost  # False: the next start asks again
        self.counts = dict.fromkeys(Refusal, 0)

    def challenge(self) -> Challenge:
        """What to show for as long as the channel is lost: the same until it is answered or the board restarts."""
        if self._challenge is None:
            self._challenge = Challenge(self._channel, self.generation.number + 1, self._entropy(NONCE_OCTETS))
        return self._challenge

    def answer(self, data: bytes, counter_names: tuple[str, ...]) -> Generation | Refusal:
        """The new generation, or why not. Counters and record are saved first; a store that fails does not hinder.

        The counters come before the record: power lost in between leaves the old record, and the challenge is asked
        again with another nonce, so that neither key nor counter of the attempt means anything any more.
        """
        verdict = self._judge(data)
        if isinstance(verdict, Refusal):
            self.counts[verdict] += 1
            return verdict
        try:
            for name in counter_names:
                provision(self._store, verdict.counter_name(name))
            self._store.save(self._name, _RECORD.pack(self._channel, *verdict))
            self.is_saved = True
        except StoreFailed:
            self.is_saved = False
        self.generation, self._challenge, self.is_lost = verdict, None, False
        return verdict

    def launch(self) -> None:
        """Record that the channel has the key that it was launched with. On the bench, once. Raises StoreFailed."""
        self._store.save(self._name, _RECORD.pack(self._channel, 0xFFFF, LAUNCHED.nonce))
        self.generation, self.is_lost, self.is_saved = LAUNCHED, False, True

    def _judge(self, data: bytes) -> Generation | Refusal:
        if self._challenge is None:
            return Refusal.NOT_ASKED
        if len(data) != _RECORD.size + MAC_OCTETS:
            return Refusal.MALFORMED
        channel, number, nonce = _RECORD.unpack_from(data)
        if channel != self._channel or not hmac.compare_digest(nonce, self._challenge.nonce):
            return Refusal.OTHER_CHALLENGE
        if not self._challenge.first_key <= number < len(self._contingency):
            return Refusal.KEY_USED
        told, mac = data[: _RECORD.size], data[_RECORD.size :]
        if not hmac.compare_digest(mac, _mac(self._contingency[number], told)):
            return Refusal.FORGED
        return Generation(number, nonce)

    def _load(self) -> tuple[Generation, bool]:
        """The generation, and whether it is lost. A lost one lets every key answer: the nonce is fresh all the same."""
        try:
            record = self._store.load(self._name)
        except StoreFailed:
            record = None
        if record is None or len(record) != _RECORD.size:
            return LAUNCHED, True
        _channel, number, nonce = _RECORD.unpack(record)
        return (LAUNCHED if number == 0xFFFF else Generation(number, nonce)), False


def _mac(contingency: Secret, told: bytes) -> bytes:
    key = contingency.derive(_CONTEXT + b" answer")
    return hmac.digest(key.reveal(), _CONTEXT + told, "sha256")[:MAC_OCTETS]
