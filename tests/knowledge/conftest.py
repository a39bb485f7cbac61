"""A shelf to test with: a library over the real indexes, or over those in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.knowledge.database import open_database
from assistant.knowledge.indexes import read_vector_entries
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.lexicon.postgres import PostgresLexicon
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.vectors.chroma import ChromaVectors
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, Chunk, DateBasis, Draft, Language, Line, Readable

EMBEDDER = "test-embedder"
DIMENSION = 8


def embed(*texts: str) -> NDArray[np.float32]:
    """(N, D): the same text always gives the same unit vector."""
    seeds = [list(hashlib.sha256(text.encode()).digest()) for text in texts]
    rows = [np.random.default_rng(seed).standard_normal(DIMENSION) for seed in seeds]
    vectors = np.array(rows, dtype=np.float32).reshape(-1, DIMENSION)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def build_draft(
    uri: str,
    *texts: str,
    title: str = "",
    language: Language | None = "fr",
    heading: tuple[str, ...] = (),
    table_header: str = "",
    author: str = "",
    date: str = "",
    date_basis: DateBasis = "",
) -> Draft:
    """A document with one chunk a text, each on a page of its own."""
    chunks: list[Chunk] = []
    start = 0
    for ordinal, text in enumerate(texts):
        lines = (
            Line(start, ordinal + 1, (10.0, 20.5, 300.25, 32.0)),
            Line(start + len(text) // 2, ordinal + 1),
        )
        end = start + len(text)
        chunks.append(Chunk(ordinal, start, end, text, heading, lines, table_header))
        start = end + 1
    return Draft(
        uri=uri,
        title=title or uri,
        text="\n".join(texts),
        chunks=tuple(chunks),
        content_sha256=f"{len(texts):064d}",
        recipe="test-1",
        language=language,
        pages=max(1, len(texts)),
        empty_pages=(7,),
        author=author,
        date=date,
        date_basis=date_basis,
        media_type="text/plain",
        size_bytes=start,
    )


class Shelf:
    """A library on which documents are put and looked for in one line."""

    draft = staticmethod(build_draft)
    embed = staticmethod(embed)

    def __init__(
        self,
        directory: Path,
        *,
        in_memory: bool = False,
        storage: StorageSettings | None = None,
        failpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self.directory = directory
        self.database = open_database(directory / "philo.db", storage)
        store = (
            MemoryVectors(DIMENSION)
            if in_memory
            else ChromaVectors(directory / "vectors", embedder_id=EMBEDDER, dimension=DIMENSION)
        )
        read = partial(read_vector_entries, self.database)
        self.vectors = MirroredVectors(store, ExactVectors(DIMENSION), read)
        self.lexicon: Lexicon
        if isinstance(self.database, PostgresDatabase):
            self.lexicon = PostgresLexicon(self.database, number=1)
        else:
            self.lexicon = TantivyLexicon(None if in_memory else directory / "lexicon")
        self.library = Library(
            self.database, self.vectors, self.lexicon, embedder_id=EMBEDDER, failpoint=failpoint
        )

    def publication(
        self,
        uri: str,
        *texts: str,
        groups: tuple[str, ...] = ("everyone",),
        collection: str = "default",
        source: str | None = None,
        original: str | None = None,
        job_id: str | None = None,
        worker: str = "w",
        hold: str | None = None,
        **fields: Any,
    ) -> Publication:
        """Of a document with one chunk a text."""
        return Publication(
            self.draft(uri, *texts, **fields),
            embed(*texts),
            collection,
            groups=frozenset(groups),
            source=source,
            original=original,
            job_id=job_id,
            worker=worker,
            hold=hold,
        )

    def put(self, uri: str, *texts: str, collection: str = "default", **options: Any) -> str:
        """Publish a document with one chunk a text; its id."""
        self.library.publish_all([self.publication(uri, *texts, collection=collection, **options)])
        return self.id_of(uri, collection)

    def hold(self, uri: str, *texts: str, reason: str = "read badly", **fields: Any) -> str:
        """Put a document into quarantine; its id."""
        return self.put(uri, *texts, hold=reason, **fields)

    def id_of(self, uri: str, collection: str = "default") -> str:
        return self.library.known([uri], collection)[uri].document_id

    def count(self, table: str) -> int:
        with self.database.engine.connect() as connection:
            return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()  # noqa: S608

    def near(self, text: str, readable: Readable = OPERATOR, *, k: int = 50) -> list[str]:
        """Texts that the vector index gives for a text, best first."""
        hits = self.library.search_dense(embed(text)[0], k=k, readable=readable)
        return self._texts([hit.id for hit in hits], readable)

    def matching(self, query: str, readable: Readable = OPERATOR, *, k: int = 50) -> list[str]:
        """Texts that the full-text index gives for French words, best first."""
        hits = self.library.search_text(query, k=k, readable=readable, language="fr")
        return self._texts([hit.id for hit in hits], readable)

    def is_in_step(self) -> bool:
        """Whether both indexes hold the published chunks and no others, and SQL no remainder."""
        documents = self.library.documents(OPERATOR, limit=1000)
        published = {
            chunk.chunk_id
            for document in documents
            for chunk in self.library.document_chunks(document.id, OPERATOR)
        }
        with self.database.engine.connect() as connection:
            counts = [
                connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()  # noqa: S608
                for table in ("documents", "versions", "chunks")
            ]
            used, pieces = (
                set(connection.exec_driver_sql(f"SELECT {column} FROM {table}").scalars())  # noqa: S608
                for column, table in (("piece_key", "chunks"), ("key", "pieces"))
            )
        return (
            self.vectors.ids() == self.lexicon.ids() == published
            and counts == [len(documents), len(documents), len(published)]
            and used == pieces
        )

    def close(self) -> None:
        self.library.close()

    def _texts(self, chunk_ids: list[str], readable: Readable) -> list[str]:
        chunks = self.library.chunks(chunk_ids, readable)
        return [chunks[chunk_id].text for chunk_id in chunk_ids]


@pytest.fixture(params=["real", "memory", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    storage = None
    if request.param == "postgresql":
        storage = request.getfixturevalue("postgres_storage")
    opened = Shelf(tmp_path, in_memory=request.param != "real", storage=storage)
    yield opened
    opened.close()


@pytest.fixture
def open_shelf() -> Iterator[Callable[..., Shelf]]:
    """Opens shelves on the real indexes; they are closed when the test ends."""
    opened: list[Shelf] = []

    def open_one(directory: Path, **options: Any) -> Shelf:
        opened.append(Shelf(directory, **options))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
