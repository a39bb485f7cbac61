"""Nearest neighbours in PostgreSQL with pgvector, which several processes share.

Each index is a table in a schema of its own, beside the tables of the truth or in another database.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from assistant.errors import (
    DataDirectoryError,
    IndexMismatchError,
    SettingsError,
    StoreUnavailableError,
    VectorsLostError,
)
from assistant.knowledge.postgres import APART, PostgresDatabase, code_of
from assistant.knowledge.renewal import Alone, Fill
from assistant.knowledge.vectors.base import Vector, VectorEntry, require_dimension
from assistant.storage_settings import StorageSettings
from assistant.types import Readable, ScoredId

ROWS_A_CALL = 1_000
MOST_INLINE = 1_900
"""Components of a vector that fits into a page with the rest of its row."""
LOOKED_AT = 200
"""Neighbours that a search of the graph keeps in sight (hnsw.ef_search)."""
UNDEFINED = ("42P01", "3F000", "42704")
"""A table, a schema or a type."""
FRESH = "_fresh"


class PgVectorHome:
    """A PostgreSQL database with pgvector. Nothing is asked of it before it is used, so that one
    that is away stops nobody.

    Raises:
        SettingsError: no database is named.
    """

    shared = True

    def __init__(self, directory: Path, storage: StorageSettings) -> None:
        address = storage.pgvector.database or storage.database
        if address is None:
            raise SettingsError(
                "vectors = 'pgvector' needs a PostgreSQL database; name one in [storage] database, "
                "or in [storage.pgvector] database"
            )
        own = {"database": address, "database_connections": storage.pgvector.connections}
        self._storage = storage.model_copy(update=own)
        self.schema = storage.pgvector.tables
        self.by_graph = storage.pgvector.search == "graph"
        self._directory = directory
        self._database: PostgresDatabase | None = None
        self._opening = threading.Lock()

    @property
    def database(self) -> PostgresDatabase:
        """
        Raises:
            StoreUnavailableError: it is away, or has no pgvector.
        """
        with self._opening:
            if self._database is None:
                database = PostgresDatabase(self._directory, self._storage)
                try:
                    self.prepare(database)
                except BaseException:
                    database.close()
                    raise
                self._database = database
            return self._database

    def open(self, folder: Path, *, number: int, embedder_id: str, dimension: int) -> PgVectors:
        del folder
        return PgVectors(self, number, embedder_id=embedder_id, dimension=dimension)

    @property
    def approximate(self) -> bool:
        return self.by_graph

    def counts(self) -> dict[int, int]:
        own = re.compile(r"vectors_(\d+)")
        found: dict[int, int] = {}
        with self.database.reading() as session:
            names = session.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"),
                {"schema": self.schema},
            ).all()
            for named in filter(None, map(own.fullmatch, names)):
                count = text(f'SELECT count(*) FROM "{self.schema}"."{named[0]}"')  # noqa: S608
                found[int(named[1])] = session.scalar(count) or 0
        return found

    def keep_only(self, numbers: Collection[int]) -> None:
        kept = {f"vectors_{number}{more}" for number in numbers for more in ("", FRESH)}
        with self.database.writing() as session:
            found = session.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"),
                {"schema": self.schema},
            )
            for name in [one for one in found if one.startswith("vectors_") and one not in kept]:
                session.execute(text(f'DROP TABLE "{self.schema}"."{name}"'))

    def check(self) -> str:
        asked = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        with self.database.reading() as session:
            return f"pgvector {session.scalar(text(asked))} in {self.database.label}"

    def close(self) -> None:
        with self._opening:
            if self._database is not None:
                self._database.close()
                self._database = None

    def prepare(self, database: PostgresDatabase) -> None:
        """Make what all tables need, where it is missing.

        Raises:
            StoreUnavailableError: Philo's user may not.
        """
        try:
            with database.writing() as session:
                there = "SELECT count(*) FROM pg_extension WHERE extname = 'vector'"
                if not session.scalar(text(there)):
                    session.execute(text("CREATE EXTENSION vector"))
                session.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"'))
        except (DBAPIError, DataDirectoryError) as exc:
            raise StoreUnavailableError(
                f"{database.label} has no pgvector and does not let Philo make it ({exc}); "
                "let an administrator run: CREATE EXTENSION vector"
            ) from exc


class PgVectors:
    """One table.

    Exact by default: each row that the reader may see is looked at. By the graph (HNSW), neighbours
    are approximate, and where too few of them may be seen, the rows are looked at after all.

    Raises, from whatever is asked of it:
        StoreUnavailableError: the server is away.
        VectorsLostError: it has lost the table.
        IndexMismatchError: the table holds vectors of another embedder.
    """

    def __init__(
        self, home: PgVectorHome, number: int, *, embedder_id: str, dimension: int
    ) -> None:
        self._home = home
        self._name = f"vectors_{number}"
        self._embedder_id = embedder_id
        self.dimension = dimension
        self._met = False
        self._meeting = threading.Lock()

    def add(self, entries: Sequence[VectorEntry]) -> None:
        for entry in entries:
            require_dimension(entry.vector, self.dimension)
        self._meet()
        self._insert(self._table, entries)

    def _insert(self, table: str, entries: Sequence[VectorEntry]) -> None:
        newest = list({entry.chunk_id: entry for entry in entries}.values())
        for first in range(0, len(newest), ROWS_A_CALL):
            batch = newest[first : first + ROWS_A_CALL]
            values = {
                "ids": [one.chunk_id for one in batch],
                "documents": [one.document_id for one in batch],
                "collections": [one.collection for one in batch],
                "groups": [json.dumps(sorted(one.groups)) for one in batch],
                "vectors": [_written(one.vector) for one in batch],
            }
            with self._changing() as connection:
                connection.execute(
                    text(
                        f"INSERT INTO {table} "  # noqa: S608 - its name is checked by the settings
                        "SELECT id, document, collection, "
                        "ARRAY(SELECT json_array_elements_text(CAST(keys AS json))), "
                        "CAST(embedding AS vector) FROM unnest(CAST(:ids AS text[]), "
                        "CAST(:documents AS text[]), CAST(:collections AS text[]), "
                        "CAST(:groups AS text[]), CAST(:vectors AS text[])) "
                        "AS given (id, document, collection, keys, embedding) "
                        "ON CONFLICT (id) DO UPDATE SET document = excluded.document, "
                        "collection = excluded.collection, groups = excluded.groups, "
                        "embedding = excluded.embedding"
                    ),
                    values,
                )

    def remove(self, chunk_ids: Sequence[str]) -> None:
        self._meet()
        for first in range(0, len(chunk_ids), ROWS_A_CALL):
            some = list(chunk_ids[first : first + ROWS_A_CALL])
            with self._changing() as connection:
                connection.execute(
                    text(f"DELETE FROM {self._table} WHERE id = ANY(CAST(:ids AS text[]))"),  # noqa: S608
                    {"ids": some},
                )

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        require_dimension(vector, self.dimension)
        if k < 1 or not (readable.everything or readable.keys):
            return []
        if documents is not None and not documents:
            return []
        self._meet()
        conditions, values = _conditions(readable, documents)
        values |= {"vector": _written(vector), "k": k}
        query = text(
            f"SELECT id, 1 - (embedding <=> CAST(:vector AS vector)) FROM {self._table} "  # noqa: S608
            f"WHERE {' AND '.join(conditions) or 'true'} "
            "ORDER BY embedding <=> CAST(:vector AS vector) LIMIT :k"
        )
        with self._reading() as connection:
            if self._home.by_graph:
                connection.execute(
                    text(f"SET LOCAL hnsw.ef_search = {max(LOOKED_AT, min(k, 1000))}")
                )
                connection.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))
            rows = connection.execute(query, values).all()
            if self._home.by_graph and len(rows) < k:
                connection.execute(text("SET LOCAL enable_indexscan = off"))
                rows = connection.execute(query, values).all()
        return [ScoredId(id=chunk_id, score=float(score)) for chunk_id, score in rows]

    def ids(self) -> set[str]:
        self._meet()
        with self._reading() as connection:
            return set(connection.scalars(text(f"SELECT id FROM {self._table}")))  # noqa: S608

    def count(self) -> int:
        with self._reading() as connection:
            place = {"table": self._table}
            held = connection.scalar(text("SELECT obj_description(to_regclass(:table))"), place)
            if held != self._embedder_id and (held is None or self._is_empty(connection)):
                raise self._lost()
            if held != self._embedder_id:
                raise self._mismatch(held)
            self._met = True
            return connection.scalar(text(f"SELECT count(*) FROM {self._table}")) or 0  # noqa: S608

    def clear(self) -> None:
        with self._home.database.writing() as session:
            session.execute(text(f"DROP TABLE IF EXISTS {self._table}"))
            self._make(session.connection(), self._name)
        self._met = True

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        fresh = f'"{self._home.schema}"."{self._name}{FRESH}"'
        self._home.prepare(self._home.database)
        with self._home.database.writing() as session:
            session.execute(text(f"DROP TABLE IF EXISTS {fresh}"))
            self._make(session.connection(), self._name + FRESH)
        fill(lambda entries: self._insert(fresh, entries))
        with alone(), self._home.database.writing() as session:
            session.execute(text(f"DROP TABLE IF EXISTS {self._table}"))
            session.execute(text(f'ALTER TABLE {fresh} RENAME TO "{self._name}"'))
        self._met = True

    def close(self) -> None:
        """The connections are the home's."""

    @property
    def _table(self) -> str:
        return f'"{self._home.schema}"."{self._name}"'

    def _meet(self) -> None:
        """Make the table, once in this process's life: one that is lost later is missed."""
        if self._met:
            return
        with self._meeting, self._home.database.writing() as session:
            place = {"table": self._table}
            held = session.scalar(text("SELECT obj_description(to_regclass(:table))"), place)
            if held is not None and held != self._embedder_id:
                if not self._is_empty(session.connection()):
                    raise self._mismatch(held)
                session.execute(text(f"DROP TABLE {self._table}"))
                held = None
            if held is None:
                self._make(session.connection(), self._name)
            self._met = True

    def _is_empty(self, connection: Connection) -> bool:
        return not connection.scalar(text(f"SELECT EXISTS (SELECT FROM {self._table})"))  # noqa: S608

    def _mismatch(self, held: str) -> IndexMismatchError:
        return IndexMismatchError(
            f"{self._table} in {self._home.database.label} holds vectors of the embedder {held!r}, "
            f"not of {self._embedder_id!r}; drop that table, it is filled again"
        )

    def _lost(self) -> VectorsLostError:
        return VectorsLostError(
            f"{self._home.database.label} has no table {self._table} any more; it is being filled "
            "again from the database, try again in a minute"
        )

    def _make(self, connection: Connection, name: str) -> None:
        table = f'"{self._home.schema}"."{name}"'
        connection.execute(
            text(
                f"CREATE TABLE {table} (id text PRIMARY KEY, document text NOT NULL, "
                f"collection text NOT NULL, groups text[] NOT NULL, "
                f"embedding vector({self.dimension}) NOT NULL)"
            )
        )
        if self.dimension <= MOST_INLINE:
            connection.execute(text(f"ALTER TABLE {table} ALTER embedding SET STORAGE PLAIN"))
        if self._home.by_graph:
            connection.execute(
                text(f"CREATE INDEX ON {table} USING hnsw (embedding vector_cosine_ops)")
            )
        named = self._embedder_id.replace("'", "''").replace(":", r"\:")
        connection.execute(text(f"COMMENT ON TABLE {table} IS '{named}'"))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._translated(), self._home.database.reading() as session:
            yield session.connection()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction that the writers of the truth need not wait for."""
        database = self._home.database
        with (
            self._translated(),
            database.translating(),
            database.engine.connect() as connection,
            connection.execution_options(**{APART: True}),
            connection.begin(),
        ):
            yield connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as exc:
            if code_of(exc) not in UNDEFINED:
                raise
            raise self._lost() from exc


def _conditions(
    readable: Readable, documents: Collection[str] | None
) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if not readable.everything:
        conditions.append("groups && CAST(:keys AS text[])")
        values["keys"] = _storable(readable.keys)
    if readable.collection is not None:
        conditions.append("collection = :collection")
        values["collection"] = readable.collection
    if documents is not None:
        conditions.append("document = ANY(CAST(:documents AS text[]))")
        values["documents"] = _storable(documents)
    return conditions, values


def _storable(names: Collection[str]) -> list[str]:
    """PostgreSQL keeps no NUL, so nothing is called like that."""
    return sorted(name for name in names if "\0" not in name)


def _written(vector: Vector) -> str:
    return json.dumps(vector.tolist(), separators=(",", ":"))
