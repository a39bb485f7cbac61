"""Routes for the operator's own commands, and for administrators. These read no more than others:
what they are shown holds nothing of documents."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException

from assistant.access.types import Principal
from assistant.api.reader import Caller


def administrators_only(token: str) -> Callable[..., Principal | None]:
    """A dependency that gives the administrator who asks, None for the operator's own commands.
    It answers 401 to nobody in particular and 403 to whoever is no administrator, or shows a token
    that is not made for it."""

    def ask_who(
        principal: Caller, authorization: Annotated[str, Header()] = ""
    ) -> Principal | None:
        if principal is None:
            if not secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
                raise HTTPException(401, "Only the operator's own commands may do that.")
        elif not principal.may_administer:
            raise HTTPException(403, "Only administrators may do that, with the scope admin.")
        return principal

    return ask_who


def keep_to_operator(principal: Principal | None) -> None:
    """
    Raises:
        HTTPException: 403; what follows reaches other machines, or files of this one.
    """
    if principal is not None:
        raise HTTPException(403, "Only the operator's own commands may do that.")
