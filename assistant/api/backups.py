"""Backups over the API, for the operator's own command."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from assistant.api.background import Tell, stream_work
from assistant.api.events import EventStream, stream_events
from assistant.api.operator import OperatorOnly
from assistant.assistant import Assistant


class NewBackup(BaseModel):
    """`path` is absolute, on the service's machine."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^(/|[A-Za-z]:)")]
    passphrase: SecretStr = Field(min_length=1, max_length=4096)
    replace: bool = False


def add_backups(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may take everything out.
    """
    router = APIRouter(dependencies=[Depends(OperatorOnly(operator_token))])

    @router.post("/backups", response_class=EventStream)
    def back_up(wanted: NewBackup) -> EventStream:
        """Write a backup of one moment to a file, while questions and documents come in.

        Server-sent events: `progress`, then what is in it as `report`; or `error`. It is given up
        when the client goes away."""

        def work(tell: Tell, report: Tell, _: threading.Event) -> None:
            taken = assistant.backups.take(
                wanted.path,
                wanted.passphrase.get_secret_value(),
                replace=wanted.replace,
                listener=tell,
            )
            report(taken)

        return stream_events(stream_work(work))

    api.include_router(router)
