"""The seam for full-text indexes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.knowledge.renewal import Alone, Fill
from assistant.types import Language, Readable, ScoredId


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    chunk_id: str
    title: str
    heading: str
    text: str
    document_id: str
    collection: str
    groups: frozenset[str]


class Lexicon(Protocol):
    """Full text in French and English, ranked by BM25, among what a reader may see.

    An index is never the truth: all it holds can be rebuilt from SQL.
    """

    def add(self, entries: Sequence[LexiconEntry]) -> None:
        """Insert or replace; searchable when the call returns."""

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Forget these chunks; unknown ids are passed over."""

    def search(
        self,
        query: str,
        *,
        k: int,
        readable: Readable,
        language: Language,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        """At most `k` chunk ids, best first, with their BM25 scores (> 0).

        Any text is a valid query: it is words, never query syntax. `language` is the
        question's and chooses the stemming. `documents` are ids; only chunks of these are
        returned. Empty when no word of it occurs.
        """

    def ids(self) -> set[str]:
        """All chunk ids held, for reconciling."""

    def clear(self) -> None:
        """Forget everything and what is left of it on disk."""

    def renew(self, fill: Fill[LexiconEntry], alone: Alone) -> None:
        """Make the index anew in fresh files from what `fill` adds, beside searches, and delete
        the former ones: what was once removed is in them still. Only while nobody changes it.

        Args:
            alone: held for the moment in which the fresh files take the place of the others; no
                search may run in it.
        """

    def close(self) -> None: ...
