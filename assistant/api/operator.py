"""Routes that only the operator's own commands may use."""

from __future__ import annotations

import secrets

from fastapi import HTTPException
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

OPERATOR_SCHEME = "operator"


def is_operator(token: str, authorization: str) -> bool:
    """
    Args:
        authorization: the header as it was sent.
    """
    return secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode())


class OperatorOnly(HTTPBearer):
    """A dependency that answers 401 to whoever does not show the token."""

    def __init__(self, token: str) -> None:
        super().__init__(scheme_name=OPERATOR_SCHEME)
        self._token = token

    async def __call__(self, request: HTTPConnection) -> None:
        if not is_operator(self._token, request.headers.get("authorization", "")):
            raise HTTPException(
                401,
                "Only the operator's own commands may do that.",
                headers={"WWW-Authenticate": "Bearer"},
            )
