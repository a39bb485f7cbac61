"""Earlier evaluations over the API: for the operator and administrators."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from assistant.api.administrator import administrators_only
from assistant.assistant import Assistant
from assistant.evaluation.history import EvaluationRun, list_runs
from assistant.types import PublicModel


class EvaluationList(PublicModel):
    runs: list[EvaluationRun]


def add_evaluations(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see what was measured.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])

    @router.get("/evaluations")
    def evaluations() -> EvaluationList:
        """The figures of every run of `philo eval`, newest first, with its settings."""
        return EvaluationList(runs=list_runs(assistant.settings.data))

    api.include_router(router)
