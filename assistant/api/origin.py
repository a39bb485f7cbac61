"""Notes for the audit log from where each request came."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.audit.origin import Origin, current_origin

HEADER = b"x-philo-interface"
STATED = ("command line", "page")
"""What Philo's own clients say of themselves; others cannot be told from them, so that it says
through what somebody spoke, not who."""
OF_PATH = {"/v1": "openai", "/mcp": "mcp"}


class OriginMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        token = current_origin.set(Origin(_interface(scope), client[0] if client else ""))
        try:
            await self._app(scope, receive, send)
        finally:
            current_origin.reset(token)


def _interface(scope: Scope) -> str:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    stated = headers.get(HEADER, b"").decode("latin-1")
    if stated in STATED:
        return stated
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return next((name for start, name in OF_PATH.items() if path.startswith(start)), "api")
