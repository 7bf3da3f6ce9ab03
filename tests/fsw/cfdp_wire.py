"""Two CFDP entities, files in memory, and a link between them that loses, repeats and reorders."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from fsw.cfdp.entity import Entity
from fsw.cfdp.settings import SECOND_NS, CfdpSettings, Ended, Indication, PutRequest

STEP_NS = SECOND_NS // 4
Told = list[Indication]
UP = PutRequest(destination=2, source_name="model.onnx", destination_name="in/model.onnx")


class MemoryFiles:
    """Files in memory; `broken` names refuse everything, as a disk does that went away."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_", "."): data for name, data in files.items()}
        self.partials: dict[str, bytearray] = {}
        self.is_broken = False
        self.limit = 1 << 20

    def size(self, name: str) -> int:
        return len(self._of(name))

    def read(self, name: str, offset: int, octets: int) -> bytes:
        return self._of(name)[offset : offset + octets]

    def begin(self, partial: str, name: str, size: int) -> None:
        if size > self.limit:
            raise OSError("no room")

    def write(self, partial: str, offset: int, data: bytes) -> None:
        if self.is_broken:
            raise OSError("gone")
        held = self.partials.setdefault(partial, bytearray())
        held.extend(bytes(max(0, offset + len(data) - len(held))))
        held[offset : offset + len(data)] = data

    def read_back(self, partial: str, offset: int, octets: int) -> bytes:
        return bytes(self.partials[partial][offset : offset + octets])

    def sync(self, partial: str) -> None:
        assert partial in self.partials

    def commit(self, partial: str, name: str) -> None:
        self.files[name] = bytes(self.partials.pop(partial, bytearray()))

    def discard(self, partial: str) -> None:
        self.partials.pop(partial, None)

    def _of(self, name: str) -> bytes:
        if self.is_broken or name not in self.files:
            raise FileNotFoundError(name)
        return self.files[name]


class Wire:
    """Two entities, 1 (ground) and 2 (board), and a link between them that has seeded faults."""

    def __init__(self, data: bytes, seed: int = 1, loss: float = 0.0, shuffle: float = 0.0, **settings: object) -> None:
        common = CfdpSettings(entity=1, segment_octets=100, **settings)  # type: ignore[arg-type]
        self.ground_files, self.board_files = MemoryFiles(model_onnx=data), MemoryFiles()
        self.ground = Entity(common, self.ground_files, first_sequence=7)
        self.board = Entity(replace(common, entity=2), self.board_files)
        self.drops: Callable[[bytes], bool] = lambda pdu: False
        self.now_ns = 0
        self.told: dict[int, Told] = {1: [], 2: []}
        self._random = random.Random(seed)
        self._loss, self._shuffle = loss, shuffle
        self._under_way: list[tuple[int, Entity, bytes]] = []

    def step(self, room: int = 20) -> None:
        self.now_ns += STEP_NS
        for entity, other in ((self.ground, self.board), (self.board, self.ground)):
            for pdu in entity.poll(self.now_ns, room):
                self._carry(other, pdu)
        arrived = [item for item in self._under_way if item[0] <= self.now_ns]
        self._under_way = [item for item in self._under_way if item[0] > self.now_ns]
        for _, other, pdu in arrived:
            other.receive(self.now_ns, pdu)
        self.told[1] += self.ground.indications()
        self.told[2] += self.board.indications()

    def run(self, steps: int = 4000) -> Wire:
        for _ in range(steps):
            if not (self.ground.status() or self.board.status() or self._under_way):
                return self
            self.step()
        raise AssertionError(f"still busy: {self.ground.status()} {self.board.status()}")

    def ended(self, entity: int) -> Ended:
        (found,) = (item for item in self.told[entity] if isinstance(item, Ended))
        return found

    def _carry(self, other: Entity, pdu: bytes) -> None:
        if self.drops(pdu):
            return
        for _ in range(2 if self._random.random() < self._shuffle else 1):
            if self._random.random() >= self._loss:
                late = self._random.randrange(8) if self._random.random() < self._shuffle else 0
                self._under_way.append((self.now_ns + late * STEP_NS, other, pdu))


def contents(octets: int) -> bytes:
    return random.Random(octets).randbytes(octets)
