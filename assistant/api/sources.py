"""Sources over the API: for the operator only, because they reach other machines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query

from assistant.api.background import stream_work
from assistant.api.events import EventStream, stream_events
from assistant.api.operator import OperatorOnly
from assistant.api.schemas import IngestRequest, NewSource, RemovedSource, SourceList
from assistant.assistant import Assistant
from assistant.types import IngestReport, ProgressListener, SourceInfo


def add_sources(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and change sources.
    """

    router = APIRouter(dependencies=[Depends(OperatorOnly(operator_token))])

    @router.get("/sources")
    def sources() -> SourceList:
        """By name, with what came of each one's last run."""
        return SourceList(sources=assistant.ingestor.sources.all())

    @router.post("/sources", status_code=201)
    def add_source(request: NewSource) -> SourceInfo:
        """Register a source; nothing is brought in yet."""
        return assistant.ingestor.sources.add(
            request.kind,
            request.name,
            request.options,
            schedule=request.schedule,
            collection=request.collection,
            groups=request.groups,
        )

    @router.get("/sources/{name}")
    def source(name: str) -> SourceInfo:
        """By its name or id."""
        return assistant.ingestor.sources.source(name)

    @router.delete("/sources/{name}")
    def remove_source(name: str, keep_documents: Annotated[bool, Query()] = False) -> RemovedSource:
        """Forget it and, unless told otherwise, its documents."""
        removed = assistant.ingestor.sources.remove(name, keep_documents=keep_documents)
        return RemovedSource(removed_documents=removed)

    @router.post("/sources/{name}/sync", response_class=EventStream)
    def sync_source(name: str) -> EventStream:
        """Server-sent events: `progress` after each document, then the `report`; or `error`."""

        def work(
            tell: ProgressListener, report: Callable[[IngestReport], None], _: threading.Event
        ) -> None:
            report(assistant.ingestor.sources.sync(name, tell))

        return stream_events(stream_work(work))

    @router.post("/ingest/watch", response_class=EventStream)
    def watch(request: IngestRequest) -> EventStream:
        """Folders by their path on this machine, brought in and watched until the client goes
        away. Server-sent events: `progress` after each document, a `report` after each change."""

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
