"""The archive: packet stores of telemetry (ST15) that outlive the power, and their retrieval when the ground hears us.

Packets are written in groups, off the path of everything else. A disk that fails stops nothing: packets wait in
memory, so many at most, and the disk is tried again and again, less and less often.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import COMMAND, CONTACT, EVENT, HEARTBEAT, HOST, PACKET, RETRIEVED
from fsw.catalogue.commands import COMMANDS
from fsw.messages import Command, Contact, Event, Heartbeat, TelemetryPacket
from fsw.packets.cuc import Cuc
from fsw.packets.errors import PacketError
from fsw.replies import Replies
from fsw.store.packets import PacketStore
from fsw.store.retrieval import Retrieval
from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.ports.disk import Disk

HEARTBEAT_STEPS = 10
# A step's worth of packets, many times over: what comes while the disk stalls for its worst two seconds.
DEPTH = 2048
EVENT_DEPTH = 256  # a burst of every service's events between two steps
GROUP_NS = 20 * SECOND_NS  # packets of so long go into one write; a power cut without notice costs no more
GROUP_PACKETS = 256
PACKETS_A_STEP = 256  # retrieved: some milliseconds of reading
RETRY_NS, RETRY_LAST_NS = 10 * SECOND_NS, 160 * SECOND_NS  # after a failure; doubled each time
# Retrieved and perhaps not sent: what may have waited in comms when it or the power went is retrieved once more.
OVERLAP = 256
COMMS, RESTARTED = "comms", "service_restarted"  # the supervisor's event; its first value is the process
QUIET_NS = 3 * SECOND_NS  # before an announced cut every step writes
TIME_AT = 13  # octet of a telemetry packet where its time begins: ECSS-E-ST-70-41C, 7.4.3.1
SERVICE = 15
OWN = frozenset(row.name for row in COMMANDS if row.service == SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    """One packet store: its log on the disk. The name is one of the dictionary's."""

    name: str
    segment_bytes: int
    segments: int = 16


# In the order of retrieval. A day of events in a busy flight, a day of housekeeping, some thousand results.
STORES = (
    StoreSize(name="events", segment_bytes=65_536),
    StoreSize(name="results", segment_bytes=131_072),
    StoreSize(name="housekeeping", segment_bytes=262_144),
)


class ArchiveService:
    """Keeps the packets of the topic PACKET and carries out the commands of ST15."""

    name = "archive"
    period_ns = 2 * SECOND_NS  # packets wait for their group anyway; commands wake it

    def __init__(self, bus: Bus, disk: Disk, sizes: tuple[StoreSize, ...] = STORES) -> None:
        self._bus, self._replies = bus, Replies(bus)
        self._stores = {item.name: PacketStore(disk, item.name, item.segment_bytes, item.segments) for item in sizes}
        self._ranges: dict[str, Retrieval] = {}
        self._packets = bus.subscribe(PACKET, self.name, Policy.DROP_OLDEST, DEPTH)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST)
        self._contacts = bus.subscribe(CONTACT, self.name, Policy.LATEST)
        self._events = bus.subscribe(EVENT, self.name, Policy.DROP_OLDEST, EVENT_DEPTH)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._contact: Contact | None = None
        self._power_off_ns: int | None = None
        self._degraded_ns: int | None = None
        self._commit_ns = self._kept = 0  # when the next group is due, and the packets in it
        self._retry_wait_ns = RETRY_NS
        self._newest_ns = 0
        self._unknown = self._retrieved = self._steps = 0
        self._has_begun = False  # the stores have been read
        self._is_asked = False  # there is something to retrieve, or may be soon
        self.is_retrieving = False

    def step(self, now_ns: int) -> None:
        """Take packets and commands, write what is due, send down what is asked for."""
        self._contact = self._contacts.take() or self._contact
        for packet in self._packets.drain():
            self._keep(packet)
        for event in self._events.drain():
            if event.name == RESTARTED and event.values[0] == COMMS:
                self._step_back()
        for command in self._commands.drain():
            if command.name in OWN:
                self._carry_out(now_ns, command)
        if now_ns >= self._commit_ns or self._is_pressing(now_ns):
            self._commit(now_ns)
        if self._replies.are_waiting:
            self._replies.flush()
        self._retrieve(now_ns)
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def close(self, now_ns: int) -> None:
        """End in order: write what waits."""
        for packet in self._packets.drain():
            self._keep(packet)
        self._commit(now_ns)
        for store in self._stores.values():
            store.close()

    def counts(self) -> dict[str, int]:
        """Packets written, waiting, lost (overwritten or dropped before they were retrieved), damaged, retrieved."""
        stores = self._stores.values()
        return {
            "stored": sum(store.stored for store in stores),
            "waiting": sum(store.waiting for store in stores),
            "lost": self._unknown + sum(store.lost for store in stores),
            "damaged": sum(store.damaged for store in stores),
            "degraded": int(self._degraded_ns is not None),
            "retrieved": self._retrieved,
        }

    def _keep(self, packet: TelemetryPacket) -> None:
        store = self._stores.get(packet.store)
        if store is None:
            self._unknown += 1
            return
        with suppress(PacketError):  # a packet without a time has that of the one before it
            self._newest_ns = Cuc.unpack(packet.octets[TIME_AT:]).to_ns()
        self._kept += 1
        store.append(self._newest_ns, packet.octets)

    def _is_pressing(self, now_ns: int) -> bool:
        """A write does not wait for its group: there is much of it, or the power goes soon."""
        if self._degraded_ns is not None:
            return False
        status = self._hosts.take()
        if status is not None:
            self._power_off_ns = status.power_off_ns
        if self._power_off_ns is not None and 0 <= self._power_off_ns - now_ns <= QUIET_NS:
            return True
        return self._kept >= GROUP_PACKETS

    def _commit(self, now_ns: int) -> None:
        try:
            for store in self._stores.values():
                store.commit()
        except PortError as error:
            self._degrade(now_ns, error)
            return
        self._commit_ns, self._kept = now_ns + GROUP_NS, 0
        if not self._has_begun:
            self._has_begun = True
            self._step_back()
            self._see_what_is_asked()
        if self._degraded_ns is not None:
            self._tell(now_ns, "store_back", (now_ns - self._degraded_ns) / SECOND_NS)
            self._degraded_ns = None
            self._retry_wait_ns = RETRY_NS

    def _degrade(self, now_ns: int, error: PortError) -> None:
        self._commit_ns = now_ns + self._retry_wait_ns
        self._retry_wait_ns = min(2 * self._retry_wait_ns, RETRY_LAST_NS)
        if self._degraded_ns is None:
            self._degraded_ns = now_ns
            self._tell(now_ns, "store_degraded", f"{self.name}: {error.detail}")

    def _retrieve(self, now_ns: int) -> None:
        """So many packets at most, while the ground hears us; what the disk does not give now is tried again."""
        before = self._retrieved
        if self._is_asked and self._is_heard(now_ns):
            for store in self._stores.values():
                with suppress(PortError):
                    self._retrieve_from(now_ns, store, before + PACKETS_A_STEP)
        self.is_retrieving = self._retrieved > before

    def _step_back(self) -> None:
        for store in self._stores.values():
            if store.is_resumed:
                store.step_back(OVERLAP)

    def _see_what_is_asked(self) -> None:
        self._is_asked = bool(self._ranges) or any(store.is_resumed for store in self._stores.values())

    def _is_heard(self, now_ns: int) -> bool:
        contact = self._contact
        return contact is not None and contact.in_contact and now_ns < contact.until_ns

    def _retrieve_from(self, now_ns: int, store: PacketStore, limit: int) -> None:
        """By time range first, which somebody waits for; `limit` is of all packets retrieved so far."""

        def send(name: str, octets: bytes) -> None:
            self._bus.publish(RETRIEVED, TelemetryPacket(time_ns=now_ns, store=name, octets=octets))
            self._retrieved += 1

        retrieval = self._ranges.get(store.name)
        if retrieval is not None:
            retrieval.step(send, limit - self._retrieved)
            if retrieval.is_done:
                del self._ranges[store.name]
                self._tell(now_ns, "retrieval_ended", store.name, retrieval.sent)
        if store.is_resumed and store.open_from < store.next_number:
            following = Retrieval(store=store, number=store.open_from)
            following.step(send, limit - self._retrieved)
            if following.sent:
                store.retrieved(following.number)

    def _carry_out(self, now_ns: int, command: Command) -> None:
        """Do it at once; what changes the state is durable, if the disk takes it, before the answer goes out."""
        self._replies.started(now_ns, command)
        self._replies.completed(now_ns, command, self._execute(now_ns, command))
        self._see_what_is_asked()

    def _execute(self, now_ns: int, command: Command) -> str:
        """Do it; the label of the failure, "" for none."""
        if command.name == "report_stores":
            for store in self._stores.values():
                self._report_status(now_ns, store)
            return ""
        asked = self._stores.get(str(command.arguments[0]))
        if asked is None:
            return "no_such_store"
        times = [int(value) for value in command.arguments[1:]]
        try:
            return self._order(now_ns, command.name, asked, times)
        except PortError:
            return "store_degraded"

    def _order(self, now_ns: int, name: str, store: PacketStore, times: list[int]) -> str:
        match name:
            case "enable_storage" | "disable_storage":
                store.enable(name == "enable_storage")
            case "resume_open_retrieval" | "suspend_open_retrieval":
                store.resume(name == "resume_open_retrieval")
            case "set_open_retrieval":
                store.start_at(times[0])
            case "delete_stored":
                store.delete_until(times[0])
            case "summarise_store":
                self._report_summary(now_ns, store)
            case "abort_retrieval":
                self._ranges.pop(store.name, None)
            case "retrieve_range":
                if store.name in self._ranges:
                    return "busy"
                self._ranges[store.name] = Retrieval(store=store, from_ns=times[0], to_ns=times[1])
        self._commit_ns = min(self._commit_ns, now_ns) if self._degraded_ns is None else self._commit_ns
        return ""

    def _report_status(self, now_ns: int, store: PacketStore) -> None:
        values = (
            store.name,
            "on" if store.is_enabled else "off",
            "running" if store.is_resumed and self._is_heard(now_ns) else "suspended",
            "running" if store.name in self._ranges else "idle",
        )
        self._replies.tell(now_ns, "store_status", values)

    def _report_summary(self, now_ns: int, store: PacketStore) -> None:
        held = store.summary()
        times = (held.oldest_ns, held.newest_ns, held.open_from_ns)
        self._replies.tell(now_ns, "store_summary", (store.name, *times, held.packets, held.octets, held.lost))

    def _tell(self, now_ns: int, name: str, *values: float | int | str) -> None:
        self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))
