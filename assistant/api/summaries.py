"""Summaries over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import FastAPI, Header, HTTPException, Response

from assistant.api.events import Event, EventStream, close_events, stream_events
from assistant.api.operator import is_operator
from assistant.api.reader import Caller, name_of, readable_of, rights_of
from assistant.api.safety_switch import ended_by
from assistant.api.schemas import SummaryExport, SummaryRequest
from assistant.assistant import Assistant
from assistant.safety.disclosure import disclosure_headers
from assistant.summarizing.exporting import MEDIA_TYPES, export
from assistant.summarizing.types import (
    StatementWritten,
    Summary,
    SummaryEvent,
)


def add_summaries(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    limiter = CapacityLimiter(assistant.settings.serving.slots)

    @api.post("/summaries/stream", response_class=EventStream)
    def summarise(
        asked: SummaryRequest,
        principal: Caller,
        authorization: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> EventStream:
        """Server-sent events: `progress` as sections are read, each checked `statement`, the
        whole `summary`; or `error`. Who goes away stops the work, and finds what is done of it
        when asking again. `files` by their path on this machine are for its operator only."""
        if asked.files and not is_operator(operator_token, authorization):
            raise HTTPException(401, "Only the operator's own commands may read paths.")
        events = assistant.summarise(
            asked.documents,
            files=asked.files,
            readable=readable_of(principal, asked.collection),
            who=name_of(principal),
            form=asked.form,
            language=asked.language,
            sections=asked.sections,
            readable_now=rights_of(assistant.library.people, principal, asked.collection),
        )
        return stream_events(
            _named(events),
            limiter=limiter,
            headers=disclosure_headers(assistant.model_id),
            ended_by=ended_by(assistant),
        )

    @api.post(
        "/summaries/export",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
    )
    def export_summary(asked: SummaryExport, _: Caller) -> Response:
        """A summary as a file, with its citations as footnotes."""
        summary = asked.summary
        try:
            content = export([summary], asked.format)
        except (ValueError, LookupError, ArithmeticError) as exc:
            raise HTTPException(
                422, "The summary does not fit together; send one as /summaries/stream gave it."
            ) from exc
        return Response(
            content,
            media_type=MEDIA_TYPES[asked.format],
            headers=disclosure_headers(summary.model, summary.made_at),
        )


def _named(events: Iterator[SummaryEvent]) -> Iterator[Event]:
    try:
        for event in events:
            if isinstance(event, Summary):
                yield "summary", event
            elif isinstance(event, StatementWritten):
                yield "statement", event
            else:
                yield "progress", event
    finally:
        close_events(events)
