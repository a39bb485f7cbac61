"""Requests as they are counted and logged, and /metrics for those who may read it."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import time

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.observing.logs import ACCESS, current_request
from assistant.observing.metrics import Metrics
from assistant.observing.settings import ObservabilitySettings

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
METRICS = "/metrics"
UNKNOWN = "(none)"
"""Instead of a path that is no route's: whoever tries paths would make labels otherwise."""

FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of proxies: who asks through one on this machine is not of this machine."""

logger = logging.getLogger(ACCESS)


class ObservedRequests:
    """ASGI middleware around an API: an id for each request, and how long it took."""

    def __init__(self, app: ASGIApp, metrics: Metrics | None) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {key: value for key, value in scope.items() if key != "route"}  # of a mount
        request_id = secrets.token_hex(8)
        token = current_request.set(request_id)
        started, status = time.perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        if self._metrics is not None:
            self._metrics.requests_open.inc()
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            route = getattr(scope.get("route"), "path", UNKNOWN)
            if self._metrics is not None:
                self._metrics.requests_open.dec()
                self._metrics.request_seconds.labels(method, route, str(status)).observe(seconds)
            told = {
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            logger.info("%s %s %d", method, route, status, extra={"told": told})
            current_request.reset(token)


class MetricsPage:
    """ASGI app: with a token, for whoever shows it; without one, for programs of this machine; for
    nobody where there are no metrics."""

    def __init__(self, metrics: Metrics | None, settings: ObservabilitySettings) -> None:
        self._metrics = metrics
        self._token = settings.metrics_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        response: Response
        if self._metrics is None:
            response = PlainTextResponse("Metrics are off: [observability] metrics", 404)
        elif not self._may_read(request):
            said = "Metrics are for programs of this machine, or with [observability] metrics_token"
            status = 403 if self._token is None else 401
            headers = {"WWW-Authenticate": "Bearer"} if self._token is not None else {}
            response = PlainTextResponse(said, status, headers=headers)
        elif request.method not in ("GET", "HEAD"):
            response = PlainTextResponse("Only GET.", 405, headers={"Allow": "GET"})
        else:
            content = await anyio.to_thread.run_sync(self._metrics.exposition)
            headers = {"Cache-Control": "no-store"}
            response = Response(content, media_type=CONTENT_TYPE_LATEST, headers=headers)
        await response(scope, receive, send)

    def _may_read(self, request: Request) -> bool:
        if self._token is not None:
            shown = request.headers.get("authorization", "")
            wanted = f"Bearer {self._token.get_secret_value()}"
            return secrets.compare_digest(shown.encode(), wanted.encode())
        if any(name in request.headers for name in FORWARDING):
            return False
        try:
            return request.client is not None and (
                ipaddress.ip_address(request.client.host).is_loopback
            )
        except ValueError:
            return False
