"""Files of uploaded packages: pieces that arrive, two slots a model, and two copies of each slot.

staging/NAME/FILE           what arrives: a folder that something else fills, or pieces by `stage_chunk`
slots/NAME/a, slots/NAME/b  two versions;  a.copy and b.copy beside them mend what radiation or wear has changed
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from fsw.infer.package import MANIFEST, MAX_MODEL_BYTES, SIGNATURE, Manifest, Package, PackageError, load_package
from hal.config import ConfigError, build
from hal.errors import PortError
from hal.ports.disk import Disk

COPY = ".copy"


class Slots:
    """On `disk`, whose files lie under `root`. Every method may raise PortError unless it says otherwise."""

    def __init__(self, disk: Disk, root: Path) -> None:
        self._disk, self._root = disk, root

    def stage_chunk(self, model: str, file: str, offset: int, size_bytes: int, chunk: bytes) -> None:
        """Keep a piece of a file of `size_bytes`; pieces may come in any order, and again."""
        log = self._disk.open_log(f"{_staging(model, file)}.part", size_bytes)
        try:
            log.write_at(offset, chunk)
            log.sync()
        finally:
            log.close()

    def stage_done(self, model: str, file: str, size_bytes: int) -> None:
        """All pieces of a file came; whether they are right shows when the package is installed."""
        log = self._disk.open_log(f"{_staging(model, file)}.part", size_bytes)
        try:
            content = log.read_at(0, size_bytes)
        finally:
            log.close()
        self._disk.write_file_atomic(_staging(model, file), content)

    def staged(self, model: str) -> tuple[Manifest, bytes]:
        """The manifest that waits, and its octets; raises PackageError, ConfigError."""
        octets = self._disk.read_file(_staging(model, MANIFEST))
        if not octets:
            raise PackageError(f"{model}: nothing is staged")
        manifest = parse_manifest(octets, model)
        if manifest.name != model:
            raise PackageError(f"{model}: the staged package is {manifest.name}")
        return manifest, octets

    def clear(self, model: str) -> None:
        """What is staged has been taken."""
        self._disk.write_file_atomic(_staging(model, MANIFEST), b"")

    def fill(self, slot: str, manifest: Manifest, octets: bytes) -> Package:
        """Both copies of a slot from what is staged, the manifest last; read back. Raises PackageError, ConfigError."""
        model = manifest.name
        for file, sha256 in hashes(manifest).items():
            content = self._disk.read_file(_staging(model, file))
            if content is None or len(content) > MAX_MODEL_BYTES or sha256_of(content) != sha256:
                raise PackageError(f"{model}/{file}: is missing in the upload, or not what the manifest says")
            self._write(model, slot, file, content)
        # An empty one lies over the signature of an earlier version.
        self._write(model, slot, SIGNATURE, self._disk.read_file(_staging(model, SIGNATURE)) or b"")
        self._write(model, slot, MANIFEST, octets)
        return load_package(self.folder(model, slot))

    def load(self, model: str, slot: str, manifest_sha256: str) -> Package | None:
        """The version in a slot, mended from its second copy if need be; None where it cannot be. Never raises."""
        for attempt in (self._read, self._mend):
            try:
                return attempt(model, slot, manifest_sha256)
            except (PackageError, ConfigError, PortError, OSError):
                continue
        return None

    def repair(self, package: Package) -> int:
        """Bring every damaged file of an uploaded version back from its other copy; how many were."""
        root, folder = self._root.resolve(), package.folder.resolve()
        if not folder.is_relative_to(root):
            return 0
        base = folder.relative_to(root).as_posix()
        return sum(self._repair_file(base, file, sha256) for file, sha256 in hashes(package.manifest).items())

    def folder(self, model: str, slot: str) -> Path:
        """Where a version's files lie."""
        return self._root / _slot(model, slot)

    def _write(self, model: str, slot: str, file: str, content: bytes) -> None:
        for copy in (COPY, ""):
            self._disk.write_file_atomic(f"{_slot(model, slot)}{copy}/{file}", content)

    def _read(self, model: str, slot: str, manifest_sha256: str) -> Package:
        if not self._holds(f"{_slot(model, slot)}/{MANIFEST}", manifest_sha256):
            raise PackageError(f"{model}: the manifest in slot {slot} is not the one that was accepted")
        return load_package(self.folder(model, slot))

    def _mend(self, model: str, slot: str, manifest_sha256: str) -> Package:
        self._repair_file(_slot(model, slot), MANIFEST, manifest_sha256)
        octets = self._disk.read_file(f"{_slot(model, slot)}/{MANIFEST}") or b""
        self.repair(Package(folder=self.folder(model, slot), manifest=parse_manifest(octets, model)))
        return self._read(model, slot, manifest_sha256)

    def _repair_file(self, base: str, file: str, sha256: str) -> int:
        """Copy the good one over the other; 1 where that was needed and possible."""
        names = f"{base}/{file}", f"{base}{COPY}/{file}"
        contents = [self._disk.read_file(name) for name in names]
        good = [content is not None and sha256_of(content) == sha256 for content in contents]
        if good[0] == good[1]:
            return 0
        self._disk.write_file_atomic(names[good[0]], contents[not good[0]] or b"")
        return 1

    def _holds(self, name: str, sha256: str) -> bool:
        content = self._disk.read_file(name)
        return content is not None and sha256_of(content) == sha256


def hashes(manifest: Manifest) -> dict[str, str]:
    """The hash of each file that a manifest names."""
    return {ref.file: ref.sha256 for ref in manifest.files}


def sha256_of(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def parse_manifest(octets: bytes, model: str) -> Manifest:
    """The manifest in the octets of its file; raises ConfigError."""
    name = f"{model}/{MANIFEST}"
    try:
        table = tomllib.loads(octets.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(name, "", f"is not TOML: {error}") from error
    return build(Manifest, table, name)


def _plain(name: str) -> str:
    """A name that names nothing outside its folder; raises PackageError."""
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise PackageError(f"{name!r} is no plain name")
    return name


def _staging(model: str, file: str) -> str:
    return f"staging/{_plain(model)}/{_plain(file)}"


def _slot(model: str, slot: str) -> str:
    return f"slots/{_plain(model)}/{slot}"
