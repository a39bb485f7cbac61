"""Question -> passages: both indexes asked under the reader's permissions, then fused."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np

from assistant.computing import Computing
from assistant.knowledge.search_room import SearchRoom
from assistant.knowledge.stored import StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.models.rerankers.base import Reranker
from assistant.observing.trail import step
from assistant.retrieval.crossing import even_out, join_texts
from assistant.retrieval.diversity import spread
from assistant.retrieval.fusion import fuse_scores, spread_of
from assistant.retrieval.glossary import OTHER, translate_words
from assistant.retrieval.query import Query
from assistant.retrieval.settings import RetrievalSettings
from assistant.scope import EVERYTHING, Scope
from assistant.types import Flag, Passage, Readable, ScoredId


class Searcher:
    """Hybrid search over the published, readable chunks."""

    def __init__(
        self,
        library: SearchRoom,
        embedder: Embedder,
        settings: RetrievalSettings,
        *,
        reranker: Reranker | None = None,
        computing: Computing | None = None,
        leaves_out: Flag | None = None,
    ) -> None:
        """
        Args:
            computing: one of its places is held while nothing is waited for.
            leaves_out: passages with this flag are not found.
        """
        self._leaves_out = leaves_out
        self._computing = computing
        self._reranker = reranker
        self._library = library
        self._embedder = embedder
        self._settings = settings

    def search(
        self, query: Query, *, k: int, readable: Readable, scope: Scope = EVERYTHING
    ) -> list[Passage]:
        """At most `k` passages, best first, scores in [0, 1]; empty when nothing is readable.

        What several documents hold is one passage that names the others. No document gives
        more than half of them while others have some about as good.
        """
        with nullcontext() if self._computing is None else self._computing.place():
            return self._search(query, k, readable, scope)

    def _search(self, query: Query, k: int, readable: Readable, scope: Scope) -> list[Passage]:
        wanted = max(k, self._settings.candidates)
        with step("embed"):
            vector = self._embedder.encode_query(query.text)  # (D,)
        foreign_language = OTHER[query.language]
        dense, (text, other) = self._library.search_both(
            vector,
            [
                (query.text, query.language),
                (translate_words(query.text, query.language), foreign_language),
            ],
            k=wanted,
            readable=readable,
            scope=scope,
        )
        with step("fuse"):
            found = {hit.id: hit for hit in (*dense, *text, *other)}
            foreign = {key for key, hit in found.items() if hit.language == foreign_language}
            fused = fuse_scores(
                even_out(dense, foreign),
                join_texts(text, other, foreign, k=wanted),
                dense_weight=self._settings.dense_weight,
                dense_spread=spread_of(self._embedder.id),
            )
            best: dict[str, ScoredId] = {}  # the same text is one passage
            for hit in fused:
                best.setdefault(found[hit.id].piece_key, hit)
        ranked = self._reread(query, [*best.values()], readable)
        if self._leaves_out is not None:
            ranked = self._without_flagged(ranked, readable)
        documents = [found[hit.id].document_id for hit in ranked]
        scores = {hit.id: hit.score for hit in spread(ranked, documents, k=k, most=-(-k // 2))}
        with step("read"):
            chunks = self._library.chunks([*scores], readable)
            shown = [chunks[chunk_id] for chunk_id in scores if chunk_id in chunks]
            twins = self._library.with_twins(shown, readable)
        return [
            passage_of(chunk, rank=rank, score=scores[chunk.chunk_id])
            for rank, chunk in enumerate(twins, start=1)
        ]

    def _without_flagged(self, ranked: list[ScoredId], readable: Readable) -> list[ScoredId]:
        chunks = self._library.chunks([hit.id for hit in ranked], readable)
        return [
            hit
            for hit in ranked
            if hit.id in chunks and self._leaves_out not in chunks[hit.id].flags
        ]

    def _reread(self, query: Query, ranked: list[ScoredId], readable: Readable) -> list[ScoredId]:
        """The best ones in the order of the reranker. The scores stay with their ranks: what
        a reranker gives is comparable within one question only."""
        if self._reranker is None:
            return ranked
        chunks = self._library.chunks(
            [hit.id for hit in ranked[: self._settings.reranked]], readable
        )
        read = [hit for hit in ranked[: self._settings.reranked] if hit.id in chunks]
        texts = [
            "\n".join(part for part in (one.title, *one.heading, one.text) if part)
            for one in (chunks[hit.id] for hit in read)
        ]
        with step("rerank"):
            order = np.argsort(-self._reranker.score(query.text, texts), kind="stable")
        reread = [ScoredId(read[n].id, hit.score) for n, hit in zip(order, read, strict=True)]
        return [*reread, *ranked[self._settings.reranked :]]


def passage_of(chunk: StoredChunk, *, rank: int, score: float) -> Passage:
    return Passage(
        rank=rank,
        score=round(score, 6),
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        uri=chunk.uri,
        title=chunk.title,
        page=chunk.page,
        pages=chunk.pages,
        heading=list(chunk.heading),
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        places=chunk.places(),
        flags=list(chunk.flags),
    )
