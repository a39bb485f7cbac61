"""Whether a conversion fits, asked before it begins."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from assistant.errors import ModelFetchError, NotEnoughMemoryError

BITS = {"int4": 5, "int8": 9, "fp16": 16, "fp32": 32}
"""Of a parameter on the disk, the scales of the blocks included."""

PROGRAM_BYTES = 600_000_000
WORK_BYTES = {"int4": 6.0, "int8": 7.0, "fp16": 2.0, "fp32": 4.5}
"""Of a parameter in memory beside the checkpoint's weights; measured at 0.27 and 0.85 billion."""

CGROUP = Path("/sys/fs/cgroup")


def require_disk(folder: Path, parameters: int, precision: str) -> None:
    """Raises: ModelFetchError: the model would not fit into `folder`; gives both numbers."""
    needed = parameters * BITS[precision] // 8
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelFetchError(
            f"{folder} has {free / 1e9:.1f} GB free, the model takes {needed / 1e9:.1f} GB as "
            f"{precision}; free some space, or keep models elsewhere (PHILO_MODELS__DIRECTORY)"
        )


def conversion_bytes(weight_bytes: int, parameters: int, precision: str) -> int:
    """Memory that the writing of a model takes at its peak, about."""
    return PROGRAM_BYTES + weight_bytes + int(parameters * WORK_BYTES[precision])


def reading_bytes(values: int, value_bytes: int) -> int:
    """Memory that the unpacking of a GGUF file takes at its peak, about."""
    return PROGRAM_BYTES + int(1.5 * values * value_bytes)


def require_memory(needed_bytes: int, purpose: str) -> None:
    """Raises: NotEnoughMemoryError: there is less; gives both numbers."""
    free = available_memory_bytes()
    if free is not None and free < needed_bytes:
        raise NotEnoughMemoryError(
            f"{purpose} takes about {needed_bytes / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
            "free; close other programs, or convert on a larger machine and copy the folder"
        )


def available_memory_bytes() -> int | None:
    """What this process may still take; None where the system does not say."""
    bounds = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        stated = dict(line.split(":", 1) for line in lines)
        bounds.append(int(stated["MemAvailable"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            bounds.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        limit = int((CGROUP / "memory.max").read_text())
        bounds.append(limit - int((CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return min(bounds, default=None)
