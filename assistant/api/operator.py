"""Routes that only the operator's own commands may use."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException


def operator_only(token: str) -> Callable[[str], None]:
    """A dependency that answers 401 to whoever does not show the token."""

    def ask_for_token(authorization: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "Only the operator's own commands may do that.")

    return ask_for_token
