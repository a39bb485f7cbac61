"""Documents and their versions: the one writer of what is known.

SQL is the truth; the vector index and the full-text index are made from it. How they are
read is in `reading.py`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.access.people import People
from assistant.audit import Audit
from assistant.errors import DocumentNotFoundError, IndexMismatchError, KnowledgeError
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.job_records import NewJob, cancel_attached, cancel_for, utc_now
from assistant.knowledge.jobs import JobQueue
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.notes import NotesRecords
from assistant.knowledge.originals import Originals
from assistant.knowledge.publishing import (
    Attached,
    Publication,
    Shown,
    Staged,
    replace_groups,
    show_version,
    stage_version,
)
from assistant.knowledge.ratings import Ratings
from assistant.knowledge.reading import ReadingRoom, not_found
from assistant.knowledge.sources import SourceRecords
from assistant.knowledge.stored import (
    Known,
    Published,
    StoredChunk,
    in_batches,
    is_kept,
    load_vector_entries,
)
from assistant.knowledge.tables import ChunkRow, DocumentRow, VersionRow
from assistant.knowledge.upkeep import ReconcileReport, Upkeep
from assistant.knowledge.vectors.base import VectorEntry, VectorIndex
from assistant.types import OPERATOR, DocumentInfo, Draft, IngestOutcome

__all__ = [
    "Attached",
    "Known",
    "Library",
    "Publication",
    "Published",
    "ReconcileReport",
    "StoredChunk",
    "open_library",
]


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
    from assistant.knowledge.vectors.exact import ExactVectors
    from assistant.knowledge.vectors.mirrored import MirroredVectors

    with contextlib.ExitStack() as opened:
        database = open_database(directory / "philo.db")
        opened.callback(database.close)
        check_embedder(database, embedder_id)
        store = ChromaVectors(directory / "vectors", embedder_id=embedder_id, dimension=dimension)
        vectors = MirroredVectors(
            store, ExactVectors(dimension), partial(read_vector_entries, database)
        )
        opened.callback(vectors.close)
        lexicon = TantivyLexicon(directory / "lexicon")
        opened.callback(lexicon.close)
        library = Library(database, vectors, lexicon, embedder_id=embedder_id)
        library.reconcile()
        library.jobs.reclaim()
        opened.pop_all()
    return library


def read_vector_entries(
    database: Database, chunk_ids: Collection[str]
) -> Iterator[list[VectorEntry]]:
    """What SQL says of the chunks, in portions; unknown ids are passed over."""
    for some in in_batches(sorted(chunk_ids)):
        with database.reading() as session:
            yield load_vector_entries(session, some)


def check_embedder(database: Database, embedder_id: str) -> None:
    """Refuse to mix vector spaces.

    Raises:
        IndexMismatchError: a version was embedded by another embedder.
    """
    with database.reading() as session:
        query = (
            select(VersionRow.embedder)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(is_kept())
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

    `failpoint` is called with the name of each durable step once it is done. `jobs` is the
    queue of what is to be brought in, `sources` what is kept in step, `ratings` what people said
    of answers, `originals` the kept bytes beside the database.

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
        jobs: JobQueue | None = None,
    ) -> None:
        check_embedder(database, embedder_id)
        super().__init__(database, vectors, lexicon)
        self.jobs = jobs or JobQueue(database, failpoint=failpoint)
        self.sources = SourceRecords(database)
        self.notes = NotesRecords(database)
        self.people = People(database)
        self.audit = Audit(database, database.path.parent)
        self.ratings = Ratings(database)
        self.originals = Originals(database.path.parent / "originals")
        self.failpoint = failpoint
        self._embedder_id = embedder_id
        self._upkeep = Upkeep(database, vectors, lexicon, self.originals, failpoint)
        self._writer = threading.RLock()

    def publish(
        self,
        draft: Draft,
        vectors: NDArray[np.float32],
        *,
        collection: str,
        groups: frozenset[str],
        source: str | None = None,
    ) -> IngestOutcome:
        """Make one version visible: see `publish_all`."""
        publication = Publication(draft, vectors, collection, groups=groups, source=source)
        return self.publish_all([publication])[0]

    def publish_all(self, publications: Sequence[Publication]) -> list[IngestOutcome]:
        """Make versions visible, whole, each in place of the one before.

        Staged in SQL, written to both indexes, shown, and the versions before purged. After a
        crash anywhere in between, readers see the old versions or the new ones, never a
        mixture.

        Returns:
            "added", "updated" or "quarantined" for each; "cancelled" where the document that
            it was attached to is gone.
        Raises:
            IndexMismatchError: D differs from the library's.
            KnowledgeError: one of them cannot be stored; none was.
            StorageFullError: no space is left; the versions before stay.
        """
        for publication in publications:
            draft, vectors = publication.draft, publication.vectors
            if len(vectors) != len(draft.chunks):
                raise KnowledgeError(
                    f"{draft.uri}: {len(draft.chunks)} chunks with {len(vectors)} vectors; "
                    "embed every chunk of the draft, in order"
                )
        with self._writer:
            with self._database.writing() as session:
                staged = [
                    stage_version(session, publication, embedder_id=self._embedder_id)
                    for publication in publications
                ]
            try:
                self.failpoint("staged")
                self._index([one for one in staged if one.publication.hold is None])
                shown = self._show(staged)
            except BaseException:
                with contextlib.suppress(Exception):  # the next start purges it otherwise
                    self._upkeep.purge_versions([one.version_id for one in staged])
                raise
            self.failpoint("shown")
            self._clear_after(staged, shown)
        return [one.outcome for one in shown]

    def _index(self, staged: Sequence[Staged]) -> None:
        chunks = [chunk for one in staged for chunk in one.chunks]
        if chunks:
            self._vectors.add([chunk.vector_entry() for chunk in chunks])
        self.failpoint("vectors written")
        if chunks:
            self._lexicon.add([chunk.lexicon_entry() for chunk in chunks])
        self.failpoint("lexicon written")

    def _show(self, staged: Sequence[Staged]) -> list[Shown]:
        with self.originals.lock:
            kept = [
                [self.originals.keep_bytes(one.content) for one in each.publication.attached]
                for each in staged
            ]
            if any(kept):
                self.failpoint("attachments kept")
            with self._database.writing() as session:
                return [
                    show_version(session, one, originals)
                    for one, originals in zip(staged, kept, strict=True)
                ]

    def _clear_after(self, staged: Sequence[Staged], shown: Sequence[Shown]) -> None:
        replaced = [version for one in shown for version in one.replaced]
        if replaced:
            self._upkeep.purge_versions(replaced)
        for one, what in zip(staged, shown, strict=True):
            if what.outcome == "quarantined":
                self._regroup_if_stale(one.document_id)
        if gone := [document for one in shown for document in one.dropped_attachments]:
            self.retire_all(gone)

    def _regroup_if_stale(self, document_id: str) -> None:
        with self._database.reading() as session:
            document = session.get(DocumentRow, document_id)
            stale = document is not None and document.indexes_stale
        if stale:
            self._upkeep.regroup(document_id)

    def accept(self, path: Path, job: Callable[[str], NewJob]) -> str:
        """Keep the bytes of a file and queue a job that reads them. Both are durable when this
        returns.

        Args:
            job: makes the job from the SHA-256 under which they are kept.
        Returns:
            the job's id.
        Raises:
            StorageFullError: no space is left; nothing was kept.
        """
        with self.originals.lock:
            sha256 = self.originals.keep(path)
            self.failpoint("original kept")
            return self.jobs.add([job(sha256)])[0]

    def drop_originals(self, names: Iterable[str | None]) -> None:
        """Delete those of these kept files that nothing refers to any more."""
        self._upkeep.remove_unused_originals({name for name in names if name is not None})

    def release(self, document_id: str) -> DocumentInfo:
        """Publish the version that is in quarantine.

        Raises:
            DocumentNotFoundError: there is no such document in quarantine.
        """
        with self._writer:
            with self._database.reading() as session:
                held = session.scalar(
                    select(DocumentRow.held_version_id).where(DocumentRow.id == document_id)
                )
                if held is None:
                    raise DocumentNotFoundError(
                        f"there is no document {document_id!r} in quarantine; list them: "
                        "philo documents list --state quarantined"
                    )
                query = select(ChunkRow.id).where(ChunkRow.version_id == held)
                chunk_ids = [*session.scalars(query)]
            self._upkeep.refill(chunk_ids, vectors=True, held=True)
            self.failpoint("vectors written")
            self._upkeep.refill(chunk_ids, lexicon=True, held=True)
            self.failpoint("lexicon written")
            with self._database.writing() as session:
                document = session.get_one(DocumentRow, document_id)
                previous = document.published_version_id
                document.published_version_id = held
                document.held_version_id = document.held_reason = None
                session.get_one(VersionRow, held).published_at = utc_now()
            self.failpoint("shown")
            if previous is not None:
                self._upkeep.purge_versions([previous])
        return self.document(document_id, OPERATOR)

    def touch(self, document_id: str, *, source: str) -> None:
        """Record that a source holds a document that was already known.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        self._change(document_id, source=source)

    def note_sources(self, seen: Mapping[str, str | None], fingerprints: Mapping[str, str]) -> None:
        """Record where known documents come from, and what their sources say of their content.
        Documents that are gone are passed over.

        Args:
            seen: document id -> source, None where it is as before.
            fingerprints: document id -> fingerprint.
        """
        with self._writer, self._database.writing() as session:
            for document_id in seen.keys() | fingerprints.keys():
                values: dict[str, str] = {}
                if (source := seen.get(document_id)) is not None:
                    values["source"] = source
                if document_id in fingerprints:
                    values["fingerprint"] = fingerprints[document_id]
                if values:
                    session.execute(
                        update(DocumentRow).where(DocumentRow.id == document_id).values(values)
                    )

    def set_groups(self, document_id: str, groups: frozenset[str]) -> None:
        """Share a document, with what is attached to it, with these groups and no other.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._writer:
            with self._database.writing() as session:
                family = self._family(session, [document_id])
                for member in family:
                    replace_groups(session, member, groups)
                session.execute(
                    update(DocumentRow).where(DocumentRow.id.in_(family)).values(indexes_stale=True)
                )
            self.failpoint("groups set")
            for member in family:
                self._upkeep.regroup(member)

    def retire(self, document_id: str) -> None:
        """Remove a document because somebody wants it gone: see `retire_all`. A job that would
        bring it back is cancelled.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._writer:
            with self._database.writing() as session:
                document = session.get(DocumentRow, document_id)
                if document is not None:
                    cancel_for(session, document.uri, document.collection, utc_now())
            self.retire_all([document_id])

    def retire_all(self, document_ids: Sequence[str]) -> None:
        """Remove documents, what is attached to them, and what was made from them, before
        returning. Freed space in the files of the indexes may keep traces until `rebuild`; no
        search finds them.

        Raises:
            DocumentNotFoundError: there is no such document; none was removed.
        """
        with self._writer:
            with self._database.writing() as session:
                family = self._family(session, document_ids)
                hidden = {"published_version_id": None, "held_version_id": None}
                for ids in in_batches(family):
                    session.execute(
                        update(DocumentRow).where(DocumentRow.id.in_(ids)).values(hidden)
                    )
                cancel_attached(session, family, utc_now())
            self.failpoint("hidden")
            versions: list[str] = []
            with self._database.reading() as session:
                for ids in in_batches(family):
                    query = select(VersionRow.id).where(VersionRow.document_id.in_(ids))
                    versions += session.scalars(query)
            self._upkeep.purge_versions(versions)
            self._upkeep.delete_documents(family)

    def retire_known(self, document_ids: Sequence[str]) -> None:
        """The same, passing over those that are gone already."""
        with self._writer:
            with self._database.reading() as session:
                present: list[str] = []
                for ids in in_batches(document_ids):
                    query = select(DocumentRow.id).where(DocumentRow.id.in_(ids), is_kept())
                    present += session.scalars(query)
            if present:
                self.retire_all(present)

    def _family(self, session: Session, document_ids: Sequence[str]) -> list[str]:
        """The documents and all that is attached to them, at whatever depth.

        Raises:
            DocumentNotFoundError: there is none of that id.
        """
        family: dict[str, None] = {}
        for ids in in_batches(document_ids):
            query = select(DocumentRow.id).where(DocumentRow.id.in_(ids), is_kept())
            family |= dict.fromkeys(session.scalars(query))
        for document_id in document_ids:
            if document_id not in family:
                raise not_found(document_id)
        generation = list(family)
        while generation:
            younger: list[str] = []
            for ids in in_batches(generation):
                query = select(DocumentRow.id).where(DocumentRow.parent_id.in_(ids))
                younger += [one for one in session.scalars(query) if one not in family]
            family |= dict.fromkeys(younger)
            generation = younger
        return list(family)

    def _change(self, document_id: str, **values: object) -> None:
        with self._writer, self._database.writing() as session:
            changed = session.execute(
                update(DocumentRow)
                .where(DocumentRow.id == document_id, is_kept())
                .values(**values)
                .returning(DocumentRow.id)
            ).all()
            if not changed:
                raise not_found(document_id)

    def prune_jobs(self, *, keep_days: float) -> int:
        """Forget jobs that ended longer ago, with bytes that only they still needed."""
        gone = self.jobs.prune(keep_days=keep_days)
        if gone:
            self._upkeep.remove_unused_originals(self.originals.names())
        return gone

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
