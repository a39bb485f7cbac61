"""A whole assistant without a model that opens in no time, on a database engine of choice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import event

from assistant.assistant import Assistant
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.index_desk import Counterpart
from assistant.knowledge.indexes import IndexRecord, Stores, read_vector_entries
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.opening import open_library
from assistant.knowledge.vectors.base import VectorHome
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.settings import Settings
from assistant.storage_settings import StorageSettings
from assistant.types import Chunk, Draft, Line
from tests.servers.postgres import PostgresServer

TWIN = "Common words that several papers hold letter by letter."


def title_of(uri: str, secret: str) -> str:
    """Two of them have one title: what they have in common is then the same piece."""
    return "Common title" if uri in ("file:///c", "file:///d") else f"Title {secret}"


class SqliteFolder:
    """A data directory with an SQLite file, made once and copied."""

    storage: StorageSettings | None = None

    def __init__(self, template: Path) -> None:
        self._template = template
        open_database(template / "philo.db").close()

    def fresh(self, directory: Path) -> None:
        shutil.copytree(self._template, directory)


class PostgresFolder:
    """A data directory over a database of a server, which is emptied each time."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server = server
        self._name = name
        self.storage = server.storage(name)

    def fresh(self, directory: Path) -> None:
        self._server.empty(self._name)
        directory.mkdir()


def open_in_memory(
    _directory: Path,
    database: Database,
    record: IndexRecord,
    _home: VectorHome,
    _copy_bytes: int | None = None,
) -> Stores:
    """The indexes of a library that do not touch the disk; the library fills them from SQL."""
    vectors = MirroredVectors(
        MemoryVectors(record.dimension),
        ExactVectors(record.dimension),
        partial(read_vector_entries, database),
    )
    return Stores(vectors, TantivyLexicon(), record.id)


class World:
    """An assistant over `directory`, which may end and be opened again."""

    def __init__(self, directory: Path, storage: StorageSettings | None = None) -> None:
        self.directory = directory
        self.storage = storage
        self.embedder = HashingEmbedder(dimension=64)
        self.other = HashingEmbedder(dimension=32)
        self._open()

    @property
    def library(self) -> Library:
        return self.assistant.library

    def _open(self) -> None:
        with self._opening():
            library = open_library(
                self.directory,
                embedder_id=self.embedder.id,
                dimension=self.embedder.dimension,
                storage=self.storage,
            )
        if library.database.engine.name == "sqlite":
            event.listen(library.database.engine, "connect", _in_a_hurry)
            library.database.engine.dispose()
        self.assistant = Assistant(
            settings=Settings(data=self.directory),
            library=library,
            embedder=self.embedder,
            reader=None,
            generator=None,
            open_ingestor=lambda *_: None,  # type: ignore[arg-type,return-value]
            on_close=library.close,
        )

    @contextmanager
    def _opening(self) -> Iterator[None]:
        with (
            patch("assistant.knowledge.opening.open_index", open_in_memory),
            patch("assistant.knowledge.index_desk.open_index", open_in_memory),
        ):
            yield

    def restart(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        self.assistant.close()

    def publication(
        self,
        uri: str,
        secret: str,
        *,
        collection: str,
        groups: frozenset[str] | None,
        hold: str | None = None,
    ) -> Publication:
        """Of a paper with two chunks: its secret, and a text that all papers hold."""
        first = f"The common plan has the code word {secret}."
        chunks = tuple(
            Chunk(ordinal, start, start + len(text), text, (), (Line(start, ordinal + 1),))
            for ordinal, (start, text) in enumerate([(0, first), (len(first) + 1, TWIN)])
        )
        draft = Draft(
            uri=uri,
            title=title_of(uri, secret),
            text=f"{first}\n{TWIN}",
            chunks=chunks,
            content_sha256="0" * 64,
            recipe="test",
            language="en",
            pages=2,
        )
        vectors = self.embedder.encode_passages([one.text for one in chunks])
        return Publication(draft, vectors, collection, groups=groups, hold=hold)

    def build_second(self) -> int:
        """Of another embedder, in step with the documents; its number."""
        desk = self.library.indexes
        if (record := desk.second()) is None:
            with self._opening():
                record = desk.add(
                    embedder=self.other.id,
                    embedder_id=self.other.id,
                    dimension=self.other.dimension,
                    chunk_tokens=100,
                )
        for version in desk.versions(desk.behind()):
            vectors = self.other.encode_passages([one.text for one in version.draft.chunks])
            publication = Publication(replace(version.draft), vectors, version.collection)
            desk.add_counterparts([Counterpart(version.version_id, publication)])
        return record.id

    def switch(self) -> None:
        number = self.build_second()
        self.library.indexes.switch(number)
        self.embedder, self.other = self.other, self.embedder
        self.assistant.use(self.embedder, self.assistant.settings)


def _in_a_hurry(connection: object, _record: object) -> None:
    """What the test proves does not depend on a power cut."""
    connection.execute("PRAGMA synchronous = OFF").close()  # type: ignore[attr-defined]
