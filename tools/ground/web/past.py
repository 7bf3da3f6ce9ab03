"""What was received before the page began, from the raw log of an archive: plots and lists do not begin empty.

It is read as it was heard, through the decoder that also serves the live link, and raises no alarm: who looks at the
page now was not asked to act then. The archive may be written by another process at the same time.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from pathlib import Path

from tools.ground.archive.rawlog import ArchiveError, Received, read, segment_path, segments
from tools.ground.console.alarms import Alarms
from tools.ground.console.picture import Moment, Picture
from tools.ground.decoder import Decoder, Record

PACKETS_MOST = 20_000  # two orbits of housekeeping twice over, decoded in a second or two
SEGMENTS_MOST = 2  # of some 30,000 packets each


def last_received(folder: Path) -> list[Received]:
    """The newest packets of an archive in order; raises ArchiveError where there is none."""
    raw = folder / "raw"
    if not raw.is_dir():
        raise ArchiveError(f"{folder}: no archive is there")
    newest = [segment_path(raw, number) for number in segments(raw)[-SEGMENTS_MOST:]]
    return list(deque(chain.from_iterable(read(path) for path in newest), maxlen=PACKETS_MOST))


def remember(picture: Picture, packets: list[Received], now: Moment) -> None:
    """Into the picture, each at the time at which it was received; counts and alarms begin anew."""
    decoder = Decoder()
    for packet in packets:
        record = decoder.decode(packet.octets, packet.received_ns)
        if isinstance(record, Record):
            picture.take(record, now.now_ns - (now.utc_ns - packet.received_ns))
    picture.alarms = Alarms()
    picture.hearing.packets = picture.hearing.missed = picture.hearing.late = 0
