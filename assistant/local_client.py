"""A data directory without a service: this process works on it itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.access.own_data import export_own_data
from assistant.access.sharing import CallersSharing
from assistant.access.types import Principal, Register, SharingDesk
from assistant.answering.events import AskEvent
from assistant.audit import OPERATOR_NAME, AuditReader
from assistant.erasure.types import Eraser
from assistant.knowledge.exports import ExportKind
from assistant.safety.disclosure import GenerationState
from assistant.scope import Scope
from assistant.summarizing.types import (
    Form,
    SummaryEvent,
)
from assistant.types import (
    OPERATOR,
    DocumentInfo,
    DocumentState,
    IndexKeeper,
    IngestReport,
    JobInfo,
    JobState,
    Language,
    Passage,
    ProgressListener,
    Rating,
    SourceRegistry,
)

if TYPE_CHECKING:
    from assistant.assistant import Assistant


class LocalClient:
    def __init__(self, assistant: Assistant, as_user: str = "") -> None:
        self._assistant = assistant
        self._who, self._readable = OPERATOR_NAME, OPERATOR
        self._caller: Principal | None = None
        if as_user:
            self._caller = principal = assistant.library.people.principal(as_user)
            self._who, self._readable = principal.name, principal.readable()

    def ask(self, question: str, *, scope: Scope) -> Iterator[AskEvent]:
        return self._assistant.ask(question, readable=self._readable, scope=scope, who=self._who)

    def search(self, question: str, *, k: int, scope: Scope) -> list[Passage]:
        return self._assistant.search(
            question, k=k, readable=self._readable, scope=scope, who=self._who
        )

    def summarise(
        self,
        documents: Sequence[str],
        *,
        files: Sequence[str],
        form: Form,
        language: Language | None,
        sections: Sequence[str],
    ) -> Iterator[SummaryEvent]:
        return self._assistant.summarise(
            documents,
            files=files,
            readable=self._readable,
            who=self._who,
            form=form,
            language=language,
            sections=sections,
        )

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener,
    ) -> IngestReport:
        report = self._assistant.ingestor.ingest(
            paths, collection=collection, groups=groups, listener=listener
        )
        return self._assistant.log_ingestion(paths, report)

    def watch(
        self,
        paths: Sequence[str],
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener,
        on_report: Callable[[IngestReport], None],
    ) -> None:
        self._assistant.ingestor.watch(
            paths,
            collection=collection,
            groups=groups,
            listener=listener,
            on_report=on_report,
            stop=threading.Event(),
        )

    @property
    def people(self) -> Register:
        return self._assistant.people

    @property
    def sharing(self) -> SharingDesk:
        return CallersSharing(self._assistant.library, self._caller)

    @property
    def audit(self) -> AuditReader:
        return self._assistant.audit_keeper

    @property
    def erasures(self) -> Eraser:
        return self._assistant.erasures

    def own_data(self, name: str) -> bytes:
        return export_own_data(self._assistant.library, name, who=OPERATOR_NAME)

    def note_export(self, kind: ExportKind, path: str) -> None:
        self._assistant.library.exports.note(kind, path)

    @property
    def sources(self) -> SourceRegistry:
        return self._assistant.ingestor.sources

    @property
    def indexes(self) -> IndexKeeper:
        return self._assistant.indexes

    def documents(
        self, *, query: str, state: DocumentState, offset: int, limit: int
    ) -> tuple[list[DocumentInfo], int]:
        library = self._assistant.library
        listed = library.documents(
            self._readable, query=query, state=state, offset=offset, limit=limit
        )
        return listed, library.count_matching(self._readable, query=query, state=state)

    def document(self, document_id: str) -> DocumentInfo:
        return self._assistant.library.document(document_id, self._readable)

    def delete(self, document_id: str) -> None:
        self._assistant.retire_document(document_id, OPERATOR)

    def release(self, document_id: str) -> DocumentInfo:
        return self._assistant.release_document(document_id, OPERATOR)

    def jobs(self, *, state: JobState | None, offset: int, limit: int) -> tuple[list[JobInfo], int]:
        queue = self._assistant.library.jobs
        return queue.jobs(OPERATOR, state=state, offset=offset, limit=limit)

    def job(self, job_id: str) -> JobInfo:
        return self._assistant.library.jobs.job(job_id, OPERATOR)

    def cancel_job(self, job_id: str) -> JobInfo:
        return self._assistant.library.jobs.cancel(job_id, OPERATOR)

    def retry_job(self, job_id: str) -> JobInfo:
        return self._assistant.retry_job(job_id, OPERATOR)

    def ratings(self, *, offset: int, limit: int) -> tuple[list[Rating], int]:
        return self._assistant.library.ratings.all(offset=offset, limit=limit)

    def chunk_texts(self, document_id: str) -> list[str]:
        chunks = self._assistant.library.document_chunks(document_id, OPERATOR)
        return [chunk.text for chunk in chunks]

    def stop_generation(self, reason: str) -> GenerationState:
        return self._assistant.stop_generation(reason)

    def resume_generation(self) -> GenerationState:
        return self._assistant.resume_generation()

    def close(self) -> None:
        self._assistant.close()
