"""Documents and their versions: the one writer of what is known.

SQL is the truth; the vector index and the full-text index are made from it. How they are
read is in `reading.py`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.access.people import People
from assistant.audit import Audit
from assistant.errors import DocumentNotFoundError, IndexMismatchError, KnowledgeError
from assistant.knowledge.changes import Changes
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.exports import Exports
from assistant.knowledge.index_desk import IndexDesk, open_index
from assistant.knowledge.indexes import (
    DATABASE,
    IndexRecord,
    Stores,
    is_of_index_in_use,
    load_indexes,
    note_index_in_use,
    remove_unnamed_folders,
)
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
    show_version,
    stage_version,
)
from assistant.knowledge.ratings import Ratings
from assistant.knowledge.reading import ReadingRoom, not_found
from assistant.knowledge.renewal import Alone
from assistant.knowledge.sharing import Sharing
from assistant.knowledge.sources import SourceRecords
from assistant.knowledge.stored import (
    Known,
    Published,
    StoredChunk,
    in_batches,
    is_kept,
    load_groups,
)
from assistant.knowledge.tables import ChunkRow, DocumentRow, VersionRow
from assistant.knowledge.upkeep import ReconcileReport, Upkeep
from assistant.knowledge.vectors.base import VectorIndex
from assistant.safety.personal.pseudonyms import Pseudonyms
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


def open_library(
    directory: Path,
    *,
    embedder_id: str,
    dimension: int,
    embedder: str | None = None,
    chunk_tokens: int = 220,
    failpoint: Callable[[str], None] = lambda _step: None,
) -> Library:
    """Open the knowledge in a data directory and put right what a crash has left.

    Args:
        embedder_id: names the vector space of everything in it.
        dimension: of its vectors.
        embedder: what the settings call it; else the name in its id.
        chunk_tokens: what the chunks of a directory without documents will aim at.
        failpoint: see `Library`.
    Raises:
        IndexMismatchError: the documents in it were embedded by another embedder.
        DataDirectoryError: the directory is damaged, of a newer Philo, full or not writable.
    """
    with contextlib.ExitStack() as opened:
        database = open_database(directory / DATABASE)
        opened.callback(database.close)
        check_embedder(database, embedder_id)
        with database.writing() as session:
            note_index_in_use(
                session,
                embedder=embedder or embedder_id.partition("@")[0],
                embedder_id=embedder_id,
                dimension=dimension,
                chunk_tokens=chunk_tokens,
            )
            records = load_indexes(session)
        remove_unnamed_folders(directory, records)
        stores: list[Stores] = []
        for record in records:  # the one in use first
            stores.append(open_index(directory, database, record))
            opened.callback(stores[-1].close)
        library = Library(
            database,
            stores[0].vectors,
            stores[0].lexicon,
            embedder_id=embedder_id,
            failpoint=failpoint,
        )
        if len(stores) > 1:
            library.use_second(stores[1])
        library.reconcile()
        library.jobs.reclaim()
        library.audit.adopt_first_rows()
        opened.pop_all()
    return library


def check_embedder(database: Database, embedder_id: str) -> None:
    """Refuse to mix vector spaces.

    Raises:
        IndexMismatchError: a version was embedded by another embedder.
    """
    with database.reading() as session:
        query = (
            select(VersionRow.embedder)
            .where(VersionRow.embedder != embedder_id, is_of_index_in_use())
            .limit(1)
        )
        other = session.scalar(query)
    if other is not None:
        raise IndexMismatchError(
            f"{database.path} holds vectors of the embedder {other!r}, not of {embedder_id!r}; "
            "choose the former embedder in philo.toml ([models] embedder) and move to another one "
            "with: philo index build, or ingest the documents into a fresh data directory"
        )


class Library(ReadingRoom):
    """The record of what is known. Readers may come from any thread; writers wait in line.

    `failpoint` is called with the name of each durable step once it is done. `jobs` is the
    queue of what is to be brought in, `sources` what is kept in step, `ratings` what people said
    of answers, `originals` the kept bytes beside the database, `sharing` says who may read what.

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
        self.changes = Changes()
        self.people = People(database)
        self.audit = Audit(database, database.path.parent)
        self.pseudonyms = Pseudonyms(database, database.path.parent)
        self.ratings = Ratings(database)
        self.exports = Exports(database)
        self.originals = Originals(database.path.parent / "originals")
        self.failpoint = failpoint
        self._embedder_id = embedder_id
        self._upkeep = Upkeep(database, Stores(vectors, lexicon), self.originals, failpoint)
        self._writer = threading.RLock()
        self.sharing = Sharing(
            database,
            self._upkeep,
            self._writer,
            self.changes,
            family=self._family,
            failpoint=failpoint,
        )
        self.indexes = IndexDesk(
            database, self._upkeep, self._writer, failpoint=failpoint, switched=self._use
        )

    def use_second(self, stores: Stores) -> None:
        """Keep these in step with the documents too: they are of the second index."""
        self._upkeep.second = stores

    def _use(self, stores: Stores, record: IndexRecord) -> None:
        self._vectors, self._lexicon = stores.vectors, stores.lexicon
        self._embedder_id = record.embedder_id
        self.changes.note_all()

    @property
    def database(self) -> Database:
        return self._database

    @property
    def embedder_id(self) -> str:
        """Of the vectors in the index in use."""
        return self._embedder_id

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
                    stage_version(
                        session,
                        publication,
                        embedder_id=self._embedder_id,
                        closed=self.sharing.login_demanded,
                    )
                    for publication in publications
                ]
            try:
                self.failpoint("staged")
                self._index([one for one in staged if one.publication.hold is None])
                concerned = self._groups_of([one.document_id for one in staged])
                shown = self._show(staged)
            except BaseException:
                with contextlib.suppress(Exception):  # the next start purges it otherwise
                    self._upkeep.purge_versions([one.version_id for one in staged])
                raise
            self.changes.note(concerned.union(*(one.groups for one in staged)))
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
            self._upkeep.regroup_all([document_id])

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
                counterpart = select(VersionRow.id).where(VersionRow.counterpart_of == held)
                query = select(ChunkRow.id).where(ChunkRow.version_id.in_(counterpart))
                beside = [*session.scalars(query)]
            upkeep = self._upkeep
            upkeep.refill(upkeep.stores, chunk_ids, vectors=True)
            self.failpoint("vectors written")
            upkeep.refill(upkeep.stores, chunk_ids, lexicon=True)
            self.failpoint("lexicon written")
            if upkeep.second is not None:
                upkeep.refill(upkeep.second, beside, vectors=True, lexicon=True)
            with self._database.writing() as session:
                document = session.get_one(DocumentRow, document_id)
                previous = document.published_version_id
                document.published_version_id = held
                document.held_version_id = document.held_reason = None
                session.execute(
                    update(VersionRow)
                    .where((VersionRow.id == held) | (VersionRow.counterpart_of == held))
                    .values(published_at=utc_now())
                )
            self.changes.note(self._groups_of([document_id]))
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
        """Take down with which groups its source shares a document: see `Sharing.state`."""
        self.sharing.state(document_id, groups)

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
                groups = load_groups(session, family)
                hidden = {"published_version_id": None, "held_version_id": None}
                for ids in in_batches(family):
                    session.execute(
                        update(DocumentRow).where(DocumentRow.id.in_(ids)).values(hidden)
                    )
                cancel_attached(session, family, utc_now())
            self.changes.note(frozenset[str]().union(*groups.values()))
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

    def _groups_of(self, document_ids: Sequence[str]) -> frozenset[str]:
        with self._database.reading() as session:
            return frozenset[str]().union(*load_groups(session, document_ids).values())

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
        """Fill the indexes anew from SQL, without embedding again. No question meanwhile."""
        with self._writer:
            for stores in self._upkeep.all_stores:
                stores.clear()
            self._upkeep.reconcile()

    def renew(
        self, alone: Alone, tell: Callable[[int, int], None] = lambda _done, _total: None
    ) -> None:
        """Give both indexes fresh files, beside searches: see `VectorIndex.renew`. Changes wait."""
        with self._writer:
            self._upkeep.renew(alone, tell)

    def compact(self) -> None:
        """Let nothing of what was deleted stay in the database's files. Changes wait."""
        with self._writer:
            self._database.compact()

    @property
    def stores(self) -> list[Stores]:
        """Of the index in use, and of the second one where there is one."""
        return self._upkeep.all_stores

    def family(self, document_ids: Sequence[str]) -> list[str]:
        """The documents and all that is attached to them.

        Raises:
            DocumentNotFoundError: there is none of that id.
        """
        with self._database.reading() as session:
            return self._family(session, document_ids)

    def close(self) -> None:
        with self._writer:
            for stores in self._upkeep.all_stores:
                stores.close()
            self._database.close()
