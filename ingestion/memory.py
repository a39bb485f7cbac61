"""Giving memory back to the system."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


def give_back_memory() -> None:
    """Return what was freed, where the C library can be told to (glibc).

    Its heaps, several for the threads of an assembly line, keep freed pieces between pieces in
    use: without this a process had grown by 180 MiB after 600 short documents, and by 30 with it.
    """
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return lambda _pad: None
    trim.argtypes = [ctypes.c_size_t]
    return trim
