"""Routes for the operator's own commands, and for administrators. These read no more than others:
what they are shown holds nothing of documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, HTTPException
from fastapi.security import HTTPBearer

from assistant.access.types import Principal
from assistant.api.operator import is_operator
from assistant.api.reader import Caller

ADMINISTRATOR_SCHEME = "administrator"


def administrators_only(token: str) -> Callable[..., Principal | None]:
    """A dependency that gives the administrator who asks, None for the operator's own commands.
    It answers 401 to nobody in particular and 403 to whoever is no administrator, or shows a token
    that is not made for it."""

    scheme = HTTPBearer(scheme_name=ADMINISTRATOR_SCHEME, auto_error=False)

    def ask_who(
        principal: Caller,
        authorization: Annotated[str, Header(include_in_schema=False)] = "",
        _: object = Depends(scheme),  # for the OpenAPI only
    ) -> Principal | None:
        if principal is None:
            if not is_operator(token, authorization):
                raise HTTPException(401, "Only the operator's own commands may do that.")
        elif not principal.may_administer:
            raise HTTPException(403, "Only administrators may do that, with the scope admin.")
        return principal

    return ask_who


def administrators_or_own_machine(principal: Caller) -> Principal | None:
    """A dependency for what whoever sits at this machine may do as well, where nobody has to sign
    in: `caller` lets nobody else through as the operator. It answers 403 to others than
    administrators."""
    if principal is not None and not principal.may_administer:
        raise HTTPException(403, "Only administrators may do that, with the scope admin.")
    return principal


def keep_to_operator(principal: Principal | None) -> None:
    """
    Raises:
        HTTPException: 403; what follows reaches other machines, or files of this one.
    """
    if principal is not None:
        raise HTTPException(403, "Only the operator's own commands may do that.")
