"""Cores of a machine for each of several processes, so that their threads do not share any."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout


def claim_cores(count: int, *, name: str) -> FileLock | None:
    """Bind this process and its children to cores that no other claimant of `name` has.

    The claim holds as long as the returned lock is kept, and ends with the process however that
    ends. None where the system cannot bind, or all sets of cores are taken: then any will do.
    """
    if sys.platform != "linux":
        return None
    mine = sorted(os.sched_getaffinity(0))
    folder = Path(tempfile.gettempdir()) / f"philo-cores-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number, cores in enumerate(_sets(mine, count)):
        lock = FileLock(folder / str(number), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            continue
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)
        return lock
    return None


def _sets(cores: list[int], count: int) -> Iterable[list[int]]:
    return [cores[first : first + count] for first in range(0, len(cores) - count + 1, count)]
