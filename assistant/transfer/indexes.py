"""The indexes of an installation made anew elsewhere, from its database, and held against it."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import KnowledgeError, MigrationError
from assistant.knowledge.database import Database
from assistant.knowledge.indexes import IndexRecord, open_lexicon
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.stored import IndexedChunk
from assistant.knowledge.upkeep import published_chunks, read_portions
from assistant.knowledge.vectors.base import VectorEntry, VectorHome, VectorIndex
from assistant.types import OPERATOR

SEARCHES = 50
"""Chunks that are looked for by their own vector, and by words of their own."""
LEAST_AGREEING = 0.9
"""Share of them that is to be found: a graph of neighbours is approximate, and of two chunks that
have nearly the same words, the other one may come first. By their vectors, an exact store finds
all of them."""
TOLERANCE = 1e-3
"""Of a cosine similarity."""
WORDS = re.compile(r"[^\W\d_]{5,}")
LEAST_WORDS, MOST_WORDS = 3, 8
DEPTH = 50


@dataclass(frozen=True, slots=True)
class Filled:
    """How many of `searches` agreed."""

    chunks: int
    searches: int
    agreeing: int


def fill_index(
    source: Database,
    record: IndexRecord,
    folder: Path,
    *,
    former: VectorHome,
    vectors: VectorHome | None,
    full_text: Database | None,
    may_empty: bool,
    opened: ExitStack,
    undo: list[Callable[[], object]],
    tell: Callable[[int, int], None],
) -> Filled:
    """Make an index anew from the embeddings and texts of `source`, and compare.

    Args:
        folder: the index's own.
        former: where the vectors lie.
        vectors: where they go; None: they stay.
        full_text: the database whose full text it is; None: it stays.
        may_empty: where vectors of other documents lie there.
        opened: closes what is opened.
        undo: takes what empties again what was written.
        tell: told how many chunks of how many are done.
    Raises:
        MigrationError: there are vectors of another installation, they lie there already, or what
            was written is not what is found there.
        StoreUnavailableError: a server is away.
    """
    ids = sorted(published_chunks(source, second=not record.in_use))
    sample = _sample(source, ids)
    store: VectorIndex | None = None
    lexicon: Lexicon | None = None
    if vectors is not None:
        store = _open(vectors, record, folder)
        opened.callback(store.close)
        if not may_empty:
            _require_ours(store, ids)
        if vectors.shared and former.shared:
            _require_other(_open(former, record, folder), store, record.dimension)
        undo.append(store.clear)
        store.clear()
    if full_text is not None:
        lexicon = open_lexicon(folder, full_text, record.id)
        opened.callback(lexicon.close)
        undo.append(lexicon.clear)
        lexicon.clear()
    best = np.full(len(sample), -1.0, dtype=np.float32)
    queries = np.array([chunk.vector for chunk in sample])  # (Q, D)
    done = 0
    for chunks in read_portions(source, ids):
        if store is not None:
            store.add([chunk.vector_entry() for chunk in chunks])
        if lexicon is not None:
            lexicon.add([chunk.lexicon_entry() for chunk in chunks])
        scores = np.array([chunk.vector for chunk in chunks]) @ queries.T  # (N, Q)
        best = np.maximum(best, scores.max(axis=0))
        done += len(chunks)
        tell(done, len(ids))
    searches = agreeing = 0
    if store is not None:
        _require_same("vectors", record, store.ids(), ids)
        agreed = [
            _finds_best(store, chunk, float(score))
            for chunk, score in zip(sample, best, strict=True)
        ]
        least = LEAST_AGREEING if vectors is not None and vectors.approximate else 1.0
        _require_agreeing("vectors", record, agreed, least)
        searches, agreeing = len(agreed), sum(agreed)
    if lexicon is not None:
        _require_same("texts", record, lexicon.ids(), ids)
        asked = [chunk for chunk in sample if len(_words_of(chunk)) >= LEAST_WORDS]
        agreed = [_finds_text(source, lexicon, chunk) for chunk in asked]
        _require_agreeing("texts", record, agreed, LEAST_AGREEING)
        searches, agreeing = searches + len(agreed), agreeing + sum(agreed)
    return Filled(len(ids), searches, agreeing)


def require_no_others(vectors: VectorHome, records: Sequence[IndexRecord]) -> None:
    """The next start deletes there whatever is of no index of this installation.

    Raises:
        MigrationError: something is.
        StoreUnavailableError: the server is away.
    """
    numbers = {record.id for record in records}
    for number, count in sorted(vectors.counts().items()):
        if number not in numbers and count:
            raise MigrationError(
                f"where the vectors are to go, {count} of an index {number} lie already, which is "
                "not of this installation; name another [storage.chroma] collection or "
                "[storage.pgvector] tables for this one, or delete those"
            )


def _open(vectors: VectorHome, record: IndexRecord, folder: Path) -> VectorIndex:
    return vectors.open(
        folder, number=record.id, embedder_id=record.embedder_id, dimension=record.dimension
    )


def _sample(source: Database, ids: Sequence[str]) -> list[IndexedChunk]:
    wanted = ids[:: max(1, len(ids) // SEARCHES)][:SEARCHES]
    return [chunk for portion in read_portions(source, wanted) for chunk in portion]


def _require_ours(store: VectorIndex, ids: Sequence[str]) -> None:
    held = store.ids()
    if held and held.isdisjoint(ids):
        raise MigrationError(
            f"where the vectors are to go, {len(held)} of another installation lie already; name "
            "another [storage.chroma] collection or [storage.pgvector] tables for this one, or "
            "delete those"
        )


def _require_other(former: VectorIndex, store: VectorIndex, dimension: int) -> None:
    """A server may have two names: what is put into the one store must not be seen in the other,
    which is in use and would be emptied."""
    vector = np.eye(1, dimension, dtype=np.float32)[0]
    probe = VectorEntry(f"probe-{secrets.token_hex(8)}", vector, "", "", frozenset())
    store.add([probe])
    try:
        with contextlib.suppress(KnowledgeError):  # away or of another embedder: another one
            former.count()  # makes nothing there
            if probe.chunk_id in former.ids():
                raise MigrationError(
                    "the vectors lie there already: the settings name the same server by another "
                    "name. Change the name in philo.toml, nothing has to be moved"
                )
    finally:
        store.remove([probe.chunk_id])
        former.close()


def _require_same(what: str, record: IndexRecord, held: set[str], ids: Sequence[str]) -> None:
    wanted = set(ids)
    if held != wanted:
        raise MigrationError(
            f"index {record.id} has {len(wanted - held)} {what} too few and {len(held - wanted)} "
            "too many after it was filled: somebody else writes there. Nothing was moved; end "
            "that one, and run the command again"
        )


def _require_agreeing(what: str, record: IndexRecord, agreed: Sequence[bool], least: float) -> None:
    if sum(agreed) < least * len(agreed):
        raise MigrationError(
            f"of {len(agreed)} searches among the {what} of the new index {record.id}, "
            f"{len(agreed) - sum(agreed)} did not find what the database has; look at the log of "
            "the server that it lies on, and run the command again"
        )


def _finds_best(store: VectorIndex, chunk: IndexedChunk, best: float) -> bool:
    """Nothing in the database is nearer to the chunk than what is found."""
    found = store.search(chunk.vector, k=1, readable=OPERATOR)
    return bool(found) and abs(found[0].score - best) < TOLERANCE


def _finds_text(source: Database, lexicon: Lexicon, chunk: IndexedChunk) -> bool:
    """In its document, a chunk is found by its words; or others that have them all, as the pages
    of a log or a form do."""
    words = _words_of(chunk)
    hits = lexicon.search(
        " ".join(words),
        k=DEPTH,
        readable=OPERATOR,
        language="fr",
        documents=[chunk.document_id],
    )
    found = [one.id for one in hits]
    if chunk.chunk_id in found:
        return True
    # One after the other: the first has them, as a rule.
    others = (other for one in found for [other] in read_portions(source, [one]))
    return any(set(words) <= set(WORDS.findall(other.text)) for other in others)


def _words_of(chunk: IndexedChunk) -> list[str]:
    return list(dict.fromkeys(WORDS.findall(chunk.text)))[:MOST_WORDS]
