"""Who is calling: the operator on this machine, or somebody with a token or a session.

Where nobody has to sign in, the service trusts its own machine, as its guard lets nobody else in;
a token narrows that to what its owner may read and do. Where there is a login, whoever shows
nothing is nobody. The operator's own commands may ask as somebody.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Header, HTTPException, Request

from assistant.access.login import Login
from assistant.access.types import Principal
from assistant.errors import UnknownUserError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
READING_POSTS = (
    *("/me/", "/ask", "/ask/stream", "/search", "/summaries", "/ratings", "/cited"),
    *("/conversations", "/v1/", "/mcp"),
)
"""Requests that change no document, but what is one's own."""

LOCAL_KEY = "local"
"""What programs send that cannot do without a key: it stands for no token at all. No more is
allowed with it than without, so it may be known to everybody."""


def caller(
    request: Request,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
    x_philo_as: Annotated[str, Header(max_length=100, include_in_schema=False)] = "",
    x_philo_csrf: Annotated[str, Header(max_length=200, include_in_schema=False)] = "",
) -> Principal | None:
    """None: the operator.

    Raises:
        HTTPException: 401 for a token or session that does not hold, or none where one is needed;
            403 for what it does not allow.
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
    elif is_operator:
        principal = None
    elif not authorization:
        principal = _signed_in(request, x_philo_csrf)
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


def _signed_in(request: Request, csrf: str) -> Principal | None:
    login: Login | None = request.app.state.login
    if login is None:
        return None
    session = login.session(request.cookies.get(login.cookie_name))
    if session is None:
        raise HTTPException(
            401,
            f"Sign in at {login.base_url}/account/sign-in, or send a token.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    # A page of another origin may have the browser send the cookie, but cannot know this.
    if request.method not in SAFE_METHODS and not secrets.compare_digest(
        csrf.encode(), session.csrf.encode()
    ):
        raise HTTPException(403, "The header X-Philo-CSRF is missing or wrong; see GET /me.")
    request.state.session = session
    return session.principal


def _changes(request: Request) -> bool:
    if request.method in SAFE_METHODS:
        return False
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return not path.startswith(READING_POSTS)
