"""How the assistant is used, over the API: for the operator and administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import Field

from assistant.api.administrator import administrators_only
from assistant.api.reader import Caller, Reader, name_of
from assistant.assistant import Assistant
from assistant.types import PublicModel
from assistant.usage import MOST_DAYS, Usage, UsageReader


class SettledQuestion(PublicModel):
    question: str = Field(min_length=1, max_length=20_000)


def add_usage(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see how others use the service.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    usage = UsageReader(assistant.audit, assistant.library)

    @router.get("/usage")
    def measure(
        principal: Caller, readable: Reader, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30
    ) -> Usage:
        """Questions a day, refusals, latency, documents, and what was asked in vain."""
        return usage.measure(readable, who=name_of(principal), days=days)

    @router.post("/usage/settled", status_code=204)
    def settle(settled: SettledQuestion, principal: Caller) -> None:
        """Take a question off the list of those that were asked in vain."""
        usage.settle(settled.question, who=name_of(principal))

    api.include_router(router)
