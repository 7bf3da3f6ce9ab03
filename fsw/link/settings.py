"""The mission's table `link`: addresses, and the profile that flies."""

from __future__ import annotations

from dataclasses import dataclass

PROFILES = ("packets", "packets+mac", "frames", "frames+sdls")
SECURED = ("packets+mac", "frames+sdls")
CONTACTS = ("always", "passes")
SCID_MOST, VCID_MOST = 1023, 62  # the virtual channel after a secured one is for its recovery
FRAME_OCTETS_LEAST, FRAME_OCTETS_MOST = 64, 2048  # some tens of octets for packets; what fits everybody's buffers


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the space link listens and how it is spoken (port numbers are those of Yamcs's examples).

    `keys` is the folder of the keys, in the run folder unless it begins with a slash. Telemetry goes to whoever was
    heard. `scid`, `vcid` and `frame_octets` (of telemetry) are for the profiles with frames. `contact` says when the
    ground hears us: always, or over its stations; `rate_bps` is then the most that goes down (0: no limit known).
    """

    profile: str = "packets+mac"
    keys: str = "keys"
    tc_host: str = "127.0.0.1"
    tc_port: int = 10025
    scid: int = 0xAB
    vcid: int = 0
    frame_octets: int = 1115  # fits five interleaved Reed-Solomon code words
    contact: str = "always"
    rate_bps: float = 0.0

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"profile must be one of {', '.join(PROFILES)}, is {self.profile!r}")
        if self.contact not in CONTACTS or self.rate_bps < 0.0:
            raise ValueError(f"contact must be one of {', '.join(CONTACTS)}, and rate_bps must not be negative")
        if not 0 < self.scid <= SCID_MOST or not 0 <= self.vcid <= VCID_MOST:
            raise ValueError(f"scid must be in 1..{SCID_MOST} and vcid in 0..{VCID_MOST}")
        if not FRAME_OCTETS_LEAST <= self.frame_octets <= FRAME_OCTETS_MOST:
            raise ValueError(f"frame_octets must be in {FRAME_OCTETS_LEAST}..{FRAME_OCTETS_MOST}")

    @property
    def is_secured(self) -> bool:
        """True where commands act only if they authenticate."""
        return self.profile in SECURED

    @property
    def has_frames(self) -> bool:
        """True where a datagram is a frame or a CLTU."""
        return self.profile.startswith("frames")
