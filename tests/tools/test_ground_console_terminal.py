"""The console as a process on a terminal of its own: it comes up without a spacecraft, and leaves when told."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path

from click.testing import CliRunner

from tools.ground.cli import gnd

ROWS, COLUMNS = 24, 80
CTRL_Q = b"\x11"
READS_MOST = 2_000  # of whatever has come; each waits for at most a tenth of a second


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_until(terminal: int, words: bytes) -> bool:
    seen = b""
    for _ in range(READS_MOST):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65_536)
            except OSError:  # the process has gone
                return words in seen
        if words in seen:
            return True
    return False


def test_it_says_that_nobody_is_there_and_leaves_on_a_key(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = [sys.executable, "-c", "from tools.ground.cli import gnd; gnd()", "console", "--tm-port", "0"]
    command += ["--tc-port", str(free_port()), "--link", "packets", "--history", str(tmp_path / "history.jsonl")]
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env={**os.environ, "TERM": "xterm-256color"})
    os.close(end)
    try:
        assert read_until(terminal, b"LINK DOWN")
        os.write(terminal, CTRL_Q)
        assert not read_until(terminal, b"Traceback")
        assert process.wait(timeout=20.0) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert not (tmp_path / "history.jsonl").exists()  # nothing was sent


def test_its_help_has_an_example() -> None:
    result = CliRunner().invoke(gnd, ["console", "--help"])
    assert "Example: penumbra gnd console" in result.output
