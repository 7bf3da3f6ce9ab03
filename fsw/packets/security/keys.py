"""Keys: octets that do not show themselves, and the files they live in."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path
from typing import NoReturn

from fsw.packets.security.errors import KeyRefused

KEY_OCTETS = 32  # AES-256, and the security level of HMAC-SHA-256
MOST_KEYS = 256  # in one file: more single-use keys than a mission has accidents
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Secret:
    """A key. Its text form is a fingerprint; it cannot be pickled, hashed or copied into a message by accident."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        if len(octets) != KEY_OCTETS:
            raise KeyRefused(f"a key has {KEY_OCTETS} octets, not {len(octets)}")
        self._octets = bytes(octets)

    def reveal(self) -> bytes:
        """The octets, for a cipher and nothing else."""
        return self._octets

    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell keys apart and tell nothing of the key."""
        return hmac.digest(self._octets, b"penumbra key fingerprint", "sha256")[:4].hex()

    def derive(self, purpose: bytes, salt: bytes = b"") -> Secret:
        """Another key for `purpose`: HKDF-SHA-256 (RFC 5869) to one block."""
        extracted = hmac.digest(salt or bytes(hashlib.sha256().digest_size), self._octets, "sha256")
        return Secret(hmac.digest(extracted, purpose + b"\x01", "sha256"))

    def __repr__(self) -> str:
        return f"Secret({self.fingerprint()})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._octets, other._octets)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is not written to a message or a file by way of pickle")


def load_keys(path: Path) -> tuple[Secret, ...]:
    """The keys in a file of 32 raw octets each; raises KeyRefused unless its owner alone may read it (0600 or 0400).

    The owner must be the user who reads, and a link is not followed: nobody else chose what stands there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyRefused(f"{path}: {error.strerror}") from error
    try:
        _check_private(path, os.fstat(descriptor))
        content = os.read(descriptor, KEY_OCTETS * MOST_KEYS + 1)
    finally:
        os.close(descriptor)
    if not content or len(content) % KEY_OCTETS or len(content) > KEY_OCTETS * MOST_KEYS:
        raise KeyRefused(f"{path} is not 1 to {MOST_KEYS} keys of {KEY_OCTETS} octets")
    return tuple(Secret(content[start : start + KEY_OCTETS]) for start in range(0, len(content), KEY_OCTETS))


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyRefused(f"{path} is no regular file")
    if status.st_mode & _READABLE_BY_OTHERS:
        raise KeyRefused(f"{path} has mode {stat.S_IMODE(status.st_mode):04o}; make it 0600: chmod 600 {path}")
    if status.st_uid != os.geteuid():
        raise KeyRefused(f"{path} belongs to another user")


def write_keys(path: Path, keys: tuple[Secret, ...]) -> None:
    """A new key file with mode 0600; raises KeyRefused where something stands at `path` already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyRefused(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(key.reveal() for key in keys))
        file.flush()
        os.fsync(descriptor)
