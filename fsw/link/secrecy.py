"""What the process that holds keys does so that they stay in its memory."""

from __future__ import annotations

import ctypes
import os
import resource

PR_SET_DUMPABLE = 4  # prctl(2)


def keep_memory_to_ourselves() -> None:
    """No core dump of this process, and no other process of its user may attach to it or read its memory.

    Raises OSError where the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl: {os.strerror(code)}")
