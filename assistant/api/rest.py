"""The REST API: what the page, the command line beside a running service, and others call."""

from __future__ import annotations

import queue
import secrets
import tempfile
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, File, Form, Header, HTTPException, Query, UploadFile
from fastapi.responses import StreamingResponse
from fastapi_offline import FastAPIOffline

from assistant.answering.compose import SentenceWritten
from assistant.api.events import Event, stream_events
from assistant.api.failures import add_handlers
from assistant.api.schemas import (
    AskRequest,
    ChunkList,
    DocumentList,
    ErrorResponse,
    Health,
    IngestRequest,
    PassagesEvent,
    SearchResponse,
    SentenceEvent,
)
from assistant.assistant import AskEvent, Assistant
from assistant.errors import IngestError, ParseError, StorageFullError
from assistant.retrieval.search import passage_of
from assistant.types import (
    OPERATOR,
    Answer,
    DocumentInfo,
    IngestProgress,
    IngestReport,
    Readable,
)

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorResponse} for code in (404, 422, 500, 503, 507)
}
UPLOAD_PIECE_BYTES = 2**20


def create_api(assistant: Assistant, *, operator_token: str) -> FastAPI:
    """The API over one open assistant.

    Args:
        operator_token: who shows it may bring in files by their path on this machine.
    """
    api = FastAPIOffline(
        title="Philo",
        version=version("philo"),
        summary="Answers from your documents, every sentence cited.",
        responses=ERRORS,
        redoc_url=None,
    )
    add_handlers(api)
    _add_questions(api, assistant)
    _add_documents(api, assistant)
    _add_ingestion(api, assistant, operator_token)
    return api


def readable_by_caller(
    collection: Annotated[str | None, Query(max_length=200)] = None,
) -> Readable:
    """What the caller may read: on the own machine, without people, all there is."""
    return Readable(everything=OPERATOR.everything, collection=collection)


Reader = Annotated[Readable, Depends(readable_by_caller)]


def _add_questions(api: FastAPI, assistant: Assistant) -> None:
    @api.get("/health")
    def health() -> Health:
        """Which models answer, and over how much."""
        documents, chunks = assistant.library.count(OPERATOR)
        return Health(
            status="ok",
            version=version("philo"),
            generator=assistant.settings.models.generator,
            embedder=assistant.settings.models.embedder,
            documents=documents,
            chunks=chunks,
            max_question_chars=assistant.settings.answering.max_question_chars,
            max_file_bytes=assistant.settings.ingest.max_file_bytes,
        )

    @api.get("/search")
    def search(
        readable: Reader,
        q: Annotated[str, Query(max_length=100_000)],
        k: Annotated[int, Query(ge=1, le=100)] = 10,
    ) -> SearchResponse:
        """Passages for a question, best first."""
        return SearchResponse(hits=assistant.search(q, k=k, readable=readable))

    @api.post("/ask")
    def ask(request: AskRequest) -> Answer:
        """The whole answer at once."""
        readable = readable_by_caller(request.collection)
        return assistant.answer(request.question, readable=readable, history=request.history)

    @api.post("/ask/stream", response_class=StreamingResponse)
    def ask_stream(request: AskRequest) -> StreamingResponse:
        """Server-sent events: `passages`, each checked `sentence`, the whole `answer`; or
        `error`."""
        readable = readable_by_caller(request.collection)
        events = assistant.ask(request.question, readable=readable, history=request.history)
        return stream_events(_named(events))


def _named(events: Iterator[AskEvent]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, Answer):
            yield "answer", event
        elif isinstance(event, SentenceWritten):
            yield "sentence", SentenceEvent(sentence=event.sentence, citations=event.citations)
        else:
            yield "passages", PassagesEvent(passages=event)


def _add_documents(api: FastAPI, assistant: Assistant) -> None:
    library = assistant.library

    @api.get("/documents")
    def documents(
        readable: Reader,
        q: Annotated[str, Query(max_length=1000, description="part of title or address")] = "",
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> DocumentList:
        """Readable documents, newest first."""
        listed = library.documents(readable, query=q, offset=offset, limit=limit)
        return DocumentList(documents=listed, total=library.count_matching(readable, query=q))

    @api.get("/documents/{document_id}")
    def document(document_id: str, readable: Reader) -> DocumentInfo:
        """One document; 404 when it does not exist or may not be read."""
        return library.document(document_id, readable)

    @api.get("/documents/{document_id}/chunks")
    def chunks(document_id: str, readable: Reader) -> ChunkList:
        """The document's text in its pieces, in order."""
        pieces = library.document_chunks(document_id, readable)
        return ChunkList(
            chunks=[
                passage_of(chunk, rank=rank, score=0.0)
                for rank, chunk in enumerate(pieces, start=1)
            ]
        )

    @api.delete("/documents/{document_id}", status_code=204)
    def delete(document_id: str, readable: Reader) -> None:
        """Remove a document; it is gone from every search when the call returns."""
        library.retire(library.document(document_id, readable).id)


def _add_ingestion(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    @api.post("/documents")
    def upload(
        file: Annotated[UploadFile, File()],
        collection: Annotated[str, Form(min_length=1, max_length=200)] = "default",
        groups: Annotated[list[str] | None, Form()] = None,
    ) -> IngestReport:
        """Bring one file in; the same name again replaces it. `failed` says why if it cannot
        be read."""
        name = Path((file.filename or "").replace("\\", "/")).name
        if not name:
            raise ParseError("The upload has no file name; send the file with its name.")
        with tempfile.TemporaryDirectory(prefix="philo-upload-") as folder:
            path = Path(folder) / f"upload{Path(name).suffix.lower()}"
            _save(file, path, assistant.settings.ingest.max_file_bytes)
            return assistant.ingestor.ingest_upload(
                str(path), name=name, collection=collection, groups=groups
            )

    @api.post("/ingest", response_class=StreamingResponse)
    def ingest(
        request: IngestRequest, authorization: Annotated[str, Header()] = ""
    ) -> StreamingResponse:
        """Files and folders by their path on this machine: for its operator only.

        Server-sent events: `progress` after each file, then the `report`; or `error`.
        """
        if not secrets.compare_digest(authorization.encode(), f"Bearer {operator_token}".encode()):
            raise HTTPException(401, "Only the operator's own commands may bring in paths.")
        return stream_events(_ingest_events(assistant, request))


def _save(upload: UploadFile, path: Path, limit_bytes: int) -> None:
    size = 0
    with path.open("wb") as target:
        while piece := upload.file.read(UPLOAD_PIECE_BYTES):
            size += len(piece)
            if size > limit_bytes:
                raise ParseError(
                    f"The file is larger than {limit_bytes // 2**20} MiB; split it, or raise "
                    "ingest.max_file_bytes."
                )
            try:
                target.write(piece)
            except OSError as exc:
                raise StorageFullError(
                    f"The upload cannot be kept ({exc.strerror}); free some space, then try again."
                ) from exc


def _ingest_events(assistant: Assistant, request: IngestRequest) -> Iterator[Event]:
    """Run the ingestion in a thread of its own and pass its progress on. When the client goes
    away, the ingestion ends with the file that it is at."""
    events: queue.Queue[Event | Exception | None] = queue.Queue()

    left = threading.Event()

    def tell(progress: IngestProgress) -> None:
        if left.is_set():
            raise IngestError("The client went away.")
        events.put(("progress", progress))

    def work() -> None:
        try:
            report = assistant.ingestor.ingest(
                request.paths,
                collection=request.collection,
                groups=request.groups,
                listener=tell,
            )
            events.put(("report", report))
        except Exception as exc:  # noqa: BLE001 - carried to the stream's own edge
            events.put(exc)
        finally:
            events.put(None)

    threading.Thread(target=work, name="philo-ingest", daemon=True).start()
    try:
        while (event := events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        left.set()
