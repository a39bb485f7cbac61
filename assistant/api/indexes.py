"""Indexes over the API: for the operator and for administrators."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path

from assistant.api.administrator import administrators_only
from assistant.api.background import Tell, stream_work
from assistant.api.events import EventStream, stream_events
from assistant.api.schemas import CompareRequest, IndexList, NewIndex
from assistant.assistant import Assistant

IndexId = Annotated[int, Path(ge=1, le=2**31)]


def add_indexes(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and change indexes.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])

    @router.get("/indexes")
    def indexes() -> IndexList:
        """The one in use, and the second one where there is one."""
        return IndexList(indexes=assistant.indexes.all())

    @router.post("/indexes", response_class=EventStream)
    def build(request: NewIndex) -> EventStream:
        """Build a second index in the background, also when the client goes away.

        Server-sent events: `progress`, then the index as `report`; or `error`."""

        def work(tell: Tell, report: Tell, _: threading.Event) -> None:
            report(assistant.indexes.build(request.embedder, request.chunk_tokens, tell))

        return stream_events(stream_work(work))

    @router.post("/indexes/compare", response_class=EventStream)
    def compare(request: CompareRequest) -> EventStream:
        """The same questions asked of both. Events as above."""

        def work(tell: Tell, report: Tell, _: threading.Event) -> None:
            report(assistant.indexes.compare(request.questions, tell))

        return stream_events(stream_work(work))

    @router.post("/indexes/{index_id}/switch", response_class=EventStream)
    def switch(index_id: IndexId) -> EventStream:
        """Let the second index answer, as soon as it holds every document. Events as above."""

        def work(tell: Tell, report: Tell, _: threading.Event) -> None:
            report(assistant.indexes.switch(index_id, tell))

        return stream_events(stream_work(work))

    @router.delete("/indexes/{index_id}", status_code=204)
    def drop(index_id: IndexId) -> None:
        """Remove the second index."""
        assistant.indexes.drop(index_id)

    api.include_router(router)
