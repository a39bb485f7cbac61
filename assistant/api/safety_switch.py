"""The switch that ends all writing, over HTTP: for the operator only."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, FastAPI

from assistant.api.operator import operator_only
from assistant.api.schemas import StopRequest
from assistant.assistant import Assistant
from assistant.errors import GenerationStoppedError
from assistant.safety.disclosure import GenerationState


def ended_by(assistant: Assistant) -> Callable[[], GenerationStoppedError | None]:
    """What a response that is being written asks again and again."""
    switch = assistant.generation
    return lambda: switch.refusal() if switch.is_stopped else None


def add_safety_switch(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may turn the switch.
    """
    router = APIRouter(dependencies=[Depends(operator_only(operator_token))])
    limiter = CapacityLimiter(2)  # of its own: whoever fills the others cannot keep it from turning

    @router.post("/safety/stop")
    async def stop(asked: StopRequest) -> GenerationState:
        """End all answers and summaries being written and refuse more; searching goes on."""
        return await anyio.to_thread.run_sync(
            assistant.stop_generation, asked.reason, limiter=limiter
        )

    @router.post("/safety/resume")
    async def resume() -> GenerationState:
        """Let answers and summaries be written again."""
        return await anyio.to_thread.run_sync(assistant.resume_generation, limiter=limiter)

    api.include_router(router)
