"""How fast a search is in a large library, for readers of few groups and of many."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from assistant.errors import NothingToIngestError
from assistant.evaluation.enlarging import BaseDocument, Enlarger
from assistant.evaluation.search_round import Announce, Asked, SearchRound, SizeSpeed
from assistant.knowledge.library import Library
from assistant.models.embedders.base import Embedder
from assistant.retrieval.query import read_question
from assistant.service import open_assistant
from assistant.settings import Settings
from assistant.types import OPERATOR, PublicModel

QUESTION_WORDS = 12
MOST_BASE_CHUNKS = 20_000


class SearchSpeed(PublicModel):
    embedder: str
    base_chunks: int
    groups: int
    questions: int
    sizes: list[SizeSpeed]


def measure_search(
    settings: Settings,
    paths: Sequence[str] = (),
    *,
    sizes: Sequence[int],
    groups: int,
    questions: int = 100,
    keep: Path | None = None,
    announce: Announce = lambda _message: None,
) -> SearchSpeed:
    """Enlarge documents to libraries of the given sizes and search in them.

    Args:
        paths: files and folders to enlarge; by default, the documents of the data directory.
        keep: where the libraries stay, to be used again; by default they are deleted.
    Raises:
        NothingToIngestError: there is no document to enlarge.
    """
    settings = settings.without_generator()
    with tempfile.TemporaryDirectory(prefix="philo-bench-") as scratch:
        if paths:
            announce("reading the files")
            fresh = settings.model_copy(update={"data": Path(scratch) / "base"})
        else:
            fresh = settings
        with open_assistant(fresh) as philo:
            if paths:
                philo.ingestor.ingest(list(paths))
            base = list(base_documents(philo.library))
            if not base:
                raise NothingToIngestError(
                    f"{fresh.data} holds no document to enlarge; name some files or folders: "
                    "philo bench search PATH..."
                )
            embedder = philo.embedder
            asked = _questions(base, embedder, questions, settings)
            measured: list[SizeSpeed] = []
            for size in sorted(sizes):
                round_ = SearchRound(
                    directory=(keep or Path(scratch)) / f"{size}-chunks-{groups}-groups",
                    enlarger=Enlarger(base),
                    embedder=embedder,
                    asked=asked,
                    settings=settings.retrieval,
                    groups=groups,
                    announce=announce,
                )
                measured.append(round_.measure(size, smallest=measured[0] if measured else None))
    return SearchSpeed(
        embedder=embedder.id,
        base_chunks=sum(len(one.texts) for one in base),
        groups=groups,
        questions=len(asked),
        sizes=measured,
    )


def base_documents(library: Library) -> Iterator[BaseDocument]:
    """Those of a library, with their vectors, until there are enough to enlarge."""
    taken = offset = 0
    while taken < MOST_BASE_CHUNKS and (page := library.documents(OPERATOR, offset=offset)):
        for document in page:
            chunks = library.document_chunks(document.id, OPERATOR)
            if chunks:
                vectors = library.embeddings([chunk.piece_key for chunk in chunks])
                yield BaseDocument(
                    document.title,
                    document.language,
                    tuple(chunk.text for chunk in chunks),
                    np.stack([vectors[chunk.piece_key] for chunk in chunks]),
                )
            taken += len(chunks)
        offset += len(page)


def draw_words(texts: Sequence[str], *, seed: int) -> Iterator[str]:
    """Words in a row out of the texts, without end; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    while True:
        words = draw.choice(texts).split()
        start = draw.randrange(max(1, len(words) - QUESTION_WORDS))
        yield " ".join(words[start : start + QUESTION_WORDS])


def _questions(
    base: Sequence[BaseDocument], embedder: Embedder, count: int, settings: Settings
) -> list[Asked]:
    texts = [text for one in base for text in one.texts if any(ch.isalnum() for ch in text)]
    asked: dict[str, Asked] = {}
    for text in islice(draw_words(texts, seed=1), 50 * count):
        if any(ch.isalnum() for ch in text) and text not in asked:
            query = read_question(text, max_chars=settings.answering.max_question_chars)
            asked[text] = Asked(query, embedder.encode_query(query.text))
        if len(asked) == count:
            break
    return list(asked.values())
