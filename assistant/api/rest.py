"""The REST API: what the page, the command line beside a running service, and others call."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import (
    Depends,
    FastAPI,
    File,
    Form,
    Query,
    Request,
    Response,
    UploadFile,
)
from fastapi_offline import FastAPIOffline

from assistant.access.login import Login
from assistant.access.share_keys import user_key
from assistant.answering.events import AskEvent, SentenceWritten
from assistant.api.audit import add_audit
from assistant.api.background import stream_work
from assistant.api.backups import add_backups
from assistant.api.caller import caller
from assistant.api.conversations import add_conversations, keep_events
from assistant.api.description import complete_description, operation_id
from assistant.api.erasures import add_erasures
from assistant.api.evaluations import add_evaluations
from assistant.api.events import Event, EventStream, call_while_connected, stream_events
from assistant.api.failures import add_handlers
from assistant.api.indexes import add_indexes
from assistant.api.jobs import add_jobs
from assistant.api.mcp_server import add_mcp
from assistant.api.me import add_me
from assistant.api.models import add_models
from assistant.api.observed import ObservedRequests
from assistant.api.openai_chat import add_openai
from assistant.api.operator import OperatorOnly
from assistant.api.origin import OriginMiddleware
from assistant.api.pages import add_pages
from assistant.api.people import add_people
from assistant.api.ratings import add_ratings
from assistant.api.reader import Caller, Reader, Scoped, asker_of, name_of, readable_of, rights_of
from assistant.api.safety_check import add_safety_check
from assistant.api.safety_switch import add_safety_switch, ended_by
from assistant.api.schemas import (
    AskRequest,
    ChunkList,
    DocumentList,
    ErrorResponse,
    Health,
    IngestRequest,
    PassagesEvent,
    SearchRequest,
    SearchResponse,
    SentenceEvent,
)
from assistant.api.selections import add_selections
from assistant.api.settings import add_settings
from assistant.api.sharing import add_sharing
from assistant.api.sources import add_sources
from assistant.api.summaries import add_summaries
from assistant.api.usage import add_usage
from assistant.assistant import Assistant
from assistant.errors import ParseError, StorageFullError
from assistant.knowledge.document_lists import DocumentFilter, place_of, read_place
from assistant.models.generators import name_generator
from assistant.retrieval.search import passage_of
from assistant.safety.disclosure import disclosure_headers
from assistant.types import (
    Answer,
    DocumentInfo,
    DocumentState,
    IngestReport,
    JobInfo,
    ProgressListener,
)

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorResponse} for code in (400, 401, 403, 404, 409, 422, 429, 500, 503, 507)
}
UPLOAD_PIECE_BYTES = 2**20


def create_api(assistant: Assistant, *, operator_token: str, login: Login | None = None) -> FastAPI:
    """The API over one open assistant.

    Args:
        login: where people have to sign in; else whoever shows nothing is the operator.
        operator_token: who shows it may bring in files by their path on this machine.
    """
    api = FastAPIOffline(
        title="Philo",
        version=version("philo"),
        summary="Answers from your documents, every sentence cited.",
        responses=ERRORS,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        dependencies=[Depends(caller)],
    )
    api.state.people = assistant.library.people
    api.state.operator_token = operator_token
    api.state.login = login
    api.add_middleware(OriginMiddleware)
    api.add_middleware(ObservedRequests, metrics=assistant.library.observer.metrics)
    add_handlers(api)
    _add_questions(api, assistant)
    _add_documents(api, assistant)
    _add_ingestion(api, assistant, operator_token)
    add_indexes(api, assistant, operator_token)
    add_conversations(api, assistant)
    add_jobs(api, assistant)
    add_pages(api, assistant)
    add_ratings(api, assistant, operator_token)
    add_selections(api, assistant)
    add_sharing(api, assistant)
    add_sources(api, assistant, operator_token)
    add_summaries(api, assistant, operator_token)
    add_me(api, login)
    add_erasures(api, assistant, operator_token)
    add_people(api, assistant, operator_token)
    add_audit(api, assistant, operator_token)
    add_backups(api, assistant, operator_token)
    add_usage(api, assistant, operator_token)
    add_settings(api, assistant, operator_token)
    add_models(api, assistant, operator_token)
    add_evaluations(api, assistant, operator_token)
    add_safety_check(api, assistant, operator_token)
    add_safety_switch(api, assistant, operator_token)
    add_openai(api, assistant)
    add_mcp(api, assistant)
    complete_description(api, trusts_own_machine=login is None)
    return api


def _add_questions(api: FastAPI, assistant: Assistant) -> None:
    @api.get("/health")
    def health(readable: Reader) -> Health:
        """Which models answer, and over how much."""
        documents, chunks = assistant.library.count(readable)
        return Health(
            status="ok",
            version=version("philo"),
            generator=name_generator(assistant.settings.models),
            embedder=assistant.settings.models.embedder,
            documents=documents,
            chunks=chunks,
            max_question_chars=assistant.settings.answering.max_question_chars,
            max_file_bytes=assistant.settings.ingest.max_file_bytes,
            generation=assistant.generation.state,
        )

    @api.get("/search")
    def search(
        principal: Caller,
        readable: Reader,
        scope: Scoped,
        q: Annotated[str, Query(max_length=100_000)],
        k: Annotated[int, Query(ge=1, le=100)] = 10,
    ) -> SearchResponse:
        """Passages for a question, best first."""
        hits = assistant.search(q, k=k, readable=readable, scope=scope, who=name_of(principal))
        return SearchResponse(hits=hits)

    @api.post("/search")
    def search_by_body(asked: SearchRequest, principal: Caller) -> SearchResponse:
        """The same, for questions and scopes that are too long for an address."""
        hits = assistant.search(
            asked.question,
            k=asked.k,
            readable=readable_of(principal),
            scope=asked.scope,
            who=name_of(principal),
        )
        return SearchResponse(hits=hits)

    # These two take their place before they take a thread: who finds none is told at once. The
    # threads that wait for answers are not those that the other routes share.
    serving = assistant.settings.serving
    limiter = CapacityLimiter(2 * (serving.slots + serving.queue))

    @api.post("/ask")
    async def ask(
        asked: AskRequest, request: Request, response: Response, principal: Caller
    ) -> Answer:
        """The whole answer at once; 429 with Retry-After when too many ask."""
        ticket = assistant.reserve(principal=asker_of(request, principal))
        work = partial(
            assistant.answer,
            asked.question,
            readable=readable_of(principal, asked.collection),
            scope=asked.scope,
            history=asked.history,
            ticket=ticket,
            who=name_of(principal),
            readable_now=rights_of(assistant.library.people, principal, asked.collection),
        )
        answer = await call_while_connected(
            request,
            work,
            on_gone=ticket.cancel,
            limiter=limiter,
            ended_by=ended_by(assistant),
        )
        response.headers.update(disclosure_headers(answer.model, answer.made_at))
        return answer

    @api.post("/ask/stream", response_class=EventStream)
    async def ask_stream(asked: AskRequest, request: Request, principal: Caller) -> EventStream:
        """Server-sent events: `passages`, `waiting` as the queue before it grows shorter, each
        checked `sentence`, the whole `answer`; or `error`. Where they are kept in a conversation,
        `exchange` comes first. 429 with Retry-After when too many
        ask."""
        ticket = assistant.reserve(principal=asker_of(request, principal))
        events = assistant.ask(
            asked.question,
            readable=readable_of(principal, asked.collection),
            scope=asked.scope,
            history=asked.history,
            ticket=ticket,
            who=name_of(principal),
            readable_now=rights_of(assistant.library.people, principal, asked.collection),
        )
        named = _named(events)
        if asked.conversation is not None:
            named = keep_events(
                events,
                named,
                assistant.conversations,
                conversation_id=asked.conversation,
                question=asked.question,
                principal=principal,
            )
        return stream_events(
            named,
            ticket=ticket,
            limiter=limiter,
            headers=disclosure_headers(assistant.model_id),
            ended_by=ended_by(assistant),
        )


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
        scope: Scoped,
        q: Annotated[str, Query(max_length=1000, description="part of title or address")] = "",
        state: DocumentState = "published",
        incomplete: Annotated[
            bool, Query(description="only those with pages without text")
        ] = False,
        cursor: Annotated[str, Query(max_length=100, description="`next` of the last page")] = "",
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> DocumentList:
        """Readable documents, newest first. With a cursor, the page behind the last one, however
        long the list is and whatever has come since."""
        meant = DocumentFilter(query=q, state=state, scope=scope, incomplete=incomplete)
        place = read_place(cursor) if cursor else None
        found = library.list_documents(readable, meant, place=place, offset=offset, limit=limit + 1)
        listed = found[:limit]
        more = place_of(listed[-1]).written() if len(found) > limit else None
        total = offset + len(listed)
        if more or place or (offset and not listed):  # else the list has come to its end
            total = library.count_matching(readable, meant=meant)
        return DocumentList(documents=listed, total=total, next=more)

    @api.get("/documents/{document_id}")
    def document(document_id: str, readable: Reader) -> DocumentInfo:
        """One document; 404 when it does not exist or may not be read."""
        return library.document(document_id, readable)

    @api.get("/documents/{document_id}/chunks")
    def chunks(document_id: str, readable: Reader, principal: Caller) -> ChunkList:
        """The document's text in its pieces, in order."""
        pieces = library.document_chunks(document_id, readable)
        passages = [
            passage_of(chunk, rank=rank, score=0.0) for rank, chunk in enumerate(pieces, start=1)
        ]
        who = name_of(principal)
        return ChunkList(chunks=assistant.screening.show(passages, readable, who=who))

    @api.delete("/documents/{document_id}", status_code=204)
    def delete(document_id: str, readable: Reader, principal: Caller) -> None:
        """Remove a document; it is gone from every search when the call returns."""
        assistant.retire_document(document_id, readable, who=name_of(principal))

    @api.post("/documents/{document_id}/release")
    def release(document_id: str, readable: Reader, principal: Caller) -> DocumentInfo:
        """Let a document out of quarantine: from now on it is searched."""
        return assistant.release_document(document_id, readable, who=name_of(principal))


def _add_ingestion(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    @api.post("/documents", responses={202: {"model": JobInfo, "description": "Accepted"}})
    def upload(
        response: Response,
        principal: Caller,
        file: Annotated[UploadFile, File()],
        collection: Annotated[str, Form(min_length=1, max_length=200)] = "default",
        groups: Annotated[list[str] | None, Form()] = None,
        folder: Annotated[str, Form(max_length=1000)] = "",
        wait: bool = True,
    ) -> IngestReport | JobInfo:
        """Bring one file in; the same name again, in the same `folder`, replaces it. `failed`
        says why if it cannot be read. With `wait=false` the answer is 202 and the job, as soon as
        the file is safely kept."""
        name = Path((file.filename or "").replace("\\", "/")).name
        if not name:
            raise ParseError("The upload has no file name; send the file with its name.")
        with tempfile.TemporaryDirectory(prefix="philo-upload-") as own:
            path = Path(own) / f"upload{Path(name).suffix.lower()}"
            _save(file, path, assistant.settings.ingest.max_file_bytes)
            bring_in = (
                assistant.ingestor.ingest_upload if wait else assistant.ingestor.accept_upload
            )
            answer = bring_in(
                str(path),
                name=name,
                folder=folder,
                collection=collection,
                groups=groups if principal is None else principal.share_with(groups),
                owner=principal.name if principal else "",
                owner_key=user_key(principal.user_id) if principal else None,
            )
        if isinstance(answer, IngestReport):
            return assistant.log_ingestion([name], answer, who=name_of(principal))
        response.status_code = 202
        return answer

    @api.post(
        "/ingest",
        response_class=EventStream,
        dependencies=[Depends(OperatorOnly(operator_token))],
    )
    def ingest(request: IngestRequest) -> EventStream:
        """Files and folders by their path on this machine: for its operator only.

        Server-sent events: `progress` after each file, then the `report`; or `error`.
        """

        def work(
            tell: ProgressListener, report: Callable[[IngestReport], None], _: threading.Event
        ) -> None:
            done = assistant.ingestor.ingest(
                request.paths,
                collection=request.collection,
                groups=request.groups,
                listener=tell,
            )
            report(assistant.log_ingestion(request.paths, done))

        return stream_events(stream_work(work))


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
