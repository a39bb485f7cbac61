"""How often what a reader may see has changed, so that nothing older is shown to anybody."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from assistant.types import Readable


class Changes:
    """Counts, for each group, the changes of documents shared with it. In memory: a data
    directory has one owner, and what is made from it does not outlive that."""

    def __init__(self) -> None:
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
        with self._lock:
            if readable.everything:
                return self._total
            return sum(self._of_group[group] for group in {*readable.keys, _EVERY})


_EVERY = "\0every"
"""No group has this name."""
