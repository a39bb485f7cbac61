"""What is found among the chunks of one index, as far as the one who searches may see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Select, select

from assistant.knowledge.bulk import all_of_parameter, as_one_value, fetch_rows, pack_values
from assistant.knowledge.database import Database
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.packing import unpack_lines
from assistant.knowledge.scoping import is_in_scope
from assistant.knowledge.stored import (
    Hit,
    StoredChunk,
    Twin,
    select_published_chunks,
    to_stored_chunk,
)
from assistant.knowledge.tables import ChunkRow, DocumentRow, VersionRow
from assistant.knowledge.vectors.base import Vector, VectorIndex
from assistant.knowledge.visibility import is_readable
from assistant.observing.trail import step
from assistant.scope import EVERYTHING, Scope
from assistant.types import Language, Readable, ScoredId


class SearchRoom:
    """An index as it is searched, from any thread.

    Nothing that an index says is believed before SQL has confirmed it: published, and
    readable.
    """

    def __init__(self, database: Database, vectors: VectorIndex, lexicon: Lexicon) -> None:
        self._database = database
        self._vectors = vectors
        self._lexicon = lexicon

    def search_dense(
        self, vector: Vector, *, k: int, readable: Readable, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """At most `k` readable chunks in scope with their cosine similarity, best first.

        Args:
            vector: (D,) float32, L2-normalised.
        Raises:
            IndexMismatchError: D differs from the library's.
        """
        documents = self._documents_in(scope, readable)
        [found] = self._search(
            [
                lambda wanted: self._vectors.search(
                    vector, k=wanted, readable=readable, documents=documents
                )
            ],
            k,
            readable,
            scope,
        )
        return found

    def search_text(
        self,
        query: str,
        *,
        k: int,
        readable: Readable,
        language: Language,
        scope: Scope = EVERYTHING,
    ) -> list[Hit]:
        """At most `k` readable chunks in scope with their BM25 scores, best first."""
        documents = self._documents_in(scope, readable)
        [found] = self._search(
            [
                lambda wanted: self._lexicon.search(
                    query, k=wanted, readable=readable, language=language, documents=documents
                )
            ],
            k,
            readable,
            scope,
        )
        return found

    def search_both(
        self,
        vector: Vector,
        queries: Sequence[tuple[str, Language]],
        *,
        k: int,
        readable: Readable,
        scope: Scope = EVERYTHING,
    ) -> tuple[list[Hit], list[list[Hit]]]:
        """`search_dense`, and `search_text` for each query with its language, which SQL confirms
        together."""
        documents = self._documents_in(scope, readable)

        def ask_vectors(wanted: int) -> list[ScoredId]:
            with step("dense"):
                return self._vectors.search(
                    vector, k=wanted, readable=readable, documents=documents
                )

        def ask_lexicon(query: str, language: Language, wanted: int) -> list[ScoredId]:
            with step("full_text"):
                return self._lexicon.search(
                    query, k=wanted, readable=readable, language=language, documents=documents
                )

        asks: list[Callable[[int], list[ScoredId]]] = [ask_vectors]
        asks += [partial(ask_lexicon, *one) for one in queries]
        dense, *texts = self._search(asks, k, readable, scope)
        return dense, texts

    def _documents_in(self, scope: Scope, readable: Readable) -> frozenset[str] | None:
        """The ids that a scope leaves to a reader; None where it narrows nothing."""
        if scope == EVERYTHING:
            return None
        query = select(DocumentRow.id).where(is_readable(readable), is_in_scope(scope))
        with self._database.reading() as session:
            return frozenset(session.scalars(query))

    def _search(
        self,
        asks: Sequence[Callable[[int], list[ScoredId]]],
        k: int,
        readable: Readable,
        scope: Scope,
    ) -> list[list[Hit]]:
        """Ask each index for more and more until `k` of its hits stand before SQL."""
        if k < 1:
            return [[] for _ in asks]
        kept: list[list[Hit]] = [[] for _ in asks]
        wanted, open_ = k, [*range(len(asks))]
        while open_:
            found = {number: asks[number](wanted) for number in open_}
            with step("confirm"):
                ids = {one.id for hits in found.values() for one in hits}
                confirmed = self._confirm(ids, readable, scope)
            for number, hits in found.items():
                stand = [one for one in hits if one.id in confirmed]
                kept[number] = [Hit(one.id, one.score, *confirmed[one.id]) for one in stand[:k]]
                if len(stand) >= k or len(hits) < wanted:
                    open_.remove(number)
            wanted *= 4
        return kept

    def _confirm(
        self, chunk_ids: Collection[str], readable: Readable, scope: Scope
    ) -> dict[str, tuple[str, str, str | None]]:
        """Of those that are published, readable and in scope: document, piece and language."""
        query = _select_confirmed(readable, scope)
        with self._database.reading() as session:
            rows = fetch_rows(session, query, {IDS: pack_values(chunk_ids)})
        return {one: (document, key, language) for one, document, key, language in rows}

    def chunks(self, chunk_ids: Sequence[str], readable: Readable) -> dict[str, StoredChunk]:
        """By id; those that are not published or not readable are silently absent."""
        found = {}
        with self._database.reading() as session:
            for row in session.execute(_select_shown(readable), {IDS: pack_values(chunk_ids)}):
                found[row[0].id] = to_stored_chunk(*row)
        return found

    def with_twins(self, chunks: Sequence[StoredChunk], readable: Readable) -> list[StoredChunk]:
        """The same chunks, each with those of other readable documents that hold its text."""
        twins: dict[str, list[Twin]] = {}
        own: dict[str, set[str]] = {}
        for chunk in chunks:
            own.setdefault(chunk.piece_key, set()).add(chunk.document_id)
        query, keys = _select_twins(readable), {IDS: pack_values(own)}
        with self._database.reading() as session:
            for key, start, end, lines, title, document_id, uri in session.execute(query, keys):
                if own[key] != {document_id}:
                    twin = Twin(document_id, uri, title, start, end, unpack_lines(lines))
                    twins.setdefault(key, []).append(twin)
        return [
            replace(chunk, twins=_others(chunk, twins.get(chunk.piece_key, []))) for chunk in chunks
        ]


# Statements of a search are made once for a reader: making one, and the key under which SQLAlchemy
# finds what it was compiled to, takes as long as asking.
IDS = "ids"
KEPT_READERS = 256


@lru_cache(KEPT_READERS)
def _select_confirmed(readable: Readable, scope: Scope) -> Select[str]:
    return as_one_value(
        select(ChunkRow.id, DocumentRow.id, ChunkRow.piece_key, VersionRow.language)
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .join(DocumentRow, DocumentRow.published_version_id == VersionRow.id)
        .where(ChunkRow.id.in_(all_of_parameter(IDS)), is_readable(readable), is_in_scope(scope))
    )


@lru_cache(KEPT_READERS)
def _select_shown(readable: Readable) -> Select[Any]:
    return select_published_chunks().where(
        ChunkRow.id.in_(all_of_parameter(IDS)), is_readable(readable)
    )


@lru_cache(KEPT_READERS)
def _select_twins(readable: Readable) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(ChunkRow.piece_key, ChunkRow.start, ChunkRow.end, ChunkRow.lines),
            *(VersionRow.title, DocumentRow.id, DocumentRow.uri),
        )
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .join(DocumentRow, DocumentRow.published_version_id == VersionRow.id)
        .where(ChunkRow.piece_key.in_(all_of_parameter(IDS)), is_readable(readable))
        .order_by(DocumentRow.uri, ChunkRow.ordinal)
    )


def _others(chunk: StoredChunk, twins: Sequence[Twin]) -> tuple[Twin, ...]:
    """The first in each other document."""
    first: dict[str, Twin] = {}
    for twin in twins:
        if twin.document_id != chunk.document_id:
            first.setdefault(twin.document_id, twin)
    return tuple(first.values())
