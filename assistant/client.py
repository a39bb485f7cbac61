"""How the command line works on a data directory: itself, or through the service that owns it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from assistant.access.types import Register, SharingDesk
from assistant.answering.events import AskEvent
from assistant.audit import AuditReader
from assistant.data_directory import find_service
from assistant.erasure.types import Eraser
from assistant.knowledge.exports import ExportKind
from assistant.safety.disclosure import GenerationState
from assistant.scope import Scope
from assistant.settings import Settings
from assistant.summarizing.types import (
    Form,
    SummaryEvent,
)
from assistant.types import (
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

WAIT_S = 10.0
"""How long a command waits for another one to give the data directory back."""


class Client(Protocol):
    """The operator's view of one data directory."""

    def ask(self, question: str, *, scope: Scope) -> Iterator[AskEvent]: ...

    def search(self, question: str, *, k: int, scope: Scope) -> list[Passage]: ...

    def summarise(
        self,
        documents: Sequence[str],
        *,
        files: Sequence[str],
        form: Form,
        language: Language | None,
        sections: Sequence[str],
    ) -> Iterator[SummaryEvent]: ...

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener,
    ) -> IngestReport: ...

    def watch(
        self,
        paths: Sequence[str],
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener,
        on_report: Callable[[IngestReport], None],
    ) -> None:
        """See `assistant.ingestor.Ingestor.watch`; until it is interrupted."""

    @property
    def sources(self) -> SourceRegistry: ...

    @property
    def indexes(self) -> IndexKeeper: ...

    @property
    def people(self) -> Register: ...

    @property
    def sharing(self) -> SharingDesk: ...

    @property
    def audit(self) -> AuditReader: ...

    @property
    def erasures(self) -> Eraser: ...

    def own_data(self, name: str) -> bytes:
        """All that is kept of a person, as a zip; see `export_own_data`."""

    def note_export(self, kind: ExportKind, path: str) -> None:
        """That something was written out of Philo, to an absolute path."""

    def documents(
        self, *, query: str, state: DocumentState, offset: int, limit: int
    ) -> tuple[list[DocumentInfo], int]:
        """One page of the list, newest first, and how many there are."""

    def document(self, document_id: str) -> DocumentInfo: ...

    def delete(self, document_id: str) -> None: ...

    def release(self, document_id: str) -> DocumentInfo: ...

    def jobs(self, *, state: JobState | None, offset: int, limit: int) -> tuple[list[JobInfo], int]:
        """One page of the list, newest first, and how many there are."""

    def job(self, job_id: str) -> JobInfo: ...

    def cancel_job(self, job_id: str) -> JobInfo: ...

    def retry_job(self, job_id: str) -> JobInfo: ...

    def ratings(self, *, offset: int, limit: int) -> tuple[list[Rating], int]:
        """One page of the list, newest first, and how many there are."""

    def chunk_texts(self, document_id: str) -> list[str]:
        """A document's text in its pieces, in order."""

    def stop_generation(self, reason: str) -> GenerationState:
        """End all answers and summaries and refuse more; searching goes on."""

    def resume_generation(self) -> GenerationState: ...

    def close(self) -> None: ...


def open_client(settings: Settings, *, writes: bool = True, as_user: str = "") -> Client:
    """Through the running service where there is one, else on the data directory itself.

    Args:
        writes: False: nothing will be asked of the generator, so it may be missing or refused.
        as_user: whose permissions hold for what is asked, searched and listed; else all is read.
    Raises:
        PhiloError: see `open_assistant`.
    """
    service = find_service(settings.data)
    if service is not None:
        from assistant.remote_client import RemoteClient  # here: one of the two is enough

        return RemoteClient(service, as_user)
    needed = settings if writes else settings.without_generator()
    from assistant.local_client import LocalClient
    from assistant.service import open_assistant

    assistant = open_assistant(needed, wait_s=WAIT_S)
    try:
        return LocalClient(assistant, as_user)
    except BaseException:
        assistant.close()
        raise
