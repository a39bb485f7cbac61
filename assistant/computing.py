"""Few threads compute at a time; one that waits for a store or a lock lets others do so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

COMPUTING_WAIT_S = 5.0
"""Nobody waits longer for a place: after that, one computes beside the others."""


class Computing:
    """Places for threads that compute. Many that do take turns on the interpreter so often that all
    are slow, and the event loop among them."""

    def __init__(self, places: int) -> None:
        self._free = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Held but for what is done inside `waiting`. Not to be taken twice by one thread."""
        place = _Place(self._free)
        token = _held.set(place)
        try:
            place.take()
            yield
        finally:
            _held.reset(token)
            place.end()


@contextmanager
def waiting() -> Iterator[None]:
    """Around what takes time and no core: the place that this thread holds, if any, is for others
    meanwhile."""
    place = _held.get()
    if place is None:
        yield
        return
    place.leave()
    try:
        yield
    finally:
        place.take()


class _Place:
    """Of one thread. `waiting` may stand inside itself, and be left after the place has ended, by a
    generator that nobody has read to its end."""

    def __init__(self, free: threading.BoundedSemaphore) -> None:
        self._free = free
        self._wanted = 0
        self._has = self._ended = False

    def take(self) -> None:
        self._wanted += 1
        if self._wanted == 1 and not self._ended:
            self._has = self._free.acquire(timeout=COMPUTING_WAIT_S)

    def leave(self) -> None:
        self._wanted -= 1
        if self._wanted == 0:
            self._release()

    def end(self) -> None:
        self._ended = True
        self._release()

    def _release(self) -> None:
        if self._has:
            self._has = False
            self._free.release()


_held: ContextVar[_Place | None] = ContextVar("computing", default=None)
