"""The audit log over the API: for the operator only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from assistant.api.operator import operator_only
from assistant.assistant import Assistant
from assistant.audit import (
    OPERATOR_NAME,
    AuditEntry,
    AuditFilter,
    Hold,
    HoldKind,
    Pruned,
    Verification,
)


class NewHold(BaseModel):
    """`since` and `until` are of a period, `subject` of a user or a document."""

    model_config = ConfigDict(extra="forbid")

    kind: HoldKind
    subject: str = Field("", max_length=100)
    since: str = Field("", max_length=40)
    until: str = Field("", max_length=40)
    reason: str = Field(min_length=1, max_length=1000)


def add_audit(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may read the log and hold what is in it.
    """
    router = APIRouter(dependencies=[Depends(operator_only(operator_token))])
    keeper = assistant.audit_keeper

    @router.get("/audit")
    def audit(
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        who: Annotated[str, Query(max_length=120)] = "",
        action: Annotated[str, Query(max_length=40)] = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[AuditEntry]:
        """In order. Reading it is logged."""
        wanted = AuditFilter(who=who, action=action, since=since, until=until)
        return [*assistant.audit.read(OPERATOR_NAME, after=after, limit=limit, wanted=wanted)]

    @router.get("/audit/verification")
    def verification() -> Verification:
        """Whether any entry was edited, removed or moved."""
        return keeper.verify()

    @router.post("/audit/prune")
    def prune() -> Pruned:
        """Do now what the settings' retention says."""
        return keeper.prune()

    @router.get("/audit/holds")
    def holds() -> list[Hold]:
        """Newest first, released ones as well."""
        return keeper.holds()

    @router.post("/audit/holds")
    def add_hold(hold: NewHold) -> Hold:
        """Nothing of what it covers is pruned or erased until it is released."""
        return keeper.add_hold(
            hold.kind,
            subject=hold.subject,
            since=hold.since,
            until=hold.until,
            reason=hold.reason,
        )

    @router.post("/audit/holds/{hold_id}/release")
    def release_hold(hold_id: str) -> Hold:
        return keeper.release_hold(hold_id)

    api.include_router(router)
