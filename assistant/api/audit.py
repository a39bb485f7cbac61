"""The audit log over the API: for the operator, and for administrators without what it quotes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from assistant.api.administrator import administrators_only, keep_to_operator
from assistant.api.reader import Caller, name_of
from assistant.assistant import Assistant
from assistant.audit import AuditEntry, AuditFilter, Hold, HoldKind, Pruned, Verification

QUOTES = frozenset({"text", "uri", "places"})


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
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    keeper = assistant.audit_keeper

    @router.get("/audit")
    def audit(
        principal: Caller,
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        who: Annotated[str, Query(max_length=120)] = "",
        action: Annotated[str, Query(max_length=40)] = "",
        since: datetime | None = None,
        until: datetime | None = None,
        newest: Annotated[bool, Query(description="the last ones, newest first")] = False,
    ) -> list[AuditEntry]:
        """In order. Reading it is logged. Administrators see hashes where questions, answers and
        addresses of documents stand: their role widens what they may do, not what they may read.
        """
        wanted = AuditFilter(who=who, action=action, since=since, until=until)
        entries = assistant.audit.read(
            name_of(principal), after=after, limit=limit, wanted=wanted, newest=newest
        )
        if principal is None:
            return [*entries]
        return [one.model_copy(update={"details": _without_quotes(one.details)}) for one in entries]

    @router.get("/audit/verification")
    def verification() -> Verification:
        """Whether any entry was edited, removed or moved."""
        return keeper.verify()

    @router.post("/audit/prune")
    def prune(principal: Caller) -> Pruned:
        """Do now what the settings' retention says."""
        keep_to_operator(principal)
        return keeper.prune()

    @router.get("/audit/holds")
    def holds() -> list[Hold]:
        """Newest first, released ones as well."""
        return keeper.holds()

    @router.post("/audit/holds")
    def add_hold(hold: NewHold, principal: Caller) -> Hold:
        """Nothing of what it covers is pruned or erased until it is released."""
        keep_to_operator(principal)
        return keeper.add_hold(
            hold.kind,
            subject=hold.subject,
            since=hold.since,
            until=hold.until,
            reason=hold.reason,
        )

    @router.post("/audit/holds/{hold_id}/release")
    def release_hold(hold_id: str, principal: Caller) -> Hold:
        keep_to_operator(principal)
        return keeper.release_hold(hold_id)

    api.include_router(router)


def _without_quotes(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _without_quotes(told[key]) for key in told if key not in QUOTES}
    return [_without_quotes(one) for one in told] if isinstance(told, list) else told
