"""Documents and their versions: the one writer of what is known.

SQL is the truth; the vector index and the full-text index are made from it. How they are
read is in `reading.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update

from assistant.access.people import People
from assistant.audit.log import Audit
from assistant.errors import (
    DocumentNotFoundError,
    IndexMismatchError,
    KnowledgeError,
)
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.change_log import log_changes, newest_change
from assistant.knowledge.changes import Changes
from assistant.knowledge.database import Database
from assistant.knowledge.exports import Exports
from assistant.knowledge.families import family_of
from assistant.knowledge.index_desk import IndexDesk
from assistant.knowledge.indexes import (
    IndexRecord,
    Stores,
    index_in_use,
    is_of_index_in_use,
    is_wanted,
    require_in_use,
)
from assistant.knowledge.job_records import NewJob, cancel_attached, cancel_for, utc_now
from assistant.knowledge.jobs import JobQueue
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.moving import Moving
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
from assistant.knowledge.stored import Hit, Known, Published, StoredChunk, load_groups
from assistant.knowledge.tables import ChunkRow, DocumentRow, VersionRow
from assistant.knowledge.turns import Turn
from assistant.knowledge.upkeep import ReconcileReport, Upkeep
from assistant.knowledge.vector_watch import VectorWatch
from assistant.knowledge.vectors.base import VectorHome, VectorIndex
from assistant.knowledge.vectors.chroma import EmbeddedVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors
from assistant.knowledge.visibility import is_kept
from assistant.observing.observer import Observer
from assistant.observing.trail import step
from assistant.safety.personal.pseudonyms import Pseudonyms
from assistant.scope import Scope
from assistant.types import OPERATOR, DocumentInfo, Draft, IngestOutcome, Readable, ScoredId

__all__ = [
    "Attached",
    "Known",
    "Library",
    "Publication",
    "Published",
    "ReconcileReport",
    "StoredChunk",
]


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
            f"{database.label} holds vectors of the embedder {other!r}, not of {embedder_id!r}; "
            "choose the former embedder in philo.toml ([models] embedder) and move to another one "
            "with: philo index build, or ingest the documents into a fresh data directory"
        )


class Library(ReadingRoom):
    """The record of what is known. Readers may come from any thread; writers wait in line.

    `failpoint` is called with the name of each durable step once it is done. `jobs` is the
    queue of what is to be brought in, `sources` what is kept in step, `ratings` what people said
    of answers, `originals` the kept bytes beside the database, `sharing` says who may read what,
    and `moving` brings documents into other collections.

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
        home: VectorHome | None = None,
        copy_bytes: int | None = None,
        failpoint: Callable[[str], None] = lambda _step: None,
        jobs: JobQueue | None = None,
    ) -> None:
        check_embedder(database, embedder_id)
        self._home = home or EmbeddedVectors()
        self.changes = Changes(self._newest_change if self._home.shared else None)
        super().__init__(database, vectors, lexicon, self.changes)
        self._index_id = self._find_index_in_use()
        self.jobs = jobs or JobQueue(database, failpoint=failpoint)
        self.sources = SourceRecords(database)
        self.notes = NotesRecords(database)
        self.people = People(database)
        self.audit = Audit(database, database.directory)
        self.pseudonyms = Pseudonyms(database, database.directory)
        self.ratings = Ratings(database)
        self.exports = Exports(database)
        self.originals = Originals(database.directory / "originals", database.turn("originals"))
        self.failpoint = failpoint
        self.found_at_start = ReconcileReport()
        self.observer = Observer()
        self._embedder_id = embedder_id
        self._upkeep = Upkeep(
            database,
            Stores(vectors, lexicon, self._index_id),
            self.originals,
            failpoint,
            shared=self._home.shared,
        )
        self._writer = database.turn("knowledge")
        self.vector_watch = VectorWatch(self._upkeep, self._writer, self.reconcile)
        self.sharing = Sharing(
            database,
            self._upkeep,
            self._writer,
            self.changes,
            failpoint=failpoint,
        )
        self.moving = Moving(
            database,
            self._upkeep,
            self._writer,
            self.changes,
            sharing=self.sharing,
            failpoint=failpoint,
        )
        self.indexes = IndexDesk(
            database,
            self._upkeep,
            self._writer,
            home=self._home,
            copy_bytes=copy_bytes,
            failpoint=failpoint,
            switched=self._use,
        )

    def use_second(self, stores: Stores) -> None:
        """Keep these in step with the documents too: they are of the second index."""
        self._upkeep.second = stores

    def _use(self, stores: Stores, record: IndexRecord) -> None:
        self._vectors, self._lexicon = stores.vectors, stores.lexicon
        self._embedder_id, self._index_id = record.embedder_id, record.id
        self.changes.note_all()

    def _newest_change(self) -> int:
        with self._database.reading() as session:
            return newest_change(session)

    def _find_index_in_use(self) -> int | None:
        with self._database.reading() as session:
            index = index_in_use(session)
        return None if index is None else index.id

    def _search(
        self,
        asks: Sequence[Callable[[int], list[ScoredId]]],
        k: int,
        readable: Readable,
        scope: Scope,
    ) -> list[list[Hit]]:
        if self._home.shared:
            with self._database.reading() as session:
                require_in_use(session, self._index_id)
        return super()._search(asks, k, readable, scope)

    @property
    def database(self) -> Database:
        return self._database

    @property
    def turn(self) -> Turn:
        """Who holds it is alone, in all processes over the database, in publishing, removing and
        changing rights."""
        return self._writer

    def check_vectors(self) -> None:
        """
        Raises:
            StoreUnavailableError: where vectors lie, nobody answers.
        """
        self._home.check()

    def prepare_search(self) -> None:
        """Make ready, in the background, what the first search would wait for."""
        if isinstance(self._vectors, MirroredVectors):
            self._vectors.prepare_in_background()

    @property
    def vectors_are_shared(self) -> bool:
        """On a server, and not in the data directory."""
        return self._home.shared

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
            now = self._database.now()
            with step("stage"), self._database.writing() as session:
                require_in_use(session, self._index_id)
                staged = [
                    stage_version(
                        session,
                        publication,
                        embedder_id=self._embedder_id,
                        now=now,
                        closed=self.sharing.login_demanded,
                    )
                    for publication in publications
                ]
            try:
                self.failpoint("staged")
                with step("index"):
                    self._index([one for one in staged if one.publication.hold is None])
                concerned = self._groups_of([one.document_id for one in staged])
                with step("show"):
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
            self._writer.require()
            now = self._database.now()
            with self._database.writing() as session:
                require_in_use(session, self._index_id)
                log_changes(session, [one.document_id for one in staged])
                return [
                    show_version(session, one, originals, now=now)
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

    @contextlib.contextmanager
    def originals_held(self) -> Iterator[None]:
        """Kept files stay meanwhile; those that nothing refers to any more go with its end."""
        self.originals.hold()
        try:
            yield
        finally:
            self.drop_originals(self.originals.release())

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
            upkeep.leave_dropped()
            upkeep.refill(upkeep.stores, chunk_ids, vectors=True)
            self.failpoint("vectors written")
            upkeep.refill(upkeep.stores, chunk_ids, lexicon=True)
            self.failpoint("lexicon written")
            if upkeep.second is not None:
                upkeep.refill(upkeep.second, beside, vectors=True, lexicon=True)
            self._writer.require()
            with self._database.writing() as session:
                require_in_use(session, self._index_id)
                document = session.get_one(DocumentRow, document_id)
                previous = document.published_version_id
                document.published_version_id = held
                document.held_version_id = document.held_reason = None
                log_changes(session, [document_id])
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

    def retire(self, *document_ids: str) -> None:
        """Remove documents because somebody wants them gone: see `retire_all`. A job that would
        bring one back is cancelled.

        Raises:
            DocumentNotFoundError: there is no such document; none was removed.
        """
        with self._writer:
            with self._database.writing() as session:
                for document_id in document_ids:
                    document = session.get(DocumentRow, document_id)
                    if document is not None:
                        cancel_for(session, document.uri, document.collection, utc_now())
            self.retire_all(document_ids)

    def retire_all(self, document_ids: Sequence[str]) -> None:
        """Remove documents, what is attached to them, and what was made from them, before
        returning. Freed space in the files of the indexes may keep traces until `rebuild`; no
        search finds them.

        Raises:
            DocumentNotFoundError: there is no such document; none was removed.
        """
        with self._writer:
            with self._database.writing() as session:
                family = family_of(session, document_ids)
                groups = load_groups(session, family)
                hidden = {"published_version_id": None, "held_version_id": None}
                for ids in in_batches(family):
                    session.execute(
                        update(DocumentRow).where(DocumentRow.id.in_(ids)).values(hidden)
                    )
                cancel_attached(session, family, utc_now())
                log_changes(session, family)
            self.changes.note(frozenset[str]().union(*groups.values()))
            self.failpoint("hidden")
            versions: list[str] = []
            with self._database.reading() as session:
                for ids in in_batches(family):
                    query = select(VersionRow.id).where(
                        VersionRow.document_id.in_(ids), ~is_wanted()
                    )
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
        """Finish what a crash or an absence interrupted and bring both indexes in step with SQL.

        Raises:
            StoreUnavailableError: a server is away, or another process has switched to another
                index.
        """
        with self._writer:
            with self._database.reading() as session:
                require_in_use(session, self._index_id)
            return self._upkeep.reconcile()

    def rebuild(self) -> None:
        """Fill the indexes anew from SQL, without embedding again. No question meanwhile."""
        with self._writer:
            self._upkeep.leave_dropped()
            for stores in self._upkeep.all_stores:
                stores.clear()
            self._upkeep.reconcile()

    def renew(
        self, alone: Alone, tell: Callable[[int, int], None] = lambda _done, _total: None
    ) -> None:
        """Give both indexes fresh files, beside searches: see `VectorIndex.renew`. Changes wait."""

        @contextlib.contextmanager
        def still_mine() -> Iterator[None]:
            with alone():
                self._writer.require()
                yield

        with self._writer:
            self._upkeep.renew(still_mine, tell)

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
            return family_of(session, document_ids)

    def close(self) -> None:
        self.vector_watch.close()
        with self._writer.in_this_process():
            for stores in self._upkeep.all_stores:
                stores.close()
            self._home.close()
            self._database.close()
