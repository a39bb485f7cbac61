"""Only pages of this very origin may talk to the service.

A foreign page in the same browser can reach it: by DNS rebinding (the Host header then names the
foreign site) or by plain cross-origin requests (the Origin header does).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


REFUSAL = (
    "This service answers under its own address only. Behind a proxy it needs base_url in [access] "
    "of its settings: docs/people.md"
)
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class OriginGuard:
    """ASGI middleware that refuses requests and web sockets of other hosts and origins.

    Args:
        base_url: the address under which people reach the service, where that is not this machine.
        own_host: host and port that it listens on, by which its machine's commands reach it.
        internal_hosts: host and port by which Philo's page reaches it on a private network.
        forwarded: whether requests may come through a proxy. Where nobody has to sign in, one that
            was put before the service would make everybody its operator.
    """

    def __init__(
        self,
        app: ASGIApp,
        base_url: str | None = None,
        own_host: str = "",
        *,
        internal_hosts: Collection[str] = (),
        forwarded: bool = True,
    ) -> None:
        self._app = app
        self._forwarded = forwarded
        self._origin = (base_url or "").lower()
        parts = urlsplit(self._origin)
        port = _DEFAULT_PORTS.get(parts.scheme, "")
        self._hosts = {parts.netloc, parts.netloc + port, own_host.lower()} - {""}
        self._hosts |= {host.lower() for host in internal_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_ours(Headers(scope=scope)):
            if scope["type"] != "lifespan" and Headers(scope=scope).get("origin") == self._origin:
                # A proxy may have put its own name for us there: foreign, Streamlit would say.
                MutableHeaders(scope=scope)["host"] = urlsplit(self._origin).netloc
            await self._app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            refusal = PlainTextResponse(REFUSAL, 403)
            await refusal(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        host = headers.get("host", "").lower()
        origin = headers.get("origin")
        if not self._forwarded and any(name in headers for name in FORWARDED):
            return False
        if not (_LOOPBACK.fullmatch(host) or host in self._hosts):
            return False
        known = {f"http://{host}", f"https://{host}"} | ({self._origin} if self._origin else set())
        return origin is None or origin.lower() in known


def _unframed(send: Send) -> Send:
    """No page of another origin may show ours in a frame and steal its clicks."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", "frame-ancestors 'self'")
        await send(message)

    return send_with_header
