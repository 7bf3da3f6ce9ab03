"""Signatures of model packages: Ed25519 (RFC 8032) over the list of every file's hash.

The signed octets, in UTF-8 with line ends "\\n":

    penumbra model package 1
    NAME VERSION
    SHA256  FILE          for manifest.toml and each file that it names, by file name

The signature stands in `signature.toml`: algorithm, key (the first 16 hex digits of the SHA-256 of the raw public key)
and 128 hex digits. `cryptography` does the arithmetic: it is kept by the Python Cryptographic Authority, has binary
wheels for x86-64 and aarch64, and would give a space link its authenticated encryption too. Only what signs or verifies
imports it, so a mission that demands no signatures never loads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fsw.infer.package import MANIFEST, SIGNATURE, Package, PackageError
from hal.config import build, read_toml

ALGORITHM = "ed25519"
HEAD = "penumbra model package 1"


class SignatureError(PackageError):
    """A package that is not signed, or not by a key that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The content of `signature.toml`."""

    algorithm: str
    key: str
    signature: str

    def __post_init__(self) -> None:
        if self.algorithm != ALGORITHM:
            raise ValueError(f"algorithm is {self.algorithm!r}, known is {ALGORITHM!r}")
        if len(self.signature) != 128 or set(self.signature) - set("0123456789abcdef"):
            raise ValueError("signature must be 128 lower-case hex digits")


def signed_octets(package: Package) -> bytes:
    """What a signature is made over. The hashes are the manifest's, which loading has compared with the files."""
    manifest = package.manifest
    hashes = {ref.file: ref.sha256 for ref in manifest.files}
    hashes[MANIFEST] = hashlib.sha256((package.folder / MANIFEST).read_bytes()).hexdigest()
    lines = [HEAD, f"{manifest.name} {manifest.version}", *(f"{hashes[name]}  {name}" for name in sorted(hashes))]
    return ("\n".join(lines) + "\n").encode()


def key_id(public: bytes) -> str:
    """The short name of a raw public key (32 octets)."""
    return hashlib.sha256(public).hexdigest()[:16]


def sign(package: Package, private: Ed25519PrivateKey) -> Signature:
    """The signature of a loaded package."""
    public = private.public_key().public_bytes_raw()
    return Signature(algorithm=ALGORITHM, key=key_id(public), signature=private.sign(signed_octets(package)).hex())


def signature_text(signature: Signature) -> str:
    """The file `signature.toml`."""
    return "".join(f'{name} = "{getattr(signature, name)}"\n' for name in ("algorithm", "key", "signature"))


def verify(package: Package, keys: Sequence[str]) -> str:
    """The id of that one of `keys` (64 hex digits each) that signed the package; raises SignatureError, ConfigError."""
    if not (package.folder / SIGNATURE).is_file():
        raise SignatureError(f"{package.name}: is not signed")
    name = f"{package.folder.name}/{SIGNATURE}"
    signature = build(Signature, read_toml(package.folder / SIGNATURE), name)
    public = next((raw for raw in map(bytes.fromhex, keys) if key_id(raw) == signature.key), None)
    if public is None:
        raise SignatureError(f"{package.name}: signed with key {signature.key}, which is not one of those that count")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature.signature), signed_octets(package))
    except InvalidSignature as error:
        raise SignatureError(f"{package.name}: the signature of key {signature.key} does not match") from error
    return signature.key


def load_public_key(path: Path) -> str:
    """The 64 hex digits in a key file; raises SignatureError."""
    text = path.read_text(encoding="ascii").strip()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise SignatureError(f"{path.name}: is not a public key (64 lower-case hex digits)")
    return text
