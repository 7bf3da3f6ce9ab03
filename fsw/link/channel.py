"""A secured command channel as the board holds it: associations on durable counters, their recovery, their stopping."""

from __future__ import annotations

from collections.abc import Callable

from fsw.packets.security.association import Opened, ReceiveAssociation, Receiver, Rejected
from fsw.packets.security.contingency import Challenge, Recovery, Refusal
from fsw.packets.security.counters import CounterStore, provision
from fsw.packets.security.errors import StoreFailed
from fsw.packets.security.keyring import AssociationRow, Channel, KeyRing, counter_name

_STOPPED, _RUNNING = b"\x01", b"\x00"


class NotingReceiver(Receiver):
    """Also says under which index the last rejection was."""

    rejected_spi = 0

    def open(self, prefix: bytes, octets: bytes) -> Opened | Rejected:
        result = super().open(prefix, octets)
        if isinstance(result, Rejected):
            self.rejected_spi = result.spi or 0
        return result


class SecureChannel:
    """One channel. `receiver` opens what comes; where a counter is lost, `challenge` asks and `answer` recovers.

    Raises KeyRefused where the contingency keys are not those of the last recovery.
    """

    def __init__(self, channel: Channel, ring: KeyRing, store: CounterStore, entropy: Callable[[int], bytes]) -> None:
        self.channel = channel
        self._ring, self._store = ring, store
        self.recovery = Recovery(store, channel.number, ring.contingency, entropy)
        self.receiver = NotingReceiver(tuple(self._association(row) for row in channel.rows))
        self._last_spi = channel.rows[0].spi

    @property
    def spi(self) -> int:
        """The association of the last command, before one that which the ground begins with."""
        return self._last_spi

    @property
    def is_lost(self) -> bool:
        """True where an association cannot tell which counters it has taken."""
        return any(item.counter.floor is None for item in self._associations())

    @property
    def unsaved(self) -> int:
        """Times that the store did not keep a counter."""
        return sum(item.counter.unsaved for item in self._associations())

    def floor(self, spi: int) -> int:
        """The newest counter that is refused under `spi`; 0 where that is not known."""
        association = self.receiver.association(spi)
        return 0 if association is None else association.counter.floor or 0

    def commit(self, opened: Opened) -> bool:
        """Use the counter up; True where the data may act."""
        is_taken = self.receiver.commit(opened)
        if is_taken:
            self.note(opened.spi)
        return is_taken

    def note(self, spi: int) -> None:
        """A command was taken under `spi`."""
        self._last_spi = spi

    def challenge(self) -> Challenge | None:
        """What to show the ground while a counter is lost."""
        return self.recovery.challenge() if self.is_lost else None

    def answer(self, data: bytes) -> int | Refusal:
        """The number of the contingency key that recovered the channel, or why there was no effect."""
        names = tuple(counter_name(row.spi) for row in self.channel.rows)
        verdict = self.recovery.answer(data, names)
        if isinstance(verdict, Refusal):
            return verdict
        for row in self.channel.rows:
            self.receiver.replace(self._association(row))
        return verdict.number

    def set_running(self, spi: int, is_running: bool) -> str:
        """Start or stop an association, durably before it holds. A label of the dictionary, or ""."""
        association = self.receiver.association(spi)
        if association is None:
            return "unknown_key"
        others = [item for item in self._associations() if item is not association and item.is_running]
        if not is_running and not others:
            return "last_key"
        try:
            self._store.save(self._state_name(spi), _RUNNING if is_running else _STOPPED)
        except StoreFailed:
            return "store_degraded"
        association.is_running = is_running
        return ""

    def _associations(self) -> list[ReceiveAssociation]:
        found = (self.receiver.association(row.spi) for row in self.channel.rows)
        return [item for item in found if item is not None]

    def _association(self, row: AssociationRow) -> ReceiveAssociation:
        launched = self._ring.launched[row.spi]
        association = self.recovery.association(row.spi, row.make_cipher, launched, counter_name(row.spi))
        association.is_running = not self._is_stopped(row.spi)
        return association

    def _is_stopped(self, spi: int) -> bool:
        """What the store says; while it cannot be read, a key that it may have stopped stays stopped. After a recovery
        without a store every key is new and runs."""
        if not self.recovery.is_saved:
            return False
        try:
            return self._store.load(self._state_name(spi)) == _STOPPED
        except StoreFailed:
            return True

    def _state_name(self, spi: int) -> str:
        generation = self.recovery.generation
        name = f"stopped.{spi}"
        return name if generation is None else generation.counter_name(name)


def launch(channel: Channel, ring: KeyRing, store: CounterStore) -> None:
    """Begin the counters of new keys: on the bench, once. Raises StoreFailed, FileExistsError where they have begun."""
    recovery = Recovery(store, channel.number, ring.contingency, lambda octets: bytes(octets))
    if recovery.generation is not None or any(store.load(counter_name(row.spi)) for row in channel.rows):
        raise FileExistsError(f"the counters of channel {channel.number} have begun already")
    for row in channel.rows:
        provision(store, counter_name(row.spi))
    recovery.launch()
