"""A data directory with a running service: everything goes through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from assistant import errors
from assistant.access.remote import RemotePeople
from assistant.access.types import Register, SharingDesk
from assistant.answering.events import AskEvent, SentenceWritten
from assistant.audit import AuditReader
from assistant.backup.types import BackupMaker
from assistant.data_directory import RunningService
from assistant.erasure.types import Eraser
from assistant.errors import DocumentNotFoundError, JobNotFoundError, PhiloError, ServiceError
from assistant.knowledge.exports import ExportKind
from assistant.remote_audit import RemoteAudit, RemoteErasures
from assistant.remote_backups import RemoteBackups
from assistant.remote_indexes import RemoteIndexes
from assistant.remote_sharing import RemoteSharing
from assistant.remote_sources import RemoteSources
from assistant.safety.disclosure import GenerationState
from assistant.scope import Scope
from assistant.summarizing.types import (
    Form,
    StatementWritten,
    Summary,
    SummaryEvent,
    SummaryProgress,
)
from assistant.types import (
    Answer,
    Citation,
    DocumentInfo,
    DocumentState,
    IndexKeeper,
    IngestProgress,
    IngestReport,
    JobInfo,
    JobState,
    Language,
    Passage,
    ProgressListener,
    Rating,
    Sentence,
    SourceRegistry,
)


class RemoteClient:
    """Over the API of a running service (one HTTP connection, kept open)."""

    def __init__(self, service: RunningService, as_user: str = "") -> None:
        headers = {
            "Authorization": f"Bearer {service.token}",
            "X-Philo-Interface": "command line",
        }
        if as_user:
            headers["X-Philo-As"] = as_user
        self._http = httpx.Client(
            base_url=service.url,
            headers=headers,
            timeout=httpx.Timeout(30.0, read=None),
            trust_env=False,  # a proxy has no business between a machine and itself
        )

    def ask(self, question: str, *, scope: Scope) -> Iterator[AskEvent]:
        body = {"question": question, "scope": scope.model_dump(mode="json")}
        for name, data in self._stream("/ask/stream", body):
            if name == "passages":
                yield TypeAdapter(list[Passage]).validate_python(data["passages"])
            elif name == "sentence":
                yield SentenceWritten(
                    Sentence.model_validate(data["sentence"]),
                    TypeAdapter(list[Citation]).validate_python(data["citations"]),
                )
            elif name == "answer":
                yield Answer.model_validate(data)

    def summarise(
        self,
        documents: Sequence[str],
        *,
        files: Sequence[str],
        form: Form,
        language: Language | None,
        sections: Sequence[str],
    ) -> Iterator[SummaryEvent]:
        body = {
            "documents": list(documents),
            "files": list(files),
            "form": form,
            "language": language,
            "sections": list(sections),
        }
        kinds: dict[str, type[SummaryProgress | StatementWritten | Summary]] = {
            "progress": SummaryProgress,
            "statement": StatementWritten,
            "summary": Summary,
        }
        for name, data in self._stream("/summaries/stream", body):
            if name in kinds:
                yield kinds[name].model_validate(data)

    def search(self, question: str, *, k: int, scope: Scope) -> list[Passage]:
        body = {"question": question, "k": k, "scope": scope.model_dump(mode="json")}
        found = self._call("POST", "/search", json=body)
        return TypeAdapter(list[Passage]).validate_python(found["hits"])

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener,
    ) -> IngestReport:
        body = {"paths": list(paths), "collection": collection, "groups": groups and list(groups)}
        for name, data in self._stream("/ingest", body):
            if name == "report":
                return IngestReport.model_validate(data)
            if name == "progress":
                listener(IngestProgress.model_validate(data))
        raise ServiceError("The service ended before the ingestion did; run the command again.")

    def watch(
        self,
        paths: Sequence[str],
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener,
        on_report: Callable[[IngestReport], None],
    ) -> None:
        body = {"paths": list(paths), "collection": collection, "groups": groups and list(groups)}
        for name, data in self._stream("/ingest/watch", body):
            if name == "report":
                on_report(IngestReport.model_validate(data))
            elif name == "progress":
                listener(IngestProgress.model_validate(data))
        raise ServiceError("The service ended, and with it the watch; run the command again.")

    @property
    def people(self) -> Register:
        return RemotePeople(self._call)

    @property
    def sharing(self) -> SharingDesk:
        return RemoteSharing(self._call)

    @property
    def audit(self) -> AuditReader:
        return RemoteAudit(self._call)

    @property
    def erasures(self) -> Eraser:
        return RemoteErasures(self._call, self._stream)

    @property
    def backups(self) -> BackupMaker:
        return RemoteBackups(self._stream)

    def own_data(self, name: str) -> bytes:
        try:
            response = self._http.get(f"/users/{quote(name, safe='')}/export")
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc
        _raise_for_error(response)
        return response.content

    def note_export(self, kind: ExportKind, path: str) -> None:
        self._call("POST", "/exports", json={"kind": kind, "path": path})

    @property
    def sources(self) -> SourceRegistry:
        return RemoteSources(self._call, self._stream)

    @property
    def indexes(self) -> IndexKeeper:
        return RemoteIndexes(self._call, self._stream)

    def documents(
        self, *, query: str, state: DocumentState, offset: int, limit: int
    ) -> tuple[list[DocumentInfo], int]:
        parameters = {"q": query, "state": state, "offset": offset, "limit": limit}
        page = self._call("GET", "/documents", params=parameters)
        return TypeAdapter(list[DocumentInfo]).validate_python(page["documents"]), page["total"]

    def document(self, document_id: str) -> DocumentInfo:
        return DocumentInfo.model_validate(self._call("GET", _document_path(document_id)))

    def delete(self, document_id: str) -> None:
        self._call("DELETE", _document_path(document_id))

    def release(self, document_id: str) -> DocumentInfo:
        path = f"{_document_path(document_id)}/release"
        return DocumentInfo.model_validate(self._call("POST", path))

    def jobs(self, *, state: JobState | None, offset: int, limit: int) -> tuple[list[JobInfo], int]:
        parameters: dict[str, Any] = {"offset": offset, "limit": limit}
        if state is not None:
            parameters["state"] = state
        page = self._call("GET", "/jobs", params=parameters)
        return TypeAdapter(list[JobInfo]).validate_python(page["jobs"]), page["total"]

    def job(self, job_id: str) -> JobInfo:
        return JobInfo.model_validate(self._call("GET", _job_path(job_id)))

    def cancel_job(self, job_id: str) -> JobInfo:
        return JobInfo.model_validate(self._call("POST", f"{_job_path(job_id)}/cancel"))

    def retry_job(self, job_id: str) -> JobInfo:
        return JobInfo.model_validate(self._call("POST", f"{_job_path(job_id)}/retry"))

    def ratings(self, *, offset: int, limit: int) -> tuple[list[Rating], int]:
        page = self._call("GET", "/ratings", params={"offset": offset, "limit": limit})
        return TypeAdapter(list[Rating]).validate_python(page["ratings"]), page["total"]

    def chunk_texts(self, document_id: str) -> list[str]:
        found = self._call("GET", f"{_document_path(document_id)}/chunks")
        return [chunk["text"] for chunk in found["chunks"]]

    def stop_generation(self, reason: str) -> GenerationState:
        stopped = self._call("POST", "/safety/stop", json={"reason": reason})
        return GenerationState.model_validate(stopped)

    def resume_generation(self) -> GenerationState:
        return GenerationState.model_validate(self._call("POST", "/safety/resume"))

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc
        _raise_for_error(response)
        return response.json() if response.content else None

    def _stream(self, path: str, body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        try:
            with self._http.stream("POST", path, json=body) as response:
                if response.is_error:
                    response.read()
                _raise_for_error(response)
                name = ""
                for line in response.iter_lines():
                    field, _, value = line.partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        data = json.loads(value)
                        if name == "error":
                            raise _told(data)
                        yield name, data
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc


def _document_path(document_id: str) -> str:
    if not document_id.isalnum():
        raise DocumentNotFoundError(f"There is no document '{document_id}'.")
    return f"/documents/{document_id}"


def _job_path(job_id: str) -> str:
    if not job_id.isalnum():
        raise JobNotFoundError(f"There is no job '{job_id}'.")
    return f"/jobs/{job_id}"


def _raise_for_error(response: httpx.Response) -> None:
    if response.is_error:
        try:
            raise _told(response.json())
        except (ValueError, KeyError, TypeError) as exc:
            raise ServiceError(f"The service answered {response.status_code}.") from exc


def _told(body: dict[str, Any]) -> PhiloError:
    kind = getattr(errors, str(body["error"]["type"]), None)
    if not (isinstance(kind, type) and issubclass(kind, PhiloError)):
        kind = ServiceError
    return kind(str(body["error"]["message"]))


def _unreachable(exc: Exception) -> ServiceError:
    return ServiceError(f"The running service cannot be reached ({exc}); start it with: philo up")
