"""Where packets go: to the packet stores, and down, at once or when the ground hears us again.

With contact at all times and no limit of rate a packet goes as it comes, and nothing here costs anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from fsw.bus.contract import Bus, BusFull
from fsw.bus.topics import CONTACT, PACKET
from fsw.messages import Contact, Event, TelemetryPacket
from fsw.telemetry.contact import EVER_NS, Contacts
from fsw.telemetry.downlink import Downlink, Rank
from fsw.telemetry.filters import Forwarding
from hal.clock import SECOND_NS
from hal.ports.link import DatagramLink

LOOK_NS = 10 * SECOND_NS  # on-board time may be set, and who starts late wants to hear of the contact
WARNING_S = 60  # before the end of a pass: time for the ground to ask for something else


class Outlet:
    """Sends packets by rank, says what a pass will not carry, and tells everybody of the contact."""

    def __init__(self, bus: Bus, link: DatagramLink, contacts: Contacts) -> None:
        self._bus = bus
        self._link = link
        self._contacts = contacts
        self.forwarding = Forwarding()
        self.downlink = Downlink()
        self.contact: Contact | None = None
        self._look_ns = 0
        self._warn_ns = EVER_NS
        self._now_ns = 0
        self._withheld = 0
        self._unstored = 0

    @property
    def hears(self) -> bool:
        """True while the ground hears us."""
        return self.contact is not None and self.contact.in_contact

    def counts(self) -> dict[str, int]:
        """What waits, and what did not go."""
        return {
            "packets_lost": self._link.dropped,
            "packets_withheld": self._withheld,
            "packets_unstored": self._unstored,
            "downlink_queued": self.downlink.queued,
            "downlink_dropped": self.downlink.dropped,
            "downlink_next_s": self._next_s(),
        }

    def keep(self, time_ns: int, store: str, octets: bytes) -> None:
        """A packet for a packet store. A store that is full or gone does not stop telemetry: it is counted."""
        try:
            self._bus.publish(PACKET, TelemetryPacket(time_ns=time_ns, store=store, octets=octets))
        except BusFull:
            self._unstored += 1

    def send(self, octets: bytes, kind: tuple[int, int], rank: Rank, value: float = 0.0) -> None:
        """A packet of a service and subtype goes down, or waits for its turn. Housekeeping waits for no pass: the
        ground gets it from the packet store, or newer."""
        if not self.forwarding.admits(kind) or (rank is Rank.HOUSEKEEPING and not self.hears):
            self._withheld += 1
        else:
            self.pass_on(octets, rank, value)

    def pass_on(self, octets: bytes, rank: Rank, value: float = 0.0) -> None:
        """A packet goes down, or waits for its turn."""
        if self.downlink.is_free:
            self._link.send(octets)
        else:
            self.downlink.offer(rank, octets, value)

    def send_now(self, now_ns: int, octets: bytes) -> None:
        """A packet that is worth nothing later goes before all others, or not at all."""
        if self.downlink.passes(now_ns, octets):
            self._link.send(octets)
        else:
            self._withheld += 1

    def flush(self, now_ns: int) -> None:
        """Send what may go by now."""
        for octets in self.downlink.take(now_ns):
            self._link.send(octets)

    def follow(self, now_ns: int) -> list[Event]:
        """Look whether the ground hears us, when it is time to look; gives the events that tell of it."""
        self._now_ns = now_ns
        if now_ns < self._look_ns:
            return []
        before, contact = self.contact, self._contacts.at(now_ns)
        self.contact = contact
        self._bus.publish(CONTACT, contact)
        if contact.in_contact:
            self.downlink.open(now_ns, contact.rate_bps)
        else:
            self._withheld += self.downlink.shut()
        events = list(self._changed(now_ns, before, contact))
        if now_ns >= self._warn_ns:
            self._warn_ns = EVER_NS
            events += self._deferred(now_ns)
        self._look_ns = min(now_ns + LOOK_NS, contact.until_ns, self._warn_ns)
        return events

    def _changed(self, now_ns: int, before: Contact | None, contact: Contact) -> Iterator[Event]:
        """A pass begins or ends; contact that is always there is no news."""
        if before is not None and (before.in_contact, before.station) == (contact.in_contact, contact.station):
            return
        self._warn_ns = EVER_NS
        if before is not None and before.station:
            yield Event(time_ns=now_ns, name="contact_ended", values=(before.station, self.downlink.queued))
        if contact.station:
            seconds = (contact.until_ns - now_ns) / SECOND_NS
            yield Event(time_ns=now_ns, name="contact_begun", values=(contact.station, seconds))
            yield from self._deferred(now_ns)
            if seconds > 2 * WARNING_S:
                self._warn_ns = contact.until_ns - WARNING_S * SECOND_NS

    def _deferred(self, now_ns: int) -> Iterator[Event]:
        """What this pass does not carry, by kind, and when the first of it goes down."""
        for item in self.downlink.defer(now_ns, self._contacts.ahead(now_ns)):
            wait_s = float("inf") if item.start_ns is None else (item.start_ns - now_ns) / SECOND_NS
            values = (item.rank.name.lower(), item.packets, wait_s)
            yield Event(time_ns=now_ns, name="downlink_deferred", values=values)

    def _next_s(self) -> int:
        """Seconds until the first of what waits goes down."""
        if self.downlink.queued == 0 or self.contact is None or self.contact.in_contact:
            return 0
        return max(0, self.contact.until_ns - self._now_ns) // SECOND_NS
