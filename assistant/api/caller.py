"""Who is calling: the operator on this machine, or somebody with a token.

Without a token, the service trusts its own machine, as its guard lets nobody else in. A token
narrows that to what its owner may read and do. The operator's own commands may ask as somebody.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Header, HTTPException, Request

from assistant.access.types import Principal
from assistant.errors import UnknownUserError

READING_POSTS = (
    *("/ask", "/ask/stream", "/search", "/summaries", "/ratings", "/cited"),
    *("/v1/", "/mcp"),
)
"""POST requests that change no document."""

LOCAL_KEY = "local"
"""What programs send that cannot do without a key: it stands for no token at all. No more is
allowed with it than without, so it may be known to everybody."""


def caller(
    request: Request,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
    x_philo_as: Annotated[str, Header(max_length=100, include_in_schema=False)] = "",
) -> Principal | None:
    """None: the operator.

    Raises:
        HTTPException: 401 for a token that is not known, 403 for what it does not allow.
    """
    people = request.app.state.people
    bearer = authorization.removeprefix("Bearer ").strip()
    if bearer == LOCAL_KEY:
        authorization = bearer = ""
    is_operator = secrets.compare_digest(bearer.encode(), request.app.state.operator_token.encode())
    if x_philo_as:
        if not is_operator:
            raise HTTPException(401, "Only the operator's own commands may ask as somebody.")
        try:
            principal: Principal | None = people.principal(x_philo_as)
        except UnknownUserError as exc:
            raise HTTPException(404, str(exc)) from exc
    elif is_operator or not authorization:
        principal = None
    else:
        principal = people.principal_of_token(bearer)
        if principal is None:
            raise HTTPException(
                401,
                "The token is not known, expired or revoked.",
                headers={"WWW-Authenticate": "Bearer"},
            )
    if principal is not None and _changes(request) and not principal.may_write:
        raise HTTPException(403, f"{principal.name} may read, but not change anything.")
    return principal


def _changes(request: Request) -> bool:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return not path.startswith(READING_POSTS)
