"""Server-sent events (WHATWG HTML, section 9.2) out of an ordinary iterator."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import anyio.to_thread
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from assistant.api.failures import describe
from assistant.errors import PhiloError

logger = logging.getLogger(__name__)

Event = tuple[str, BaseModel]


def stream_events(events: Iterator[Event]) -> StreamingResponse:
    """Send each event as it comes; the last one is `error` when the iterator raises.

    When the client goes away the iterator is closed, which stops the work behind it.
    """
    return StreamingResponse(
        _frames(events),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(events: Iterator[Event]) -> AsyncIterator[str]:
    try:
        while True:
            event = await anyio.to_thread.run_sync(_next, events)
            if event is None:
                return
            name, body = event
            yield f"event: {name}\ndata: {body.model_dump_json()}\n\n"
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(close)


def _next(events: Iterator[Event]) -> Event | None:
    try:
        return next(events, None)
    except PhiloError as exc:
        return "error", describe(exc)
    except Exception as exc:
        logger.exception("a stream failed")
        return "error", describe(exc)
