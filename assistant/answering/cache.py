"""Answers that were given already, for the same question under the same rights."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.events import AskEvent
from assistant.knowledge.changes import Changes
from assistant.scope import EVERYTHING, Scope
from assistant.types import Answer, Readable, Turn

_SAME = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"'})
_QUOTES = re.compile(r"«\s*|\s*»")
_CLOSING = re.compile(r"[\s?!.…]+$")


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What has to be the same. The rights are: nobody gets what was found for other groups.
    Model and settings are those of the process, and the cache ends with it."""

    question: str
    history: tuple[Turn, ...]
    readable: Readable
    scope: Scope


def cache_key(
    asked: str, history: Sequence[Turn], readable: Readable, scope: Scope = EVERYTHING
) -> CacheKey:
    """Questions that differ in typographic signs, or in how they end, are the same. Letters
    keep their case: 'IT' is not 'it'."""
    question = _QUOTES.sub('"', asked.translate(_SAME))
    return CacheKey(_CLOSING.sub("", question), tuple(history), readable, scope)


@dataclass(frozen=True, slots=True)
class _Entry:
    stamp: int
    events: tuple[AskEvent, ...]
    size_bytes: int


class AnswerCache:
    """The answers used last, in memory. Thread-safe.

    An answer is gone as soon as a document comes, goes or changes that its reader may read:
    `changes` says so.

    Args:
        most_bytes: of the answers' JSON; 0: nothing is kept.
    """

    def __init__(self, changes: Changes, *, most_bytes: int) -> None:
        self._changes = changes
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[CacheKey, _Entry] = OrderedDict()
        self._bytes = 0
        changes.tell(self._drop_stale)

    def find(self, key: CacheKey) -> tuple[AskEvent, ...] | None:
        """The events of an answer in their order, or None."""
        stamp = self._changes.stamp(key.readable)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.stamp != stamp:
                return None
            self._entries.move_to_end(key)
            return entry.events

    def keep(self, key: CacheKey, events: Sequence[AskEvent], *, stamp: int) -> None:
        """Keep the events of a whole answer.

        Args:
            stamp: of the reader's changes before anything was looked for.
        """
        size = sum(len(one.model_dump_json()) for one in events if isinstance(one, Answer))
        if size > self._most_bytes // 4:
            return
        now = self._changes.stamp(key.readable)  # may let stale ones be dropped
        with self._lock:
            if now != stamp:
                return
            self._remove(key)
            self._entries[key] = _Entry(stamp, tuple(events), size)
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._remove(next(iter(self._entries)))

    def _drop_stale(self) -> None:
        with self._lock:
            for key, entry in [*self._entries.items()]:
                if self._changes.known_stamp(key.readable) != entry.stamp:
                    self._remove(key)

    def _remove(self, key: CacheKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size_bytes
