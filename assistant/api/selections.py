"""Many documents or jobs at once, over HTTP. Each id is checked as if it had come by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import Field

from assistant.api.jobs import JobReader
from assistant.api.reader import Caller
from assistant.api.sharing import AccessRequest
from assistant.assistant import Assistant
from assistant.selections import SelectionReport, Selections
from assistant.types import PublicModel

Ids = Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=500)]


class Selection(PublicModel):
    ids: Ids


class MoveRequest(Selection):
    collection: str = Field(min_length=1, max_length=200)


class ShareRequest(AccessRequest):
    """As the body of PUT /documents/{id}/access, with the ids of documents."""

    ids: Ids


def add_selections(api: FastAPI, assistant: Assistant) -> None:
    @api.post("/selection/documents/delete")
    def delete_documents(asked: Selection, principal: Caller) -> SelectionReport:
        """Remove documents; they are gone from every search when the call returns."""
        return Selections(assistant, principal).delete(asked.ids)

    @api.post("/selection/documents/move")
    def move_documents(asked: MoveRequest, principal: Caller) -> SelectionReport:
        """Bring documents into another collection, whose readers from then on are theirs unless
        they are shared otherwise; a new collection is made."""
        return Selections(assistant, principal).move(asked.ids, asked.collection)

    @api.post("/selection/documents/access")
    def share_documents(asked: ShareRequest, principal: Caller) -> SelectionReport:
        """Let these and nobody else read the documents, from the next request on."""
        if asked.inherit and (asked.groups or asked.users):
            raise HTTPException(422, "Say either who may read them, or that they inherit.")
        return Selections(assistant, principal).share(asked.ids, asked.wanted)

    @api.post("/selection/documents/release")
    def release_documents(asked: Selection, principal: Caller) -> SelectionReport:
        """Let documents out of quarantine."""
        return Selections(assistant, principal).release(asked.ids)

    @api.post("/selection/jobs/retry")
    def retry_jobs(asked: Selection, principal: Caller, readable: JobReader) -> SelectionReport:
        """Try again what failed, died or was cancelled."""
        return Selections(assistant, principal).retry(asked.ids, readable)

    @api.post("/selection/jobs/cancel")
    def cancel_jobs(asked: Selection, principal: Caller, readable: JobReader) -> SelectionReport:
        """Waiting jobs end at once, those at work at their next stage."""
        return Selections(assistant, principal).cancel(asked.ids, readable)
