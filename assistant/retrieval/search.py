"""Question -> passages: both indexes asked under the reader's permissions, then fused."""

from __future__ import annotations

from itertools import islice

from assistant.knowledge.library import Library, StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.retrieval.fusion import fuse_scores
from assistant.retrieval.query import Query
from assistant.settings import RetrievalSettings
from assistant.types import Passage, Readable, ScoredId


class Searcher:
    """Hybrid search over the published, readable chunks."""

    def __init__(self, library: Library, embedder: Embedder, settings: RetrievalSettings) -> None:
        self._library = library
        self._embedder = embedder
        self._settings = settings

    def search(self, query: Query, *, k: int, readable: Readable) -> list[Passage]:
        """At most `k` passages, best first, scores in [0, 1]; empty when nothing is readable.

        What several documents hold is one passage that names the others.
        """
        wanted = max(k, self._settings.candidates)
        vector = self._embedder.encode_query(query.text)  # (D,)
        dense = self._library.search_dense(vector, k=wanted, readable=readable)
        text = self._library.search_text(
            query.text, k=wanted, readable=readable, language=query.language
        )
        found = {hit.id: hit for hit in (*dense, *text)}
        fused = fuse_scores(
            dense,
            text,
            dense_weight=self._settings.dense_weight,
            foreign=[i for i, one in found.items() if one.language not in {None, query.language}],
        )
        best: dict[str, ScoredId] = {}  # the same text is one passage
        for hit in fused:
            best.setdefault(found[hit.id].piece_key, hit)
        scores = {hit.id: hit.score for hit in islice(best.values(), k)}
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
