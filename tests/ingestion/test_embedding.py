"""Texts of many documents are embedded together: each once, with others of its length."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from assistant.knowledge.packing import piece_key
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.types import Chunk, Draft, Line
from ingestion.drafting import Drafted
from ingestion.embedding import BATCH_TEXTS, EmbeddingDesk

EMBEDDER = HashingEmbedder()


def drafted(*texts: str, title: str = "T") -> Drafted:
    chunks = tuple(Chunk(n, 0, len(t), t, (), (Line(0, 1),)) for n, t in enumerate(texts))
    draft = Draft("u", title, "", chunks, "0" * 64, "r", None, 1)
    return Drafted(
        draft=draft,
        doubt=None,
        told=None,
        attached=(),
        keys=[piece_key(EMBEDDER.id, chunk, title) for chunk in chunks],
        vectors=np.zeros((len(chunks), EMBEDDER.dimension), np.float32),
        missing=set(range(len(chunks))),
    )


class Office:
    """A desk whose batches wait until `work` embeds the oldest of them."""

    def __init__(self, *, ahead: int = 2, known: dict[str, Any] | None = None) -> None:
        self.batches: list[list[str]] = []
        self.waiting: list[tuple[list[str], Future[Any]]] = []
        self.arrived: list[tuple[Any, Any]] = []
        self.complete: list[str] = []
        self.desk: EmbeddingDesk[str] = EmbeddingDesk(
            embed=self.embed,
            ahead=ahead,
            known=lambda keys: {key: known[key] for key in keys if key in (known or {})},
            arrived=lambda keys, future: self.arrived.append((keys, future)),
            complete=self.complete.append,
        )

    def embed(self, texts: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.batches.append(list(texts))
        self.waiting.append((list(texts), future))
        return future

    def work(self) -> None:
        texts, future = self.waiting.pop(0)
        future.set_result(EMBEDDER.encode_passages(texts))
        self.desk.take_in(*self.arrived.pop(0))
        self.desk.send()


def test_batches_are_drawn_across_documents_and_hold_texts_of_like_length() -> None:
    office = Office(ahead=1)
    office.desk.add("first", drafted("a b c"))
    office.desk.send()
    papers = {}
    for number in range(40):
        texts = [f"word{number} " * length for length in range(1, 9)]
        papers[f"paper{number}"] = drafted(*texts)
        office.desk.add(f"paper{number}", papers[f"paper{number}"])
    while office.waiting:
        office.work()
    assert [len(batch) for batch in office.batches] == [1] + [BATCH_TEXTS] * 5
    for batch in office.batches:
        assert max(map(len, batch)) - min(map(len, batch)) < 30
    assert set(office.complete) == {"first", *papers}
    for paper in papers.values():
        texts = [chunk.indexed_text("T") for chunk in paper.draft.chunks]
        assert np.array_equal(paper.vectors, EMBEDDER.encode_passages(texts))


def test_a_batch_that_is_not_full_waits_only_while_another_is_at_work() -> None:
    office = Office(ahead=2)
    office.desk.add("a", drafted("one"))
    office.desk.send()
    office.desk.add("b", drafted("two"))
    office.desk.send()
    assert len(office.batches) == 1
    office.work()
    assert len(office.batches) == 2


def test_the_same_text_is_embedded_once_while_it_is_on_its_way() -> None:
    office = Office()
    first, second = drafted("same", "same", "own"), drafted("same")
    office.desk.add("a", first)
    office.desk.send()
    office.desk.add("b", second)
    office.work()
    assert sum(map(len, office.batches)) == 2
    assert sorted(office.complete) == ["a", "b"]
    assert np.array_equal(first.vectors[0], second.vectors[0])
    assert np.array_equal(first.vectors[1], second.vectors[0])
    office.desk.add("c", drafted("same"))
    assert office.complete[-1] == "c"
    assert not office.waiting


def test_what_the_library_knows_is_not_embedded() -> None:
    paper = drafted("known", "new")
    vector = EMBEDDER.encode_passages(["T\nknown"])[0]
    office = Office(known={paper.keys[0]: vector})
    office.desk.add("a", paper)
    office.desk.send()
    assert office.batches == [["T\nnew"]]
    office.work()
    assert np.array_equal(paper.vectors[0], vector)


def test_a_document_without_text_is_complete_at_once() -> None:
    office = Office()
    office.desk.add("a", drafted())
    assert office.complete == ["a"]


def test_an_embedder_that_fails_is_heard() -> None:
    office = Office()
    office.desk.add("a", drafted("one"))
    office.desk.send()
    office.waiting[0][1].set_exception(RuntimeError("device"))
    with pytest.raises(RuntimeError, match="device"):
        office.desk.take_in(*office.arrived.pop(0))
    assert office.complete == []
