"""Opens the knowledge in a data directory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from assistant.errors import DataDirectoryBusyError, DataDirectoryError
from assistant.knowledge.database import open_database
from assistant.knowledge.index_desk import open_index
from assistant.knowledge.indexes import (
    DATABASE,
    Stores,
    index_in_use,
    load_indexes,
    note_index_in_use,
    remove_unnamed,
)
from assistant.knowledge.library import Library, check_embedder
from assistant.knowledge.vectors.base import VectorHome
from assistant.knowledge.vectors.chroma import EmbeddedVectors
from assistant.storage_settings import StorageSettings


def open_library(
    directory: Path,
    *,
    embedder_id: str,
    dimension: int,
    embedder: str | None = None,
    chunk_tokens: int = 220,
    home: VectorHome | None = None,
    storage: StorageSettings | None = None,
    failpoint: Callable[[str], None] = lambda _step: None,
) -> Library:
    """Open the knowledge in a data directory and put right what a crash has left.

    Args:
        embedder_id: names the vector space of everything in it.
        dimension: of its vectors.
        embedder: what the settings call it; else the name in its id.
        chunk_tokens: what the chunks of a directory without documents will aim at.
        home: where vectors lie; by default, in the data directory. Closed with the library.
        storage: names the database, which by default lies in the data directory, and says how
            much memory the copy of the vectors may take.
        failpoint: see `Library`.
    Raises:
        IndexMismatchError: the documents in it were embedded by another embedder.
        StoreUnavailableError: a server is away.
        DataDirectoryBusyError: another process uses the database, and vectors are not on a server.
        DataDirectoryError: the directory is damaged, of a newer Philo, full or not writable.
    """
    home = home or EmbeddedVectors()
    copy_bytes = None if storage is None else storage.copy_bytes
    with contextlib.ExitStack() as opened:
        opened.callback(home.close)
        database = open_database(directory / DATABASE, storage)
        opened.callback(database.close)
        if not (storage is not None and storage.is_shared) and not database.own():
            raise DataDirectoryBusyError(
                f"another process works on {database.label} with its vectors in a data directory; "
                "end it, or let [storage] vectors name a server that both can use"
            )
        check_embedder(database, embedder_id)
        with database.writing() as session:
            note_index_in_use(
                session,
                embedder=embedder or embedder_id.partition("@")[0],
                embedder_id=embedder_id,
                dimension=dimension,
                chunk_tokens=chunk_tokens,
            )
        with database.turn("knowledge"):  # another process makes an index in it
            with database.reading() as session:
                records = load_indexes(session)
            remove_unnamed(directory, database, records)
            home.keep_only([record.id for record in records])
        stores: list[Stores] = []
        for record in records:  # the one in use first
            stores.append(open_index(directory, database, record, home, copy_bytes))
            opened.callback(stores[-1].close)
        library = Library(
            database,
            stores[0].vectors,
            stores[0].lexicon,
            embedder_id=embedder_id,
            home=home,
            copy_bytes=copy_bytes,
            failpoint=failpoint,
        )
        if len(stores) > 1:
            library.use_second(stores[1])
        library.found_at_start = library.reconcile()
        if storage is None or not storage.is_shared:
            library.jobs.reclaim()  # in others' processes, leases say what is alive
        library.audit.adopt_first_rows()
        if home.shared:
            library.vector_watch.start()
        opened.pop_all()
    return library


def open_library_as_it_is(
    directory: Path, *, home: VectorHome | None = None, storage: StorageSettings | None = None
) -> Library:
    """The same without an embedder: for what asks no questions and brings nothing in.

    Raises:
        DataDirectoryError: as above, or there is no knowledge in it.
    """
    with (
        contextlib.closing(open_database(directory / DATABASE, storage)) as database,
        database.reading() as session,
    ):
        index = index_in_use(session)
    if index is None:
        raise DataDirectoryError(
            f"{directory} holds no documents yet; bring some in with: philo ingest FOLDER"
        )
    return open_library(
        directory,
        embedder_id=index.embedder_id,
        dimension=index.dimension,
        embedder=index.embedder,
        chunk_tokens=index.chunk_tokens,
        home=home,
        storage=storage,
    )
