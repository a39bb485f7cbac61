"""What of this machine the process may use, as its operating system or container limits it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
UNKNOWN_MEMORY_BYTES = 4 * 2**30
BEHIND_REQUESTS = 5
BEHIND_ANSWERS = 10
"""Steps of the scheduler: a thread gets a third or a tenth of what another one gets that wants the
same core, and all of it where nobody else does."""


def count_cores(cgroup: Path = CGROUP) -> int:
    """At least 1: by affinity and by the control group's quota."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _quota(cgroup)
    return max(1, min(cores, round(quota))) if quota else cores


def count_memory_bytes(cgroup: Path = CGROUP) -> int:
    """Of the machine, or of the control group where that is less."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        memory = UNKNOWN_MEMORY_BYTES
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _read(cgroup / name)
        if limit.isdigit():
            memory = min(memory, int(limit))
    return memory


def stand_back(steps: int) -> None:
    """Let this thread, and those that it starts, wait for others that want its core (Linux).

    For what computes for long: who only waits for a search or a page does not wait for that.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it: then it does not
            thread = threading.get_native_id()
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, now + steps)


def _quota(cgroup: Path) -> float | None:
    """Cores that version 2 or 1 of the control groups allots; None: as many as there are."""
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if not period:
        quota = _read(cgroup / "cpu/cpu.cfs_quota_us")
        period = _read(cgroup / "cpu/cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
