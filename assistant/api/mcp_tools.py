"""The tools and resources that agents get: Philo's own operations under the caller's rights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import anyio
from anyio.to_thread import run_sync
from pydantic import BaseModel

from assistant.access.types import Principal
from assistant.answering.events import SentenceWritten
from assistant.api.events import close_events
from assistant.api.mcp_types import (
    AskArguments,
    CitationArguments,
    CitedText,
    FoundPassages,
    SearchArguments,
    SummarizeArguments,
    ToolAnswer,
    ToolSummary,
)
from assistant.api.reader import name_of, readable_of, rights_of
from assistant.assistant import Assistant
from assistant.errors import DocumentNotFoundError
from assistant.knowledge.stored import StoredChunk
from assistant.models.generators.types import Ticket
from assistant.positions import LineMap
from assistant.summarizing.types import StatementWritten, Summary, SummaryProgress
from assistant.types import Answer, PublicModel

Item = TypeVar("Item")
NEAREST = 3
"""Passages shown where there is no answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls; `asker` is among whom turns are shared out, `tell` reports how far it is:
    (done, of how many or None, a line for people)."""

    principal: Principal | None
    asker: str
    tell: Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    result: type[PublicModel]
    run: Callable[[Assistant, Any, Call], Awaitable[PublicModel]]


async def _search(assistant: Assistant, asked: SearchArguments, call: Call) -> FoundPassages:
    search = partial(
        assistant.search,
        asked.query,
        k=asked.k,
        readable=readable_of(call.principal, asked.collection),
        scope=asked.scope,
        who=name_of(call.principal),
    )
    return FoundPassages(passages=await run_sync(search))


async def _ask(assistant: Assistant, asked: AskArguments, call: Call) -> ToolAnswer:
    ticket = assistant.reserve(principal=call.asker)
    start = partial(
        assistant.ask,
        asked.question,
        readable=readable_of(call.principal, asked.collection),
        scope=asked.scope,
        ticket=ticket,
        who=name_of(call.principal),
        readable_now=rights_of(assistant.library.people, call.principal, asked.collection),
    )
    async with _cancelled_with(ticket):
        done = 0
        async for event in _each(await run_sync(start)):
            done += 1
            if isinstance(event, Answer):
                return ToolAnswer(
                    answer=event.answer,
                    refused=event.refused,
                    evidence=event.evidence,
                    citations=event.citations,
                    nearest=event.passages[:NEAREST] if event.refused else [],
                )
            if isinstance(event, SentenceWritten):
                await call.tell(done, None, event.sentence.text)
            else:
                await call.tell(done, None, f"{len(event)} passages found")
    raise AssertionError("`ask` ends with the answer, or raises")


async def _summarize(assistant: Assistant, asked: SummarizeArguments, call: Call) -> ToolSummary:
    start = partial(
        assistant.summarise,
        asked.documents,
        readable=readable_of(call.principal),
        form=asked.form,
        language=asked.language,
        who=name_of(call.principal),
        readable_now=rights_of(assistant.library.people, call.principal),
    )
    done = 0
    async for event in _each(await run_sync(start)):
        if isinstance(event, Summary):
            return ToolSummary(
                text=event.text,
                form=event.form,
                language=event.language,
                titles=event.titles,
                remarks=event.remarks,
                citations=event.citations,
            )
        done += 1
        if isinstance(event, StatementWritten):
            await call.tell(done, None, event.statement.text)
        elif isinstance(event, SummaryProgress):
            part = f"{event.title}: {event.done} of {event.total} sections read"
            await call.tell(done, None, part)
    raise AssertionError("`summarise` ends with the summary, or raises")


async def _read_citation(assistant: Assistant, asked: CitationArguments, call: Call) -> CitedText:
    readable = readable_of(call.principal)
    chunks = await run_sync(assistant.library.document_chunks, asked.document_id, readable)
    quote = text_between(chunks, asked.start, asked.end)
    if not quote.strip():
        raise DocumentNotFoundError(
            f"the document {asked.document_id!r} holds no text from {asked.start} to {asked.end}; "
            "it may have changed since it was cited: search again"
        )
    holds_start = next(chunk for chunk in chunks if chunk.end > asked.start)
    lines = LineMap(holds_start.lines, holds_start.end)
    return CitedText(
        document_id=asked.document_id,
        title=holds_start.title,
        uri=holds_start.uri,
        page=lines.page(max(asked.start, holds_start.start)),
        pages=holds_start.pages,
        heading=list(holds_start.heading),
        before=text_between(chunks, max(0, asked.start - asked.context_chars), asked.start),
        quote=quote,
        behind=text_between(chunks, asked.end, asked.end + asked.context_chars),
    )


TOOLS: tuple[Tool, ...] = (
    Tool(
        "search",
        "Search the documents",
        "Finds the passages of the organisation's documents that are nearest to a query, by "
        "meaning and by words. Use it to look around or to read sources yourself; use `ask` for "
        "a question that wants an answer. Each passage names document, page and position.",
        SearchArguments,
        FoundPassages,
        _search,
    ),
    Tool(
        "ask",
        "Ask the documents",
        "Answers one question from the organisation's documents. Every sentence is checked "
        "against its source and carries a mark [1] that names a citation with document, page and "
        "exact quote. When `refused` is true, the documents do not hold the answer: say so, and "
        "do not make one up. Each call stands alone, so put everything into the question.",
        AskArguments,
        ToolAnswer,
        _ask,
    ),
    Tool(
        "summarize",
        "Summarise a document",
        "Summarises one document, or compares several (form=compare). Each statement is cited to "
        "its page. Long documents take minutes; progress is reported.",
        SummarizeArguments,
        ToolSummary,
        _summarize,
    ),
    Tool(
        "read_citation",
        "Read a citation in its place",
        "Gives the exact words that a citation or passage points to (document_id, start, end), "
        "with the text around them. Use it to verify a quote or to read on.",
        CitationArguments,
        CitedText,
        _read_citation,
    ),
)


def text_between(chunks: Sequence[StoredChunk], start: int, end: int) -> str:
    """A version's text as far as its chunks hold it; what they leave out is a line break.

    Args:
        chunks: of one version, in order.
    """
    parts: list[str] = []
    at = start
    for chunk in chunks:
        first, last = max(at, chunk.start), min(end, chunk.end)
        if first < last:
            if parts and first > at:
                parts.append("\n")
            parts.append(chunk.text[first - chunk.start : last - chunk.start])
            at = last
    return "".join(parts)


async def _each(events: Iterator[Item]) -> AsyncIterator[Item]:
    """The items of a blocking iterator, closed in the end."""
    try:
        while True:
            item = await run_sync(next, events, None)
            if item is None:
                return
            yield item
    finally:
        with anyio.CancelScope(shield=True):
            await run_sync(close_events, events)


@asynccontextmanager
async def _cancelled_with(ticket: Ticket) -> AsyncIterator[None]:
    """Give the place back when the call ends, and at once when it is cancelled: a thread that
    waits for the generator ends by that only."""

    async def watch() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ticket.cancel()

    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            yield
        except Exception as exc:  # noqa: BLE001 - raised below, where no group wraps it
            failure = exc
        finally:
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure
