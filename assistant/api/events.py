"""Server-sent events (WHATWG HTML, section 9.2) out of an ordinary iterator, and blocking work
that ends when the client goes away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from assistant.api.failures import describe
from assistant.api.schemas import WaitingEvent
from assistant.errors import PhiloError
from assistant.models.generators.types import Ticket

logger = logging.getLogger(__name__)

Event = tuple[str, BaseModel]
Result = TypeVar("Result")

LOOK_S = 0.25
"""How often who waits looks at the place in the queue, and whether it is all over."""


class EventStream(StreamingResponse):
    """Server-sent events; as `response_class` it tells the OpenAPI so."""

    media_type = "text/event-stream"


def stream_events(
    events: Iterator[Event],
    *,
    ticket: Ticket | None = None,
    limiter: CapacityLimiter | None = None,
    write: Callable[[Event], str] | None = None,
    headers: Mapping[str, str] | None = None,
    ended_by: Callable[[], PhiloError | None] = lambda: None,
) -> EventStream:
    """Send each event as it comes; the last one is `error` when the iterator raises.

    When the client goes away the ticket is cancelled and the iterator closed, which stops the
    work behind it.

    Args:
        ticket: while others are before it, `waiting` events tell how many.
        limiter: of the threads that wait for events.
        write: an event as it is sent; by default its name, and its body as JSON.
        ended_by: asked while an event is waited for; an error is told at once, and the work
            behind it is left to end.
    """
    return EventStream(
        _frames(events, ticket or Ticket(), limiter, write or _frame, ended_by),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})},
    )


async def call_while_connected(
    request: Request,
    work: Callable[[], Result],
    *,
    on_gone: Callable[[], None],
    limiter: CapacityLimiter,
    ended_by: Callable[[], PhiloError | None] = lambda: None,
) -> Result:
    """Run blocking work in a thread; `on_gone` is called when the client goes away meanwhile.

    Args:
        ended_by: asked while it runs; an error is raised at once, and the work left to end.
    """

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        on_gone()

    watcher = asyncio.create_task(watch())
    working = asyncio.create_task(
        anyio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=True)
    )
    try:
        while not (await asyncio.wait({working}, timeout=LOOK_S))[0]:
            if (ended := ended_by()) is not None:
                raise ended
        return working.result()
    finally:
        watcher.cancel()
        working.cancel()


def close_events(events: Iterator[object]) -> None:
    """End an iterator that has something to end: a generator."""
    close = getattr(events, "close", None)
    if close is not None:
        close()


async def _frames(
    events: Iterator[Event],
    ticket: Ticket,
    limiter: CapacityLimiter | None,
    write: Callable[[Event], str],
    ended_by: Callable[[], PhiloError | None],
) -> AsyncIterator[str]:
    told = ticket.position
    coming: asyncio.Task[Event | None] | None = None
    try:
        if told:  # before the work that the first event takes, for which there is a line as well
            yield write(("waiting", WaitingEvent(position=told)))
        while True:
            coming = asyncio.create_task(
                anyio.to_thread.run_sync(partial(_next, events), limiter=limiter)
            )
            while not (await asyncio.wait({coming}, timeout=LOOK_S))[0]:
                if (ended := ended_by()) is not None:
                    yield write(("error", describe(ended)))
                    return
                if ticket.position not in (0, told):
                    told = ticket.position
                    yield write(("waiting", WaitingEvent(position=told)))
            event = coming.result()
            if event is None:
                return
            yield write(event)
    finally:
        ticket.cancel()
        with anyio.CancelScope(shield=True):
            if coming is not None:
                await asyncio.wait({coming})
            await anyio.to_thread.run_sync(close_events, events)


def _frame(event: Event) -> str:
    name, body = event
    return f"event: {name}\ndata: {body.model_dump_json()}\n\n"


def _next(events: Iterator[Event]) -> Event | None:
    try:
        return next(events, None)
    except PhiloError as exc:
        return "error", describe(exc)
    except Exception as exc:
        logger.exception("a stream failed")
        return "error", describe(exc)
