"""OpenAI's chat completions over Philo's answers, for programs that speak to nothing else."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Path, Request

from assistant.access.types import Principal
from assistant.answering.compose import with_marks
from assistant.answering.events import AskEvent, SentenceWritten
from assistant.api.events import (
    Event,
    EventStream,
    call_while_connected,
    close_events,
    stream_events,
)
from assistant.api.openai_failures import PREFIX
from assistant.api.openai_limits import Limits
from assistant.api.openai_requests import (
    MODEL,
    ChatQuestion,
    read_chat,
    read_model,
    unknown_model,
)
from assistant.api.openai_types import (
    AnswerMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatRequest,
    Choice,
    ChunkChoice,
    Delta,
    FinishReason,
    Model,
    ModelList,
    OpenAIErrorBody,
    OpenAIErrorResponse,
    PhiloDetails,
    Usage,
)
from assistant.api.reader import Caller, asker_of, name_of, readable_of, rights_of
from assistant.api.schemas import ErrorResponse, WaitingEvent
from assistant.assistant import Assistant
from assistant.types import Answer, PublicModel

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": OpenAIErrorResponse} for code in (400, 401, 403, 404, 422, 429, 500, 503, 507)
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream` server-sent events that hold a "
        "`ChatCompletionChunk` each, then `[DONE]`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class _Done(PublicModel):
    """The end of a stream."""


@dataclass
class _Writing:
    """One completion as it grows."""

    assistant: Assistant
    question: ChatQuestion
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        self.limits = Limits(self.question.stops, self.question.most_tokens, self._count)
        self.answer: Answer | None = None

    def pieces(self, events: Iterator[AskEvent]) -> Iterator[str]:
        """What is sent of the answer's text, as it is known. Read to the end also when a limit
        has cut it, so that the audit log holds the whole answer."""
        try:
            for event in events:
                if isinstance(event, SentenceWritten):
                    gap = " " if self.limits.sentences else ""
                    yield self.limits.take(gap + with_marks(event.sentence))
                elif isinstance(event, Answer):
                    self.answer = event
                    if event.refused:
                        yield self.limits.take(event.answer)
        finally:
            close_events(events)
        yield self.limits.end()

    def details(self) -> PhiloDetails:
        """Of the sentences that were sent."""
        answer = self.answer
        assert answer is not None  # noqa: S101 - `ask` ends with the answer, or raises
        sentences = answer.sentences[: self.limits.sentences]
        cited = {marker for sentence in sentences for marker in sentence.citations}
        return PhiloDetails(
            refused=answer.refused,
            evidence=answer.evidence,
            model=answer.model,
            writer=answer.writer,
            language=answer.language,
            citations=[one for one in answer.citations if one.marker in cited],
            sentences=sentences,
            timings_ms=answer.timings_ms,
            ignored=self.question.ignored,
        )

    def usage(self) -> Usage:
        read = [turn.text for turn in self.question.history] + [self.question.question]
        prompt = sum(self.assistant.embedder.count_tokens(read))
        written = self._count(self.limits.text)
        return Usage(prompt_tokens=prompt, completion_tokens=written, total_tokens=prompt + written)

    def completion(self, events: Iterator[AskEvent]) -> ChatCompletion:
        for _ in self.pieces(events):
            pass
        message = AnswerMessage(content=self.limits.text)
        return ChatCompletion(
            id=self.id,
            created=self.created,
            model=self.question.model,
            choices=[Choice(message=message, finish_reason=self.limits.reason)],
            usage=self.usage(),
            philo=self.details(),
        )

    def chunks(self, events: Iterator[AskEvent]) -> Iterator[Event]:
        yield "chunk", self._chunk(Delta(role="assistant", content=""))
        for piece in self.pieces(events):
            if piece:
                yield "chunk", self._chunk(Delta(content=piece))
        yield "chunk", self._chunk(Delta(), self.limits.reason, self.details())
        if self.question.with_usage:
            last = self._chunk(None)
            yield "chunk", last.model_copy(update={"usage": self.usage()})
        yield "done", _Done()

    def _chunk(
        self,
        delta: Delta | None,
        reason: FinishReason | None = None,
        details: PhiloDetails | None = None,
    ) -> ChatCompletionChunk:
        return ChatCompletionChunk(
            id=self.id,
            created=self.created,
            model=self.question.model,
            choices=[] if delta is None else [ChunkChoice(delta=delta, finish_reason=reason)],
            philo=details,
        )

    def _count(self, text: str) -> int:
        return self.assistant.embedder.count_tokens([text])[0]


def add_openai(api: FastAPI, assistant: Assistant) -> None:
    """`/v1/chat/completions` and `/v1/models`."""
    router = APIRouter(prefix=PREFIX, tags=["openai"])
    started = int(time.time())
    serving = assistant.settings.serving
    limiter = CapacityLimiter(2 * (serving.slots + serving.queue))

    def may_ask(principal: Principal | None, name: str) -> bool:
        collection = read_model(name)
        if collection is None:
            return True
        readable = readable_of(principal, collection)
        return bool(assistant.library.documents(readable, limit=1))

    @router.get("/models", responses=ERRORS)
    def chat_models(principal: Caller) -> ModelList:
        """`philo`, and a `philo/COLLECTION` for each collection with a readable document."""
        collections = assistant.library.collections(readable_of(principal))
        names = [MODEL, *(f"{MODEL}/{name}" for name in collections)]
        return ModelList(data=[Model(id=name, created=started) for name in names])

    @router.get("/models/{model:path}", responses=ERRORS)
    def model(model: Annotated[str, Path(max_length=300)], principal: Caller) -> Model:
        """404 where there is none, or where nothing of its collection may be read."""
        if not may_ask(principal, model):
            raise unknown_model(model)
        return Model(id=model, created=started)

    def read(asked: ChatRequest, principal: Principal | None) -> ChatQuestion:
        question = read_chat(asked)
        if not may_ask(principal, question.model):
            raise unknown_model(question.model)
        return question

    # As in rest.py: a place before a thread, so that who finds none is told at once.
    @router.post("/chat/completions", response_model=ChatCompletion, responses={**ERRORS, **STREAM})
    async def complete(
        asked: ChatRequest, request: Request, principal: Caller
    ) -> ChatCompletion | EventStream:
        """A cited answer. The last user message is the question, those before it the
        conversation; system messages, temperature and the like are not followed and are named in
        `philo.ignored`. 429 with Retry-After when too many ask."""
        question = await run_sync(read, asked, principal)
        ticket = assistant.reserve(principal=asker_of(request, principal))
        writing = _Writing(assistant, question)
        events = assistant.ask(
            question.question,
            readable=readable_of(principal, question.collection),
            history=question.history,
            ticket=ticket,
            who=name_of(principal),
            readable_now=rights_of(assistant.library.people, principal, question.collection),
        )
        if question.stream:
            return stream_events(
                writing.chunks(events), ticket=ticket, limiter=limiter, write=_write
            )
        return await call_while_connected(
            request, lambda: writing.completion(events), on_gone=ticket.cancel, limiter=limiter
        )

    api.include_router(router)


def _write(event: Event) -> str:
    """As OpenAI streams: data alone, without empty fields; waiting is told in comments."""
    _, body = event
    if isinstance(body, _Done):
        return "data: [DONE]\n\n"
    if isinstance(body, WaitingEvent):
        return f": {body.position} before this one\n\n"
    if isinstance(body, ErrorResponse):
        told = OpenAIErrorBody(message=body.error.message, type="server_error", code=None)
        return f"data: {OpenAIErrorResponse(error=told).model_dump_json()}\n\n"
    data = body.model_dump(mode="json")
    for choice in data["choices"]:
        choice["delta"] = _without_nulls(choice["delta"])
    return f"data: {json.dumps(_without_nulls(data), ensure_ascii=False)}\n\n"


def _without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
