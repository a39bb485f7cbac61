"""The switch that ends all writing, over HTTP: for the operator and administrators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, FastAPI

from assistant.api.administrator import administrators_only
from assistant.api.reader import Caller, name_of
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
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    limiter = CapacityLimiter(2)  # of its own: whoever fills the others cannot keep it from turning

    @router.post("/safety/stop")
    async def stop(asked: StopRequest, principal: Caller) -> GenerationState:
        """End all answers and summaries being written and refuse more; searching goes on."""
        return await anyio.to_thread.run_sync(
            partial(assistant.stop_generation, asked.reason, who=name_of(principal)),
            limiter=limiter,
        )

    @router.post("/safety/resume")
    async def resume(principal: Caller) -> GenerationState:
        """Let answers and summaries be written again."""
        return await anyio.to_thread.run_sync(
            partial(assistant.resume_generation, who=name_of(principal)), limiter=limiter
        )

    api.include_router(router)
