"""What would happen to a text, over the API: for the operator only."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI
from pydantic import Field

from assistant.api.administrator import administrators_only
from assistant.assistant import Assistant
from assistant.safety.check import SafetyCheck, check_text
from assistant.safety.policy import Policy
from assistant.types import PublicModel


class CheckRequest(PublicModel):
    text: str = Field(max_length=2_000_000)
    collection: str = Field(default="default", max_length=200)


def add_safety_check(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may ask.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])

    @router.post("/safety/check")
    def check_safety(asked: CheckRequest) -> SafetyCheck:
        """Personal data and secrets in a text, and what would be done with each."""
        policy = Policy(assistant.settings.safety)
        return check_text(asked.text, policy, collection=asked.collection)

    api.include_router(router)
