"""Group commit: what comes while something is written is written together, in one transaction."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from assistant.errors import DataDirectoryError, StoreUnavailableError

Item = TypeVar("Item")

_OF_THE_STORE = (StoreUnavailableError, DataDirectoryError, OSError)
"""Away, locked, full: none of the items is the reason, so each alone would fare no better."""


@dataclass(slots=True)
class _Waiting(Generic[Item]):
    item: Item
    done: bool = False
    error: Exception | None = None


class GroupCommit(Generic[Item]):
    """From any thread. A disk makes about as many things durable at once as one: so whoever may
    write first writes for all who wait (DeWitt et al., SIGMOD 1984, doi:10.1145/602259.602261).

    Args:
        write: all of them durable when it returns, or none.
        lock: held while it writes.
    """

    def __init__(self, write: Callable[[Sequence[Item]], None], *, lock: threading.RLock) -> None:
        self._write = write
        self._lock = lock
        self._waiting: deque[_Waiting[Item]] = deque()

    def put(self, item: Item) -> None:
        """Returns when it is durable. Where several cannot be written together, each is written
        alone, so that nobody fails for another one's item.

        Raises:
            whatever `write` raises.
        """
        mine = _Waiting(item)
        self._waiting.append(mine)
        with self._lock:
            if not mine.done:
                self._write_all()
        if mine.error is not None:
            raise mine.error

    def _write_all(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            self._try(batch)
            for one in batch:
                if not one.done:
                    self._try([one])
        finally:  # this thread may be ended in the middle: those who wait write for themselves
            self._waiting.extendleft(one for one in reversed(batch) if not one.done)

    def _try(self, batch: Sequence[_Waiting[Item]]) -> None:
        error = None
        try:
            self._write([one.item for one in batch])
        except Exception as exc:  # noqa: BLE001 - raised where the item was put
            error = exc
            if len(batch) > 1 and not isinstance(exc, _OF_THE_STORE):
                return
        for one in batch:
            one.done, one.error = True, error
