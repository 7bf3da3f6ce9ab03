"""Time as the link has it: it stands still while there is no signal, and with it every timer."""

from __future__ import annotations


class LinkTime:
    """Turns a monotonic time into the time of the link; both in nanoseconds.

    >>> time = LinkTime()
    >>> time.suspend(100)
    >>> time.at(250)
    100
    >>> time.resume(300)
    >>> time.at(350)
    150
    """

    def __init__(self) -> None:
        self._lost_ns = 0
        self._since_ns: int | None = None

    @property
    def is_suspended(self) -> bool:
        """True while time stands still."""
        return self._since_ns is not None

    def at(self, now_ns: int) -> int:
        """The time of the link at `now_ns`."""
        return (now_ns if self._since_ns is None else self._since_ns) - self._lost_ns

    def suspend(self, now_ns: int) -> None:
        """Stand still from now on."""
        if self._since_ns is None:
            self._since_ns = now_ns

    def resume(self, now_ns: int) -> None:
        """Run again from now on."""
        if self._since_ns is not None:
            self._lost_ns += now_ns - self._since_ns
            self._since_ns = None


class Timer:
    """Expires every `interval_ns` after its start; `limit` expirations are patience, the last one is a fault."""

    def __init__(self, interval_ns: int, limit: int = 1) -> None:
        self._interval_ns = interval_ns
        self._limit = limit
        self._due_ns: int | None = None
        self.expirations = 0

    @property
    def is_running(self) -> bool:
        """True between start and stop."""
        return self._due_ns is not None

    @property
    def is_exhausted(self) -> bool:
        """True when it has expired `limit` times since its start."""
        return self.expirations >= self._limit

    def start(self, now_ns: int) -> None:
        """Start, with nothing expired yet."""
        self.expirations = 0
        self._due_ns = now_ns + self._interval_ns

    def stop(self) -> None:
        """Expire no more."""
        self._due_ns = None

    def expires(self, now_ns: int) -> bool:
        """True once for each interval that has passed; counts it and runs on."""
        if self._due_ns is None or now_ns < self._due_ns:
            return False
        self.expirations += 1
        self._due_ns = now_ns + self._interval_ns
        return True
