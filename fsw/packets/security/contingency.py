"""A lost anti-replay counter is recovered by a single-use key and a challenge, and no old command becomes valid by it.

    TM[130,2] challenge   channel 16 | first unused key 16 | nonce 128
    TC[130,3] answer      channel 16 | key 16 | nonce 128 | MAC 128

A board that cannot tell which counters it has taken rejects everything and shows a challenge with a fresh nonce. The
answer names a contingency key that was never used, repeats the nonce, and bears a MAC under that key. From key and
nonce both ends then derive a new key for the channel, whose counter begins at 0: what was sealed before, under whatever
key, is forged under this one. An old answer has another nonce. The MAC is HMAC-SHA-256 cut to 128 bits, over "penumbra
contingency 1" and the answer before it, under a key derived for that purpose; derivation is HKDF-SHA-256 (RFC 5869).

Where the store is dead the recovery holds for the session: counters live in memory, and after a restart the board
asks again, with another nonce and so another key. No command of the session means anything then. The board's report
says whether the recovery was kept (`is_saved`), and the ground derives its key accordingly.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from fsw.packets.errors import BadLength
from fsw.packets.security.association import ReceiveAssociation
from fsw.packets.security.cipher import MAC_OCTETS, Cipher
from fsw.packets.security.counters import CounterStore, MemoryStore, ReceiveCounter, provision
from fsw.packets.security.errors import KeyRefused, StoreFailed
from fsw.packets.security.keys import Secret

NONCE_OCTETS = 16  # two boots with one nonce are as unlikely as a guessed MAC
CHALLENGE, ANSWER = 2, 3  # subtypes of service 130
_CONTEXT = b"penumbra contingency 1"
_LAUNCHED_NUMBER = 0xFFFF  # in the record, for -1
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
    """Which keys the channel uses since its last recovery. Number -1: those that it was launched with."""

    number: int
    nonce: bytes

    def counter_name(self, name: str) -> str:
        """Under which the counter `name` of this generation is kept: new keys, new counters."""
        return name if self.number < 0 else f"{name}.{self.number}"


LAUNCHED = Generation(-1, bytes(NONCE_OCTETS))


def traffic_key(contingency: Secret, channel: int, spi: int, nonce: bytes, is_kept: bool = True) -> Secret:
    """The key of association `spi` after a recovery that the board could save (`is_kept`, its report says) or not.

    They differ, because a store that reports a failure may have written all the same: what was commanded in a session
    without a store would otherwise be valid again after it.
    """
    purpose = _CONTEXT + (b" traffic" if is_kept else b" session")
    return contingency.derive(purpose + channel.to_bytes(2, "big") + spi.to_bytes(2, "big"), nonce)


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
        self._counters = store
        self._challenge: Challenge | None = None
        self.generation = self._load()
        self.is_saved = self.generation is not None  # False: the next start asks again
        self.counts = dict.fromkeys(Refusal, 0)

    def association(
        self, spi: int, make_cipher: Callable[[Secret], Cipher], launched: Secret, counter_name: str
    ) -> ReceiveAssociation:
        """An association of the channel as it stands; one that rejects everything where the generation is lost.

        Raises KeyRefused where the contingency keys are not those of the recovery.
        """
        if self.generation is None:
            return ReceiveAssociation(spi, make_cipher(launched), ReceiveCounter(MemoryStore(), counter_name))
        key = self._key(self.generation, spi, launched)
        counter = ReceiveCounter(self._counters, self.generation.counter_name(counter_name))
        return ReceiveAssociation(spi, make_cipher(key), counter)

    def challenge(self) -> Challenge:
        """What to show while the channel is lost: the same until it is answered or the board restarts."""
        if self._challenge is None:
            first_key = self.generation.number + 1 if self.generation else 0
            self._challenge = Challenge(self._channel, first_key, self._entropy(NONCE_OCTETS))
        return self._challenge

    def answer(self, data: bytes, counter_names: tuple[str, ...]) -> Generation | Refusal:
        """The new generation, with `counter_names` at 0, or why not. Then every association must be asked for anew.

        The counters are saved before the record: power lost in between leaves the old record, and the challenge is
        asked again with another nonce, so that neither key nor counter of the attempt means anything any more.
        """
        verdict = self._judge(data)
        if isinstance(verdict, Refusal):
            self.counts[verdict] += 1
            return verdict
        names = [verdict.counter_name(name) for name in counter_names]
        try:
            for name in names:
                provision(self._store, name)
            self._store.save(self._name, _RECORD.pack(self._channel, *verdict))
            self._counters, self.is_saved = self._store, True
        except StoreFailed:
            self._counters, self.is_saved = MemoryStore(), False
            for name in names:
                provision(self._counters, name)
        self.generation, self._challenge = verdict, None
        return verdict

    def launch(self) -> None:
        """Record that the channel has the key that it was launched with. On the bench, once. Raises StoreFailed."""
        self._store.save(self._name, _RECORD.pack(self._channel, _LAUNCHED_NUMBER, LAUNCHED.nonce))
        self.generation, self.is_saved = LAUNCHED, True

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

    def _key(self, generation: Generation, spi: int, launched: Secret) -> Secret:
        if generation.number < 0:
            return launched
        if generation.number >= len(self._contingency):
            raise KeyRefused(f"there is no contingency key {generation.number}")
        contingency = self._contingency[generation.number]
        return traffic_key(contingency, self._channel, spi, generation.nonce, self.is_saved)

    def _load(self) -> Generation | None:
        """None where it is lost: then any contingency key may answer, for the nonce is fresh all the same."""
        try:
            record = self._store.load(self._name)
        except StoreFailed:
            return None
        if record is None or len(record) != _RECORD.size:
            return None
        _channel, number, nonce = _RECORD.unpack(record)
        return LAUNCHED if number == _LAUNCHED_NUMBER else Generation(number, nonce)


def _mac(contingency: Secret, told: bytes) -> bytes:
    key = contingency.derive(_CONTEXT + b" answer")
    return hmac.digest(key.reveal(), _CONTEXT + told, "sha256")[:MAC_OCTETS]
