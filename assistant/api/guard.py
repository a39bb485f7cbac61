"""Only pages of this very origin may talk to a service that trusts its own machine.

A foreign page in the same browser can reach 127.0.0.1: by DNS rebinding (the Host header then
names the foreign site) or by plain cross-origin requests (the Origin header does).
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


class LoopbackGuard:
    """ASGI middleware that refuses requests and web sockets of other hosts and origins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_local(Headers(scope=scope)):
            await self._app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            refusal = PlainTextResponse("This service answers its own machine only.", 403)
            await refusal(scope, receive, send)


def _unframed(send: Send) -> Send:
    """No page of another origin may show ours in a frame and steal its clicks."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Content-Security-Policy"] = "frame-ancestors 'self'"
        await send(message)

    return send_with_header


def _is_local(headers: Headers) -> bool:
    host = headers.get("host", "")
    origin = headers.get("origin")
    if not _HOST.fullmatch(host):
        return False
    return origin is None or origin.lower() in {f"http://{host}", f"https://{host}"}
