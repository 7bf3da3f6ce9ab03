"""Which process sends what to whom: fixed before the first message, so that nothing is lost to a late start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.bus.topics import TOPICS

Table = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """By topic name: the processes that publish it, and those that subscribe to it with must-deliver."""

    writers: Table
    keepers: Table


def wire(services: Table, keepers: Table) -> Wiring:
    """The wiring of a deployment: `services` by process, `keepers` by topic name.

    The writer of each topic stands in `fsw.bus.topics`; every process may write a topic whose writer is "any".
    """
    writers = {
        topic.name: tuple(
            process for process, names in services.items() if topic.writer == "any" or topic.writer in names
        )
        for topic in TOPICS
    }
    return Wiring(writers=writers, keepers=dict(keepers))
