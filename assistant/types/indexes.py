"""The index in use and the one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from assistant.types.base import PublicModel

IndexState = Literal["in use", "building", "ready"]


class IndexInfo(PublicModel):
    """One set of chunks and vectors of all documents. A second one is `building` while it lacks
    documents that the one in use has, and `ready` to be switched to when it lacks none.
    `documents` count those in quarantine too, `size_bytes` its texts, vectors and full text."""

    id: int
    state: IndexState
    embedder: str
    embedder_id: str
    dimension: int
    chunk_tokens: int
    documents: int
    documents_total: int
    chunks: int
    size_bytes: int


class IndexProgress(PublicModel):
    """Documents in the second index so far. `seconds_left` is None until known."""

    done: int
    total: int
    seconds_left: float | None = None


class JudgedQuestion(PublicModel):
    """`grades`: id or address of a relevant document -> how relevant it is (> 0); empty where
    nobody has said."""

    text: str
    grades: dict[str, int] = {}


class ComparedQuestion(PublicModel):
    """`overlap` is the share of the ten best documents that both indexes find; the titles are
    of the three best."""

    question: str
    overlap: float
    titles: list[str]
    titles_second: list[str]


class IndexComparison(PublicModel):
    """`ndcg_at_10` is over the `judged` questions, of which the second index answers so many
    `better` and `worse`. `same_first` counts questions with the same best document."""

    index: int
    second: int
    questions: int
    overlap_at_10: float
    same_first: int
    judged: int
    ndcg_at_10: float | None
    ndcg_at_10_second: float | None
    better: int
    worse: int
    median_ms: float
    median_ms_second: float
    most_different: list[ComparedQuestion]


class IndexListener(Protocol):
    def __call__(self, progress: IndexProgress, /) -> None: ...


class IndexKeeper(Protocol):
    """See `assistant.indexes.Indexes`."""

    def all(self) -> list[IndexInfo]: ...

    def build(
        self,
        embedder: str | None = None,
        chunk_tokens: int | None = None,
        listener: IndexListener | None = None,
    ) -> IndexInfo: ...

    def switch(self, index_id: int, listener: IndexListener | None = None) -> IndexInfo: ...

    def drop(self, index_id: int) -> None: ...

    def compare(
        self, questions: Sequence[JudgedQuestion], listener: IndexListener | None = None
    ) -> IndexComparison: ...
