"""The alarms as they stand: what the archive received live, played through the console's picture, and what people did.

What was imported from files, or played back from a store on board, raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hal.clock import SECOND_NS
from tools.ground.archive.archive import connect
from tools.ground.clock import parse_iso
from tools.ground.console.alarms import AlarmError, Alarms
from tools.ground.console.picture import Picture
from tools.ground.decoder import Decoder, Record
from tools.ground.history import Entry

Doing = tuple[int, str, str, str, str, int | None]  # utc, action, key, user, comment, until


def replay(folder: Path, entries: Iterable[Entry], span_s: float, now_ns: int) -> Alarms:
    """The alarms at `now_ns` (UTC), by what was received within `span_s` before the newest, and by the history."""
    picture, decoder = Picture(), Decoder()
    doings = [doing for entry in entries if (doing := _doing(entry)) is not None]
    for octets, received_ns in _received(folder, span_s):
        while doings and doings[0][0] <= received_ns:
            _do(picture.alarms, doings.pop(0))
        record = decoder.decode(octets, received_ns)
        if isinstance(record, Record):
            picture.take(record, received_ns)
    for doing in doings:
        _do(picture.alarms, doing)
    picture.alarms.tick(now_ns)
    return picture.alarms


def _received(folder: Path, span_s: float) -> Iterator[tuple[bytes, int]]:
    """Live packets that can raise an alarm, as they came; definitions of limits however old they are."""
    newest = "(SELECT max(received_ns) FROM packets WHERE is_live)"
    question = (
        "SELECT octets, received_ns FROM packets WHERE is_live AND (kind = 'reported' OR "
        f"(kind IN ('samples', 'happened') AND received_ns >= {newest} - ?)) ORDER BY received_ns, n"
    )
    answer = connect(folder).execute(question, [round(span_s * SECOND_NS)])
    while rows := answer.fetchmany(1000):
        yield from ((bytes(octets), int(received_ns)) for octets, received_ns in rows)


def _doing(entry: Entry) -> Doing | None:
    if entry.get("kind") != "alarm":
        return None
    until = entry.get("until")
    words = (str(entry["action"]), str(entry["alarm"]), str(entry["operator"]), str(entry["comment"]))
    return (parse_iso(str(entry["utc"])), *words, parse_iso(str(until)) if until else None)


def _do(alarms: Alarms, doing: Doing) -> None:
    """What a person did; with an alarm that is not there any more there is nothing to do."""
    utc_ns, action, key, user, comment, until_ns = doing
    alarms.tick(utc_ns)
    number = next((alarm.number for alarm in alarms.all if alarm.key == key), None)
    if number is None:
        return
    try:
        if action == "acknowledged":
            alarms.acknowledge(number, user, comment, utc_ns)
        elif action == "shelved" and until_ns is not None:
            alarms.shelve(number, user, comment, utc_ns, (until_ns - utc_ns) / SECOND_NS)
        elif action == "unshelved":
            alarms.unshelve(number, user, utc_ns)
    except AlarmError:
        return  # a line of somebody else's tool
