"""Packets read back from a packet store, at the pace that the bus takes and so many a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fsw.bus.contract import BusFull
from fsw.store.packets import FIRST_NS, LAST_NS, PacketStore

Send = Callable[[str, bytes], None]
"""Takes the name of a store and a packet; raises BusFull when it takes no more now."""


@dataclass(slots=True, kw_only=True)
class Retrieval:
    """Goes through `store` from the packet `number` on, through those with from_ns <= time <= to_ns."""

    store: PacketStore
    number: int = 0
    from_ns: int = FIRST_NS
    to_ns: int = LAST_NS
    sent: int = 0
    is_done: bool = False

    def step(self, send: Send, most: int) -> None:
        """Send at most `most` packets; `is_done` when there is none left. Raises PortError."""
        end = self.sent + most
        while self.sent < end:
            packets = self.store.read(self.number, self.from_ns, self.to_ns)
            self.is_done = not packets
            if not packets:
                return
            for packet in packets[: end - self.sent]:
                try:
                    send(self.store.name, packet.octets)
                except BusFull:
                    return
                self.sent += 1
                self.number = packet.number + 1
