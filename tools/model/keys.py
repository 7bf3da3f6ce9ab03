"""Signing keys as files: a private key that only its owner may read, and the public key beside it."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fsw.infer.signature import SignatureError

OTHERS = 0o077  # any right of the group or of others


def make_key(path: Path) -> Path:
    """A new private key at `path` (mode 0600), its public one beside it, whose path is given. Raises OSError."""
    private = Ed25519PrivateKey.generate()
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    public = path.with_name(path.name + ".pub")
    public.write_text(private.public_key().public_bytes_raw().hex() + "\n", encoding="ascii")
    return public


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file; raises SignatureError where others may read it, or where it is none."""
    if path.stat().st_mode & OTHERS:
        raise SignatureError(f"{path.name}: others than its owner may read it; make it 0600 with chmod")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise SignatureError(f"{path.name}: is no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureError(f"{path.name}: is not an Ed25519 key")
    return key
