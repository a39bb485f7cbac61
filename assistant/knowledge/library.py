"""Documents and their versions: the one writer of what is known.

SQL is the truth; the vector index and the full-text index are made from it. How they are
read is in `reading.py`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update

from assistant.errors import IndexMismatchError, KnowledgeError
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.publishing import Staged, replace_groups, show_version, stage_version
from assistant.knowledge.reading import ReadingRoom, not_found
from assistant.knowledge.stored import Published, StoredChunk
from assistant.knowledge.tables import DocumentRow, VersionRow
from assistant.knowledge.upkeep import ReconcileReport, Upkeep
from assistant.knowledge.vectors.base import VectorIndex
from assistant.types import Draft

__all__ = ["Library", "Published", "ReconcileReport", "StoredChunk", "open_library"]


def open_library(directory: Path, *, embedder_id: str, dimension: int) -> Library:
    """Open the knowledge in a data directory and put right what a crash has left.

    Args:
        embedder_id: names the vector space of everything in it.
        dimension: of its vectors.
    Raises:
        IndexMismatchError: the documents in it were embedded by another embedder.
        DataDirectoryError: the directory is damaged, of a newer Philo, full or not writable.
    """
    from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
    from assistant.knowledge.vectors.chroma import ChromaVectors

    with contextlib.ExitStack() as opened:
        database = open_database(directory / "philo.db")
        opened.callback(database.close)
        check_embedder(database, embedder_id)
        vectors = ChromaVectors(directory / "vectors", embedder_id=embedder_id, dimension=dimension)
        opened.callback(vectors.close)
        lexicon = TantivyLexicon(directory / "lexicon")
        opened.callback(lexicon.close)
        library = Library(database, vectors, lexicon, embedder_id=embedder_id)
        library.reconcile()
        opened.pop_all()
    return library


def check_embedder(database: Database, embedder_id: str) -> None:
    """Refuse to mix vector spaces.

    Raises:
        IndexMismatchError: a published version was embedded by another embedder.
    """
    with database.reading() as session:
        query = select(VersionRow.embedder).join(
            DocumentRow, DocumentRow.published_version_id == VersionRow.id
        )
        other = session.scalar(query.where(VersionRow.embedder != embedder_id).limit(1))
    if other is not None:
        raise IndexMismatchError(
            f"{database.path} holds vectors of the embedder {other!r}, not of {embedder_id!r}; "
            "choose the former embedder in philo.toml ([models] embedder), "
            "or ingest the documents into a fresh data directory"
        )


class Library(ReadingRoom):
    """The record of what is known. Readers may come from any thread; writers wait in line.

    `failpoint` is called with the name of each durable step once it is done.

    Raises:
        IndexMismatchError: the documents in it were embedded by another embedder.
    """

    def __init__(
        self,
        database: Database,
        vectors: VectorIndex,
        lexicon: Lexicon,
        *,
        embedder_id: str,
        failpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        check_embedder(database, embedder_id)
        super().__init__(database, vectors, lexicon)
        self._embedder_id = embedder_id
        self._failpoint = failpoint
        self._upkeep = Upkeep(database, vectors, lexicon, failpoint)
        self._writer = threading.RLock()

    def publish(
        self,
        draft: Draft,
        vectors: NDArray[np.float32],
        *,
        collection: str,
        groups: frozenset[str],
        source: str | None = None,
    ) -> Literal["added", "updated"]:
        """Make a version visible, whole, in place of the one before.

        Staged in SQL, written to both indexes, shown, and the version before purged. After a
        crash anywhere in between, readers see the old version or the new one, never a mixture.

        Args:
            vectors: (N, D) float32, L2-normalised, one for each chunk of the draft.
            source: where the document comes from; None leaves what was known.
        Raises:
            IndexMismatchError: D differs from the library's.
            StorageFullError: no space is left; the version before stays.
        """
        if len(vectors) != len(draft.chunks):
            raise KnowledgeError(
                f"{draft.uri}: {len(draft.chunks)} chunks with {len(vectors)} vectors; "
                "embed every chunk of the draft, in order"
            )
        with self._writer:
            with self._database.writing() as session:
                staged = stage_version(
                    session,
                    draft,
                    vectors,
                    collection=collection,
                    groups=groups,
                    embedder_id=self._embedder_id,
                )
            try:
                self._failpoint("staged")
                self._index(staged)
                with self._database.writing() as session:
                    previous = show_version(session, staged, groups=groups, source=source)
            except BaseException:
                with contextlib.suppress(Exception):  # the next start purges it otherwise
                    self._upkeep.purge_versions([staged.version_id])
                raise
            self._failpoint("shown")
            if previous is None:
                return "added"
            self._upkeep.purge_versions([previous])
            return "updated"

    def _index(self, staged: Staged) -> None:
        self._vectors.add([chunk.vector_entry() for chunk in staged.chunks])
        self._failpoint("vectors written")
        self._lexicon.add([chunk.lexicon_entry() for chunk in staged.chunks])
        self._failpoint("lexicon written")

    def touch(self, document_id: str, *, source: str) -> None:
        """Record that a source holds a document that was already known.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        self._change(document_id, source=source)

    def set_groups(self, document_id: str, groups: frozenset[str]) -> None:
        """Share a document with these groups and no other.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._writer:
            self._change(document_id, groups=groups, indexes_stale=True)
            self._failpoint("groups set")
            self._upkeep.regroup(document_id)

    def retire(self, document_id: str) -> None:
        """Remove a document and what was made from it, before returning. Freed space in the files
        of the indexes may keep traces until `rebuild`; no search finds them.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._writer:
            self._change(document_id, published_version_id=None)
            self._failpoint("hidden")
            with self._database.reading() as session:
                query = select(VersionRow.id).where(VersionRow.document_id == document_id)
                versions = [*session.scalars(query)]
            self._upkeep.purge_versions(versions)
            self._upkeep.delete_documents([document_id])

    def _change(
        self, document_id: str, *, groups: frozenset[str] | None = None, **values: object
    ) -> None:
        with self._writer, self._database.writing() as session:
            changed = session.execute(
                update(DocumentRow)
                .where(DocumentRow.id == document_id, DocumentRow.published_version_id.is_not(None))
                .values(**values)
                .returning(DocumentRow.id)
            ).all()
            if not changed:
                raise not_found(document_id)
            if groups is not None:
                replace_groups(session, document_id, groups)

    def reconcile(self) -> ReconcileReport:
        """Finish what a crash interrupted and bring both indexes in step with SQL."""
        with self._writer:
            return self._upkeep.reconcile()

    def rebuild(self) -> None:
        """Make both indexes anew from SQL, without embedding again. No question meanwhile."""
        with self._writer:
            self._vectors.clear()
            self._lexicon.clear()
            self._upkeep.reconcile()

    def close(self) -> None:
        with self._writer:
            self._vectors.close()
            self._lexicon.close()
            self._database.close()
