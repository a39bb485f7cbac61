"""Question -> passages: both indexes asked under the reader's permissions, then fused."""

from __future__ import annotations

from assistant.knowledge.reading import ReadingRoom
from assistant.knowledge.stored import StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.retrieval.fusion import fuse_scores
from assistant.retrieval.query import Query
from assistant.settings import RetrievalSettings
from assistant.types import Passage, Readable


class Searcher:
    """Hybrid search over the published, readable chunks."""

    def __init__(
        self, library: ReadingRoom, embedder: Embedder, settings: RetrievalSettings
    ) -> None:
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
        chunks = self._library.chunks([hit.id for hit in (*dense, *text)], readable)
        fused = fuse_scores(
            dense,
            text,
            dense_weight=self._settings.dense_weight,
            foreign=[i for i, one in chunks.items() if one.language not in {None, query.language}],
        )
        best: dict[str, tuple[StoredChunk, float]] = {}  # the same text is one passage
        for hit in fused:
            if hit.id in chunks:
                best.setdefault(chunks[hit.id].piece_key, (chunks[hit.id], hit.score))
        found = [*best.values()][:k]
        whole = self._library.with_twins([chunk for chunk, _ in found], readable)
        return [
            passage_of(chunk, rank=rank, score=score)
            for rank, (chunk, (_, score)) in enumerate(zip(whole, found, strict=True), start=1)
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
