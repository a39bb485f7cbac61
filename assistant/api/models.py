"""Models over the API: for the operator and administrators."""

from __future__ import annotations

import threading

from fastapi import APIRouter, Depends, FastAPI

from assistant.api.administrator import administrators_only
from assistant.api.background import Tell, stream_work
from assistant.api.events import EventStream, stream_events
from assistant.api.reader import Caller, name_of
from assistant.assistant import Assistant
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.generators import name_generator
from assistant.models.hub import hub_access
from assistant.models.overview import ModelInfo, describe_model, list_models
from assistant.types import PublicModel


class ModelList(PublicModel):
    """`answers`: what writes the answers now, in words."""

    answers: str
    models: list[ModelInfo]


class PullProgress(PublicModel):
    """What is being done, and the bytes of a download as far as they are known."""

    line: str = ""
    done_bytes: int = 0
    total_bytes: int = 0


def add_models(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may have models fetched.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    settings = assistant.settings.models
    depot = Depot(settings.directory, settings.pins)

    @router.get("/models")
    def models() -> ModelList:
        """The catalogue, and what of it is on this machine."""
        return ModelList(answers=name_generator(settings), models=list_models(settings, depot))

    @router.post("/models/{model_id}/pull", response_class=EventStream)
    def pull(model_id: str, principal: Caller) -> EventStream:
        """Fetch and convert a model. Server-sent events: `progress`, then the model as `report`;
        or `error`. To have it used, change the settings."""
        entry = find_model(model_id, depot)
        assistant.audit.record(name_of(principal), "model.pull", {"model": entry.id})

        def work(tell: Tell, report: Tell, _: threading.Event) -> None:
            depot.pull(
                entry,
                lambda line: tell(PullProgress(line=line)),
                hub=hub_access(settings),
                meter=lambda done, total: tell(PullProgress(done_bytes=done, total_bytes=total)),
            )
            report(describe_model(entry, depot, settings))

        return stream_events(stream_work(work))

    api.include_router(router)
