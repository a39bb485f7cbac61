"""Question -> passages: both indexes asked under the reader's permissions, then fused."""

from __future__ import annotations

from assistant.knowledge.library import Library, StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.retrieval.crossing import even_out, join_texts
from assistant.retrieval.diversity import spread
from assistant.retrieval.fusion import fuse_scores
from assistant.retrieval.glossary import OTHER, translate_words
from assistant.retrieval.query import Query
from assistant.scope import EVERYTHING, Scope
from assistant.settings import RetrievalSettings
from assistant.types import Passage, Readable, ScoredId


class Searcher:
    """Hybrid search over the published, readable chunks."""

    def __init__(self, library: Library, embedder: Embedder, settings: RetrievalSettings) -> None:
        self._library = library
        self._embedder = embedder
        self._settings = settings

    def search(
        self, query: Query, *, k: int, readable: Readable, scope: Scope = EVERYTHING
    ) -> list[Passage]:
        """At most `k` passages, best first, scores in [0, 1]; empty when nothing is readable.

        What several documents hold is one passage that names the others. No document gives
        more than half of them while others have some.
        """
        wanted = max(k, self._settings.candidates)
        vector = self._embedder.encode_query(query.text)  # (D,)
        dense = self._library.search_dense(vector, k=wanted, readable=readable, scope=scope)
        text = self._library.search_text(
            query.text, k=wanted, readable=readable, language=query.language, scope=scope
        )
        other = self._library.search_text(
            translate_words(query.text, query.language),
            k=wanted,
            readable=readable,
            language=OTHER[query.language],
            scope=scope,
        )
        found = {hit.id: hit for hit in (*dense, *text, *other)}
        foreign = {key for key, hit in found.items() if hit.language == OTHER[query.language]}
        fused = fuse_scores(
            even_out(dense, foreign),
            join_texts(text, other, foreign, k=wanted),
            dense_weight=self._settings.dense_weight,
        )
        best: dict[str, ScoredId] = {}  # the same text is one passage
        for hit in fused:
            best.setdefault(found[hit.id].piece_key, hit)
        ranked = [*best.values()]
        documents = [found[hit.id].document_id for hit in ranked]
        scores = {hit.id: hit.score for hit in spread(ranked, documents, k=k, most=-(-k // 2))}
        chunks = self._library.chunks([*scores], readable)
        shown = [chunks[chunk_id] for chunk_id in scores if chunk_id in chunks]
        return [
            passage_of(chunk, rank=rank, score=scores[chunk.chunk_id])
            for rank, chunk in enumerate(self._library.with_twins(shown, readable), start=1)
        ]


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
    )
