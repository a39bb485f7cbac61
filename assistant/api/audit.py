"""The audit log over the API: for the operator, and for administrators without what it quotes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query

from assistant.api.administrator import administrators_only
from assistant.api.reader import Caller, name_of
from assistant.assistant import Assistant
from assistant.audit import AuditEntry, Verification

QUOTES = frozenset({"text", "uri", "places"})


def add_audit(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may read the log.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])

    @router.get("/audit")
    def audit(
        principal: Caller,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[AuditEntry]:
        """In order. Reading it is logged. Administrators see hashes where questions, answers and
        addresses of documents stand: their role widens what they may do, not what they may read.
        """
        assistant.audit.record(name_of(principal), "audit.read", {"after": after})
        entries = assistant.audit.entries(after=after, limit=limit)
        if principal is None:
            return entries
        return [one.model_copy(update={"details": _without_quotes(one.details)}) for one in entries]

    @router.get("/audit/verification")
    def verification() -> Verification:
        """Whether any entry was edited, removed or moved."""
        return assistant.audit.verify()

    api.include_router(router)


def _without_quotes(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _without_quotes(told[key]) for key in told if key not in QUOTES}
    return [_without_quotes(one) for one in told] if isinstance(told, list) else told
