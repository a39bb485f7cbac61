"""A source under the name by which it is kept in step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.errors import SourceUnavailableError
from assistant.types import Failure
from ingestion.sources.base import PartlyListed, Source, SourceItem

NOBODY = "nobody"
LONGEST_GROUP = 200


class KeptSource:
    """Another source with an address of its own, so that two that read the same place do not
    remove each other's documents.

    The groups that it states are prefixed with its name (wiki:group:hr), so that they are not
    taken for groups of Philo's own. Where it states that nobody may read a document, the group
    is NAME:nobody, which has no members.
    """

    def __init__(
        self, inner: Source, *, name: str, address: str, stopping: Callable[[], bool]
    ) -> None:
        self._inner = inner
        self._name = name
        self._stopping = stopping
        self.address = address
        self.listed = 0

    @property
    def failures(self) -> Sequence[Failure]:
        return self._inner.failures if isinstance(self._inner, PartlyListed) else ()

    def items(self) -> Iterator[SourceItem]:
        self.listed = 0
        for item in self._inner.items():
            if self._stopping():
                raise SourceUnavailableError("Philo was stopped; it goes on at the next run.")
            self.listed += 1
            if item.groups is None:
                yield item
            else:
                yield replace(item, groups=self._named(item.groups))

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        return self._inner.fetch(item, folder)

    def close(self) -> None:
        self._inner.close()

    def _named(self, groups: frozenset[str]) -> frozenset[str]:
        return frozenset(self._group(group) for group in groups or {NOBODY})

    def _group(self, group: str) -> str:
        full = f"{self._name}:{group}"
        if len(full) <= LONGEST_GROUP:
            return full
        return f"{self._name}:sha256:{hashlib.sha256(group.encode()).hexdigest()}"
