"""Sources over the API. Only the operator adds one: it reads files of this machine or reaches
others, with secrets of the service's environment. Administrators see, sync and remove them; so
does whoever sits at the machine where nobody has to sign in, but for removing, and without being
told the options."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query

from assistant.access.types import Principal
from assistant.api.administrator import (
    administrators_only,
    administrators_or_own_machine,
    keep_to_operator,
)
from assistant.api.background import stream_work
from assistant.api.events import EventStream, stream_events
from assistant.api.operator import is_operator
from assistant.api.reader import Caller
from assistant.api.schemas import IngestRequest, NewSource, RemovedSource, SourceList
from assistant.assistant import Assistant
from assistant.types import Failure, IngestProgress, IngestReport, ProgressListener, SourceInfo

Authorization = Annotated[str, Header(include_in_schema=False)]


def add_sources(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and change sources.
    """

    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    shown = APIRouter(dependencies=[Depends(administrators_or_own_machine)])

    def told(source: SourceInfo, principal: Principal | None, authorization: str) -> SourceInfo:
        named = principal is not None or is_operator(operator_token, authorization)
        return source if named else source.model_copy(update={"options": {}})

    @shown.get("/sources")
    def sources(principal: Caller, authorization: Authorization = "") -> SourceList:
        """By name, with what came of each one's last run."""
        listed = assistant.ingestor.sources.all()
        return SourceList(sources=[told(one, principal, authorization) for one in listed])

    @router.post("/sources", status_code=201)
    def add_source(request: NewSource, principal: Caller) -> SourceInfo:
        """Register a source; nothing is brought in yet. For the operator only."""
        keep_to_operator(principal)
        return assistant.ingestor.sources.add(
            request.kind,
            request.name,
            request.options,
            schedule=request.schedule,
            collection=request.collection,
            groups=request.groups,
        )

    @shown.get("/sources/{name}")
    def source(name: str, principal: Caller, authorization: Authorization = "") -> SourceInfo:
        """By its name or id."""
        return told(assistant.ingestor.sources.source(name), principal, authorization)

    @router.delete("/sources/{name}")
    def remove_source(name: str, keep_documents: Annotated[bool, Query()] = False) -> RemovedSource:
        """Forget it and, unless told otherwise, its documents."""
        removed = assistant.ingestor.sources.remove(name, keep_documents=keep_documents)
        return RemovedSource(removed_documents=removed)

    @shown.post("/sources/{name}/sync", response_class=EventStream)
    def sync_source(name: str, principal: Caller) -> EventStream:
        """Server-sent events: `progress` after each document, then the `report`; or `error`.
        Administrators see no names of documents."""

        def work(
            tell: ProgressListener, report: Callable[[IngestReport], None], _: threading.Event
        ) -> None:
            if principal is None:
                report(assistant.ingestor.sources.sync(name, tell))
            else:
                done = assistant.ingestor.sources.sync(name, lambda step: tell(_unnamed_step(step)))
                report(_unnamed_report(done))

        return stream_events(stream_work(work))

    @router.post("/ingest/watch", response_class=EventStream)
    def watch(request: IngestRequest, principal: Caller) -> EventStream:
        """Folders by their path on this machine, brought in and watched until the client goes
        away. For the operator only. Server-sent events: `progress` after each document, a `report`
        after each change."""
        keep_to_operator(principal)

        def work(
            tell: ProgressListener, report: Callable[[IngestReport], None], stop: threading.Event
        ) -> None:
            assistant.ingestor.watch(
                request.paths,
                collection=request.collection,
                groups=request.groups,
                listener=tell,
                on_report=report,
                stop=stop,
            )

        return stream_events(stream_work(work))

    api.include_router(router)
    api.include_router(shown)


def _unnamed_step(step: IngestProgress) -> IngestProgress:
    return step.model_copy(update={"uri": ""})


def _unnamed_report(report: IngestReport) -> IngestReport:
    """How many could not be read is told, not which."""
    unnamed = {
        "failed": [Failure(uri="", reason="") for _ in report.failed],
        "quarantined": [Failure(uri="", reason="") for _ in report.quarantined],
        "incomplete": [],
    }
    return report.model_copy(update=unnamed)
