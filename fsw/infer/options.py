"""Session options of ONNX Runtime from a closed list of keys, because it accepts a misspelt key without a word.

Defaults are those of a payload that counts joules: one thread, no spinning (a spinning pool costs 3 to 100 times the
processor time at 20 inferences a second), deterministic kernels. The runtime module is a parameter: only the worker
imports it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

PROVIDER = "CPUExecutionProvider"
MAX_THREADS = 64
REQUIRED_ENTRIES = {
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "0",
}
KNOWN_ENTRIES = frozenset(
    {
        *REQUIRED_ENTRIES,
        "session.disable_cpu_ep_fallback",
        "session.disable_prepacking",
        "session.dynamic_block_base",
        "session.intra_op_thread_affinities",
        "session.set_denormal_as_zero",  # not a default: it changes the calling thread's arithmetic for good
        "session.use_env_allocators",
    }
)


class OptionError(Exception):
    """A session option that is not on the closed list, or a session that did not honour one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What an operating point says of a session: threads, and config entries from `KNOWN_ENTRIES`."""

    threads: int = 1
    entries: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MAX_THREADS:
            raise OptionError(f"threads must be 1 to {MAX_THREADS}, is {self.threads}")
        for key in self.entries:
            if key not in KNOWN_ENTRIES:
                raise OptionError(_unknown(key))

    def all_entries(self) -> dict[str, str]:
        """Required entries, then these; sorted."""
        return dict(sorted({**REQUIRED_ENTRIES, **self.entries}.items()))

    def digest(self) -> str:
        """Hash of everything that can change a result's last bits; goldens hold per digest."""
        text = json.dumps({"threads": self.threads, "entries": self.all_entries()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def session_options(runtime: ModuleType, settings: SessionSettings) -> Any:
    """A `SessionOptions` of the runtime module."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.use_deterministic_compute = True
    options.log_severity_level = 3  # errors only: warnings of the optimiser are no news in flight
    for key, value in settings.all_entries().items():
        options.add_session_config_entry(key, value)
    return options


def make_session(runtime: ModuleType, model: bytes, settings: SessionSettings) -> Any:
    """An `InferenceSession` on the provider that was asked for; raises OptionError where the runtime fell back."""
    session = runtime.InferenceSession(model, sess_options=session_options(runtime, settings), providers=[PROVIDER])
    if session.get_providers() != [PROVIDER]:
        raise OptionError(f"session runs on {session.get_providers()}, not on {PROVIDER}")
    return session


def _unknown(key: str) -> str:
    """The message for a key off the list, with the one that was probably meant first."""
    close = difflib.get_close_matches(key, KNOWN_ENTRIES, 1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown session option {key!r}{meant} Known: {', '.join(sorted(KNOWN_ENTRIES))}"
