"""Before the web page, where people have to sign in: whoever has no session is sent there."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import anyio.to_thread
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.access.login import Login
from assistant.api.observed import METRICS

OPEN = (
    "/api/",
    "/v1/",
    "/account",
    "/static/",
    "/favicon",
    "/_stcore/health",
    "/_stcore/host-config",
)
"""These ask for themselves, or hold nothing of anybody."""


class SignInGate:
    """ASGI middleware. What the page then asks the API for is checked there again, each time."""

    def __init__(self, app: ASGIApp, login: Login) -> None:
        self._app = app
        self._login = login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "lifespan" or path == METRICS or path.startswith(OPEN):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        cookie = asked.cookies.get(self._login.cookie_name)
        if await anyio.to_thread.run_sync(self._login.session, cookie) is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif "text/html" in asked.headers.get("accept", ""):
            await RedirectResponse(_sign_in(scope), 303)(scope, receive, send)
        else:
            await PlainTextResponse("Sign in first.", 401)(scope, receive, send)


def _sign_in(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    wanted = {"next": scope["path"] + (f"?{query}" if query else "")}
    if language := parse_qs(query).get("language"):
        wanted["language"] = language[0]
    return f"/account/sign-in?{urlencode(wanted)}"
