"""Erasing and one's own data over the API."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.access.own_data import export_own_data
from assistant.access.types import Principal
from assistant.api.administrator import administrators_only
from assistant.api.background import Tell, stream_work
from assistant.api.events import EventStream, stream_events
from assistant.api.operator import OperatorOnly
from assistant.api.reader import Caller, name_of, readable_of
from assistant.assistant import Assistant
from assistant.erasure.types import ErasureInfo, ErasureProgress, Receipt, ReceiptCheck
from assistant.errors import UnknownErasureError
from assistant.knowledge.exports import ExportKind


class NewErasure(BaseModel):
    """Documents by their ids, or a user."""

    model_config = ConfigDict(extra="forbid")

    documents: list[str] = Field(default=[], max_length=1000)
    user: str = Field("", max_length=100)

    @model_validator(mode="after")
    def _one_of_both(self) -> NewErasure:
        if bool(self.documents) == bool(self.user.strip()):
            raise ValueError("name documents or a user, not both")
        return self


class CheckRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    receipt: Receipt
    user: str = Field("", max_length=100, description="whether the receipt is of this person")


class NewExport(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: ExportKind
    path: str = Field(min_length=1, max_length=4096)


def add_erasures(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may erase, and so may admins what they can read.
    """
    allowed = Depends(administrators_only(operator_token))

    @api.post("/erasures", response_class=EventStream)
    def erase(wanted: NewErasure, eraser: Principal | None = allowed) -> EventStream:
        """Erase from everything that is kept, also when the client goes away.

        Server-sent events: `progress`, then the signed receipt as `report`; or `error`."""
        readable = readable_of(eraser)
        for document_id in wanted.documents:
            assistant.library.document(document_id, readable)  # 404 as if it were not there

        def work(tell: Tell, report: Tell, left: threading.Event) -> None:
            def listen(progress: ErasureProgress) -> None:
                if not left.is_set():  # what was begun is finished
                    tell(progress)

            erasures, who = assistant.erasures, name_of(eraser)
            if wanted.user:
                report(erasures.erase_user(wanted.user, listener=listen, who=who))
            else:
                report(erasures.erase_documents(wanted.documents, listener=listen, who=who))

        return stream_events(stream_work(work))

    @api.get("/erasures")
    def erasures(_: Principal | None = allowed) -> list[ErasureInfo]:
        """Newest first, with their receipts."""
        return assistant.erasures.all()

    @api.get("/erasures/{erasure_id}")
    def erasure(
        erasure_id: Annotated[str, Path(max_length=32)], _: Principal | None = allowed
    ) -> ErasureInfo:
        for one in assistant.erasures.all():
            if one.id == erasure_id:
                return one
        raise UnknownErasureError("There is no such erasure.")

    @api.post("/erasures/check")
    def check_receipt(wanted: CheckRequest, _: Principal | None = allowed) -> ReceiptCheck:
        """Whether a receipt is as it was signed, and by this Philo."""
        return assistant.erasures.check(wanted.receipt, user=wanted.user)

    @api.get("/users/me/export", response_class=Response)
    def own_data(principal: Caller) -> Response:
        """Everything that is kept of whoever asks, as a zip of JSON files."""
        if principal is None:
            raise HTTPException(404, "The operator has no account; name a user.")
        return _zip(assistant, principal.name, who=principal.name)

    router = APIRouter(dependencies=[Depends(OperatorOnly(operator_token))])

    @router.get("/users/{name}/export", response_class=Response)
    def users_data(name: str) -> Response:
        """The same of somebody else, for the operator."""
        return _zip(assistant, name, who=name_of(None))

    @router.post("/exports", status_code=204)
    def note_export(export: NewExport) -> None:
        """That one of the operator's commands has written something out of Philo."""
        assistant.library.exports.note(export.kind, export.path)

    api.include_router(router)


def _zip(assistant: Assistant, name: str, *, who: str) -> Response:
    content = export_own_data(assistant.library, name, who=who)
    headers = {
        "Content-Disposition": 'attachment; filename="personal-data.zip"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/zip", headers=headers)
