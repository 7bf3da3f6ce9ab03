"""The two protections of a channel: AES-256-GCM, and HMAC-SHA-256 alone where encryption is barred or not there.

Source: CCSDS 355.0-B-2, 4 (formats) and annex E (baseline modes); NIST SP 800-38D (GCM); RFC 2104 (HMAC).

    SPI 16 | counter (GCM: 96, it is the initialisation vector; HMAC: 32) | data (GCM: encrypted) | MAC 128

`prefix` is what stands before the SPI and is protected too, with the fields that the mask leaves out set to zero.
"""

from __future__ import annotations

import hmac
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fsw.packets.security.keys import Secret

SPI_OCTETS = 2
MAC_OCTETS = 16


class Cipher(Protocol):
    """Protects data under a counter that is never used twice with one key."""

    @property
    def counter_octets(self) -> int: ...

    def protect(self, prefix: bytes, header: bytes, data: bytes) -> bytes:
        """Data and MAC, to stand after `header` (SPI and counter)."""
        ...

    def verify(self, prefix: bytes, header: bytes, protected: bytes) -> bytes | None:
        """The data, or None where prefix, header, data or MAC is not what was protected."""
        ...


class AesGcm:
    """Encryption and authentication. The vector is authenticated by GCM itself, so its place in the mask is zero."""

    counter_octets = 12

    def __init__(self, key: Secret) -> None:
        self._gcm = AESGCM(key.reveal())

    def protect(self, prefix: bytes, header: bytes, data: bytes) -> bytes:
        return self._gcm.encrypt(header[SPI_OCTETS:], data, _masked(prefix, header))

    def verify(self, prefix: bytes, header: bytes, protected: bytes) -> bytes | None:
        try:
            return self._gcm.decrypt(header[SPI_OCTETS:], protected, _masked(prefix, header))
        except InvalidTag:
            return None


class HmacSha256:
    """Authentication alone, cut to 128 bits. The data stays readable."""

    counter_octets = 4

    def __init__(self, key: Secret) -> None:
        self._key = key

    def protect(self, prefix: bytes, header: bytes, data: bytes) -> bytes:
        return data + self._mac(prefix, header, data)

    def verify(self, prefix: bytes, header: bytes, protected: bytes) -> bytes | None:
        data, mac = protected[:-MAC_OCTETS], protected[-MAC_OCTETS:]
        return data if hmac.compare_digest(mac, self._mac(prefix, header, data)) else None

    def _mac(self, prefix: bytes, header: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key.reveal(), prefix + header + data, "sha256")[:MAC_OCTETS]


def _masked(prefix: bytes, header: bytes) -> bytes:
    return prefix + header[:SPI_OCTETS] + bytes(len(header) - SPI_OCTETS)
