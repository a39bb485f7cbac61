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
from assistant.models.generators.base import Ticket

logger = logging.getLogger(__name__)

Event = tuple[str, BaseModel]
Result = TypeVar("Result")

LOOK_S = 0.25
"""How often who waits looks at the place in the queue, and whether it is all over."""


def stream_events(
    events: Iterator[Event],
    *,
    ticket: Ticket | None = None,
    limiter: CapacityLimiter | None = None,
    headers: Mapping[str, str] | None = None,
    ended_by: Callable[[], PhiloError | None] = lambda: None,
) -> StreamingResponse:
    """Send each event as it comes; the last one is `error` when the iterator raises.

    When the client goes away the ticket is cancelled and the iterator closed, which stops the
    work behind it.

    Args:
        ticket: while others are before it, `waiting` events tell how many.
        limiter: of the threads that wait for events.
        ended_by: asked while an event is waited for; an error is told at once, and the work
            behind it is left to end.
    """
    return StreamingResponse(
        _frames(events, ticket or Ticket(), limiter, ended_by),
        media_type="text/event-stream",
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


async def _frames(
    events: Iterator[Event],
    ticket: Ticket,
    limiter: CapacityLimiter | None,
    ended_by: Callable[[], PhiloError | None],
) -> AsyncIterator[str]:
    told = 0
    coming: asyncio.Task[Event | None] | None = None
    try:
        while True:
            coming = asyncio.create_task(
                anyio.to_thread.run_sync(partial(_next, events), limiter=limiter)
            )
            while not (await asyncio.wait({coming}, timeout=LOOK_S))[0]:
                if (ended := ended_by()) is not None:
                    yield _frame("error", describe(ended))
                    return
                if ticket.position not in (0, told):
                    told = ticket.position
                    yield _frame("waiting", WaitingEvent(position=told))
            event = coming.result()
            if event is None:
                return
            yield _frame(*event)
    finally:
        ticket.cancel()
        with anyio.CancelScope(shield=True):
            if coming is not None:
                await asyncio.wait({coming})
            close = getattr(events, "close", None)
            if close is not None:
                await anyio.to_thread.run_sync(close)


def _frame(name: str, body: BaseModel) -> str:
    return f"event: {name}\ndata: {body.model_dump_json()}\n\n"


def _next(events: Iterator[Event]) -> Event | None:
    try:
        return next(events, None)
    except PhiloError as exc:
        return "error", describe(exc)
    except Exception as exc:
        logger.exception("a stream failed")
        return "error", describe(exc)
