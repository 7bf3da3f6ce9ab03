"""What was put together for this flight, read from where it lies: the parts of the as-flown digest.

software   every source and native library under `fsw` and `hal`, and the version of the distribution
board      the board file and the mission with what was laid over it
models     by name, the hash of the active version's manifest, which holds those of its files
keys       by SPI, the cipher and the fingerprint of the key: nothing of the key itself
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import fsw
import hal
from fsw.infer.package import MANIFEST, Package
from fsw.infer.shelf import FACTORY, ShelfState
from fsw.infer.slots import sha256_of
from fsw.mission import Mission
from fsw.packets.security.keyring import KeyRing
from fsw.telemetry.as_flown import AsFlown, digest_of
from hal.board import BoardConfig

DISTRIBUTION = "penumbra-fsw"
SUFFIXES = (".py", ".so")
Models = Mapping[str, str]  # hash of a manifest, by model


def flown(
    mission: Mission, board: BoardConfig, models: Callable[[], Models], ring: KeyRing | None = None
) -> Callable[[], AsFlown]:
    """What telemetry asks when it reports: models may have changed since boot, the rest has not."""
    configured = digest_of({"board": repr(board).encode(), "mission": repr(mission).encode()})
    keys = digest_of(_key_names(ring))

    def as_flown() -> AsFlown:
        active = {name: digest.encode() for name, digest in models().items()}
        return AsFlown(software=software_digest(), board=configured, models=digest_of(active), keys=keys)

    return as_flown


@cache
def software_digest() -> str:
    """The digest of the software that runs; some 20 ms, once a process."""
    table = {"version": _version().encode()}
    for package in (fsw, hal):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in SUFFIXES:
                table[f"{root.name}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return digest_of(table)


def loaded_models(packages: Mapping[str, Package]) -> Models:
    """The models of a process that has them loaded."""
    return {name: sha256_of((package.folder / MANIFEST).read_bytes()) for name, package in packages.items()}


def shelved_models(factory: Path, state: ShelfState) -> Models:
    """The models of a flight by its shelf: the factory's, and what is active in their place."""
    table = {path.parent.name: sha256_of(path.read_bytes()) for path in factory.glob(f"*/{MANIFEST}")}
    uploaded = {row.model: row.digest(row.active) for row in state.models if row.active != FACTORY}
    return table | uploaded


def _key_names(ring: KeyRing | None) -> dict[str, bytes]:
    launched = {} if ring is None else ring.launched
    return {str(spi): key.fingerprint().encode() for spi, key in launched.items()}


def _version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "not installed"
