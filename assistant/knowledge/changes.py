"""How often what a reader may see has changed, so that nothing older is shown to anybody."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from assistant.types import Readable


class Changes:
    """Counts, for each group, the changes of documents shared with it. In memory: what is made
    from a data directory does not outlive the process.

    Args:
        newest: the number of the newest change of whatever process, where several share the
            database. One of another process may concern everybody.
    """

    def __init__(self, newest: Callable[[], int] | None = None) -> None:
        self._newest = newest
        self._seen = 0
        self._lock = threading.Lock()
        self._of_group: Counter[str] = Counter()
        self._total = 0
        self._listeners: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Call this after each change, in the thread that made it."""
        self._listeners.append(listener)

    @property
    def total(self) -> int:
        return self._total

    def note(self, groups: Iterable[str]) -> None:
        """Documents of these groups have come, gone or changed."""
        with self._lock:
            self._total += 1
            self._of_group.update(set(groups))
        self._told()

    def note_all(self) -> None:
        """Everything may have changed."""
        with self._lock:
            self._total += 1
            self._of_group[_EVERY] += 1
        self._told()

    def _told(self) -> None:
        for listener in self._listeners:
            listener()

    def stamp(self, readable: Readable) -> int:
        """A number that is another one after each change that concerns this reader."""
        self._look()
        return self.known_stamp(readable)

    def _look(self) -> None:
        if self._newest is None:
            return
        newest = self._newest()
        with self._lock:
            seen, self._seen = self._seen, newest
        if seen != newest:
            self.note_all()

    def known_stamp(self, readable: Readable) -> int:
        """The same without looking whether other processes have changed something."""
        with self._lock:
            if readable.everything:
                return self._total
            return sum(self._of_group[group] for group in {*readable.keys, _EVERY})


_EVERY = "\0every"
"""No group has this name."""
