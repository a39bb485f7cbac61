"""A second index for a shelf's library: of other vectors, with one chunk for each word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.knowledge.index_desk import Counterpart
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.opening import open_library

SECOND = "second-embedder"
DIMENSION = 4


def embed_otherwise(*texts: str) -> np.ndarray:
    """(N, 4): another space than the shelf's."""
    rows = [np.eye(DIMENSION, dtype=np.float32)[len(text) % DIMENSION] for text in texts]
    return np.array(rows, dtype=np.float32).reshape(-1, DIMENSION)


def open_first(directory: Path, **options: Any) -> Library:
    return open_library(directory, embedder_id="test-embedder", dimension=8, **options)


def begin(library: Library) -> int:
    return library.indexes.add(
        embedder=SECOND, embedder_id=SECOND, dimension=DIMENSION, chunk_tokens=100
    ).id


def catch_up(library: Library) -> None:
    """What the builder does."""
    desk = library.indexes
    for version in desk.versions(desk.behind()):
        words: list[Any] = []
        for chunk in version.draft.chunks:
            start = chunk.start
            for word in chunk.text.split(" "):
                one = replace(
                    chunk, ordinal=len(words), start=start, end=start + len(word), text=word
                )
                words.append(one)
                start += len(word) + 1
        draft = replace(version.draft, chunks=tuple(words))
        vectors = embed_otherwise(*(chunk.text for chunk in words))
        publication = Publication(draft, vectors, version.collection)
        desk.add_counterparts([Counterpart(version.version_id, publication)])
