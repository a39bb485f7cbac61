"""Routes that only the operator's own commands may use."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException

from assistant.access.types import Principal, Role
from assistant.api.reader import Caller


def operator_only(token: str) -> Callable[[str], None]:
    """A dependency that answers 401 to whoever does not show the token."""

    def ask_for_token(authorization: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "Only the operator's own commands may do that.")

    return ask_for_token


def admin_or_operator(token: str) -> Callable[..., Principal | None]:
    """A dependency that gives the admin who asks, None for the operator's own commands, and
    answers 401 or 403 to all others."""
    ask_for_token = operator_only(token)

    def ask(principal: Caller, authorization: Annotated[str, Header()] = "") -> Principal | None:
        if principal is None:
            ask_for_token(authorization)
        elif principal.role is not Role.ADMIN or not principal.may_write:
            raise HTTPException(403, f"{principal.name} is no admin, or their token only reads.")
        return principal

    return ask
