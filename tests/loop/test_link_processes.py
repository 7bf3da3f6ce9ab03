"""The process that holds the keys is killed at any moment: no command acts twice, and commanding goes on."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsw.link.settings import Link
from fsw.packets.pus import Telecommand
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.flight.keys import BENCH_LINK, make_keys
from tools.ground.clock import StationClock
from tools.ground.decoder import Decoder, Happened, Record
from tools.ground.finding import Choice, profiled
from tools.ground.link import LinkDown, UdpGroundLink
from tools.ground.profiled import ProfiledLink

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_NS = 60 * SECOND_NS
LOOK_NS = SECOND_NS // 5
KILLS = 5
pytestmark = pytest.mark.timeout(300)


class Tap:
    """A UDP link that notes what goes up, and may say it again."""

    def __init__(self, port: int) -> None:
        self.heard: list[bytes] = []
        self._link = UdpGroundLink(tm_port=0, tc_port=port)

    def send(self, packet: bytes) -> None:
        if packet:
            self.heard.append(packet)
        self._link.send(packet)

    def repeat(self) -> None:
        """Everything that was ever said, once more."""
        for packet in self.heard:
            self._link.send(packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        return self._link.receive(timeout_ns)

    def close(self) -> None:
        self._link.close()


class Comms:
    """One comms process after another, and the ground that commands them."""

    def __init__(self, folder: Path, profile: str) -> None:
        probe = UdpGroundLink(tm_port=0, tc_port=9)
        self.port = probe.port
        probe.close()
        table = {"profile": profile, "tc_port": self.port, **BENCH_LINK["link"]}
        settings = Link(**table)  # type: ignore[arg-type]
        (folder / "overrides.json").write_text(json.dumps({"link": table}))
        make_keys(settings, folder)
        self.clock = StationClock()
        self._folder = folder
        self._choice = Choice(profile=profile, keys=folder / settings.keys)
        self._process: subprocess.Popen[bytes] | None = None
        self.tap = Tap(self.port)
        self.ground = self._connect()
        self._decoder = Decoder()
        self._sequence = 0
        self.accepted: Counter[int] = Counter()
        self.completed: set[int] = set()

    def start(self) -> None:
        """A new process, once it answers."""
        command = [sys.executable, "-m", "fsw", "run", "comms", "--mission", "owned.toml"]
        command += ["--run-folder", str(self._folder), "--overrides", str(self._folder / "overrides.json")]
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        self.ground.stack = self._connect().stack  # an order of before means nothing to it
        end_ns = self.clock.now_ns() + PATIENCE_NS
        while not self._hears():
            assert self._process.poll() is None and self.clock.now_ns() < end_ns

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()

    def command(self) -> int:
        """Send a ping that nobody has sent before."""
        self._sequence += 1
        self.ground.send(Telecommand(0x42, self._sequence, 17, 1).pack())
        return self._sequence

    def listen(self, seconds: float, until: int | None = None) -> bool:
        """Take what comes down, for so long or until command `until` has completed."""
        end_ns = self.clock.now_ns() + int(seconds * SECOND_NS)
        while self.clock.now_ns() < end_ns and until not in self.completed:
            try:
                octets = self.ground.receive(LOOK_NS // 4)
            except LinkDown:
                continue
            record = None if octets is None else self._decoder.decode(octets, 0)
            if isinstance(record, Record):
                self._note(record.content)
        return until in self.completed

    def close(self) -> None:
        self.kill()
        self.ground.close()

    def _connect(self) -> ProfiledLink:
        return profiled(self.tap, self._choice, self.clock)

    def _hears(self) -> bool:
        try:
            self.ground.hello()
            return self.tap.receive(LOOK_NS) is not None
        except LinkDown:
            self.clock.sleep_until_ns(self.clock.now_ns() + LOOK_NS // 4)
            return False

    def _note(self, content: object) -> None:
        if isinstance(content, Verification):
            number = content.request & 0x3FFF
            self.accepted[number] += content.subtype == 1
            self.completed |= {number} if content.subtype == 7 else set()
        elif isinstance(content, Happened) and content.name in ("link_rejected", "link_ready"):
            self.ground.advance(int(content.values[1]), int(content.values[2]))


@pytest.fixture(params=list(CHANNEL_OF_PROFILE))
def comms(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Comms]:
    found = Comms(tmp_path, request.param)
    yield found
    found.close()


def test_no_command_acts_twice_however_often_the_process_is_killed(comms: Comms) -> None:
    draw = random.Random(7)
    for _ in range(KILLS):
        comms.start()
        comms.tap.repeat()
        comms.listen(0.5)
        for _ in range(10):  # the first ones tell the ground above which counter to go on
            last = comms.command()
            if comms.listen(1.0, until=last):
                break
        assert last in comms.completed
        for _ in range(draw.randint(1, 12)):
            comms.command()
        comms.listen(draw.random() * 0.02)
        comms.kill()
    comms.start()
    comms.tap.repeat()
    comms.listen(1.0)
    assert max(comms.accepted.values()) == 1
    assert len(comms.completed) >= KILLS
