"""The audit log over the API: for the operator only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query

from assistant.api.operator import OperatorOnly
from assistant.assistant import Assistant
from assistant.audit import OPERATOR_NAME, AuditEntry, Verification


def add_audit(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may read the log.
    """
    router = APIRouter(dependencies=[Depends(OperatorOnly(operator_token))])

    @router.get("/audit")
    def audit(
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[AuditEntry]:
        """In order. Reading it is logged."""
        assistant.audit.record(OPERATOR_NAME, "audit.read", {"after": after})
        return assistant.audit.entries(after=after, limit=limit)

    @router.get("/audit/verification")
    def verification() -> Verification:
        """Whether any entry was edited, removed or moved."""
        return assistant.audit.verify()

    api.include_router(router)
