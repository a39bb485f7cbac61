"""For load balancers and container engines: whether the process lives, whether to send it work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio
import anyio.to_thread
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistant.assistant import Assistant
from assistant.errors import PhiloError

PATIENCE_S = 4.0
"""What takes longer to answer is not ready."""


def readiness_routes(assistant: Assistant, draining: Callable[[], bool]) -> list[Route]:
    """GET /api/live and GET /api/ready, for everyone; they tell nothing of what is known.

    Args:
        draining: whether it is about to end.
    """
    readiness = _Readiness(assistant)

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> JSONResponse:
        reason = "draining" if draining() else await readiness.why_not()
        if reason:
            return JSONResponse({"status": "not ready", "reason": reason}, 503)
        return JSONResponse({"status": "ok"})

    return [Route("/api/live", live), Route("/api/ready", ready)]


class _Readiness:
    """All who ask at once share one look: a store that is silent costs one thread."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._look: asyncio.Task[str] | None = None

    async def why_not(self) -> str:
        """What does not answer; empty where all does."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._ask())
        try:
            return await asyncio.wait_for(asyncio.shield(self._look), PATIENCE_S)
        except TimeoutError:
            return "no answer in time"

    async def _ask(self) -> str:
        # A thread of its own: those for requests may all be waiting for the same store.
        return await anyio.to_thread.run_sync(
            _why_not, self._assistant, limiter=anyio.CapacityLimiter(1)
        )


def _why_not(assistant: Assistant) -> str:
    part = "database"
    try:
        with assistant.library.database.reading() as session:
            session.scalar(text("SELECT 1"))
        part = "vectors"
        assistant.library.check_vectors()
        part = "models"
        assistant.embedder.encode_query("ready")
        if assistant.generator is not None and assistant.generator.is_loading:
            return "models: the generator is being loaded"
    except PhiloError as exc:
        return f"{part}: {type(exc).__name__}"
    return ""
