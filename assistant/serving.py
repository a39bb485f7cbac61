"""One process, one port: the web page and the API over one open assistant."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp

from assistant.api.guard import LOOPBACK_HOSTS, LoopbackGuard
from assistant.api.rest import create_api
from assistant.assistant import Assistant
from assistant.data_directory import RunningService, announced
from assistant.errors import PortInUseError, SettingsError
from assistant.safety.personal.logs import mask_logs
from assistant.service import Replicas, find_plugin, open_assistant
from assistant.settings import Settings

BACKLOG = 128
GRACE_S = 5
"""How long running requests may take to end when the service is stopped."""


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    ready: Callable[[str, bool], None],
    with_page: bool = True,
    replicas: Replicas | None = None,
) -> None:
    """Serve until interrupted.

    Args:
        port: 0 takes any free one.
        with_page: serve the web page too, where it is installed.
        replicas: see `open_assistant`.
        ready: called with the address, and whether there is a page at it, when it answers.
    Raises:
        PortInUseError: the address is taken.
        SettingsError: the host is not this machine: there is no login yet.
        PhiloError: see `open_assistant`.
    """
    if host not in LOOPBACK_HOSTS:
        raise SettingsError(
            f"--host {host} would let others in, and Philo has no login yet; serve on 127.0.0.1 "
            "and reach it through a proxy that asks for one, or an SSH tunnel"
        )
    with (
        _listen(host, port) as listener,
        open_assistant(settings, replicas=replicas) as assistant,
    ):
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        with announced(settings.data, f"{address}/api") as service:
            page = find_plugin("page") if with_page else None
            app = _build_app(assistant, service, page)
            server = _Server(
                uvicorn.Config(
                    app,
                    log_level="warning",
                    lifespan="on",
                    timeout_graceful_shutdown=GRACE_S,
                )
            )
            mask_logs()  # uvicorn has just opened handlers of its own
            server.on_started = lambda: ready(address, page is not None)
            if assistant.generator is not None:
                assistant.generator.prepare()
            assistant.start_work()
            server.run(sockets=[listener])


def _build_app(assistant: Assistant, service: RunningService, page: Path | None) -> ASGIApp:
    routes = [Mount("/api", create_api(assistant, operator_token=service.token))]
    middleware = [Middleware(LoopbackGuard)]
    if page is None:
        return Starlette(routes=routes, middleware=middleware)
    os.environ["PHILO_API_URL"] = service.url
    import streamlit as st  # here, so that commands without a page start quickly

    logging.getLogger("streamlit").setLevel(logging.WARNING)
    app: ASGIApp = st.App(page, routes=routes, middleware=middleware)
    return app


class _Server(uvicorn.Server):
    on_started: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self.on_started()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        if exc.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortInUseError(
                f"port {port} on {host} cannot be used ({exc.strerror}); "
                "choose another one with --port"
            ) from exc
        raise
    return listener
