"""One process, one port: the web page and the API over one open assistant."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from assistant.access.keys import SecretKey
from assistant.access.login import ANY_HOSTS, Login, decide_policy, url_host
from assistant.api.account.app import create_account_pages
from assistant.api.gate import SignInGate
from assistant.api.guard import OriginGuard
from assistant.api.mounting import api_routes
from assistant.api.rest import create_api
from assistant.assistant import Assistant
from assistant.data_directory import RunningService, announced
from assistant.errors import PortInUseError
from assistant.safety.personal.logs import mask_logs
from assistant.service import Replicas, find_plugin, open_assistant
from assistant.settings import Settings

BACKLOG = 128
GRACE_S = 5
"""How long running requests may take to end when the service is stopped."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What answers now. `url` is for people, `api_url` for programs of this machine. `setup_code`
    lets the first administrator in, where there is none."""

    url: str
    api_url: str
    has_page: bool
    setup_code: str | None


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    ready: Callable[[Serving], None],
    with_page: bool = True,
    replicas: Replicas | None = None,
) -> None:
    """Serve until interrupted.

    Args:
        port: 0 takes any free one.
        with_page: serve the web page too, where it is installed.
        replicas: see `open_assistant`.
        ready: called when the service answers.
    Raises:
        PortInUseError: the address is taken.
        SettingsError: see `decide_policy`.
        PhiloError: see `open_assistant`.
    """
    policy = decide_policy(settings.access, host)
    with (
        _listen(host, port) as listener,
        open_assistant(settings, replicas=replicas) as assistant,
    ):
        taken = listener.getsockname()[1]
        address = policy.address(host, taken)
        here = f"{url_host(_reached_here(host))}:{taken}"
        with announced(settings.data, f"http://{here}/api") as service:
            page = find_plugin("page") if with_page else None
            login = open_login(assistant, policy.key, address) if policy.key else None
            assistant.library.sharing.login_demanded = login is not None
            guard = Middleware(
                OriginGuard,
                base_url=address,
                own_host=here,
                forwarded=login is not None or settings.access.login == "off",
            )
            server = _Server(
                uvicorn.Config(
                    build_app(assistant, service, page, login, guard),
                    log_level="warning",
                    lifespan="on",
                    timeout_graceful_shutdown=GRACE_S,
                    forwarded_allow_ips=list(settings.access.trusted_proxies),
                )
            )
            mask_logs()  # uvicorn has just opened handlers of its own
            told = Serving(
                url=address,
                api_url=f"{address}/api",
                has_page=page is not None,
                setup_code=login.setup_code if login is not None else None,
            )
            server.on_started = lambda: ready(told)
            if assistant.generator is not None:
                assistant.generator.prepare()
            assistant.start_work()
            server.run(sockets=[listener])


def open_login(assistant: Assistant, key: SecretKey, base_url: str) -> Login:
    """The login over an open assistant."""
    return Login(
        database=assistant.library.database,
        people=assistant.library.people,
        credentials=assistant.credentials,
        audit=assistant.audit,
        settings=assistant.settings.access,
        key=key,
        base_url=base_url,
    )


def build_app(
    assistant: Assistant,
    service: RunningService,
    page: Path | None,
    login: Login | None,
    guard: Middleware,
) -> ASGIApp:
    """All that is served: the API, the login's pages where there is a login, the web page."""
    api = create_api(assistant, operator_token=service.token, login=login)
    routes: list[BaseRoute] = [*api_routes(api)]
    middleware = [guard]
    if login is not None:
        home = "/" if page is not None else "/account/"
        pages = create_account_pages(assistant, login, home=home)
        routes.append(Mount("/account", pages))
        routes.append(Route("/account", RedirectResponse("/account/")))
    if page is None:
        return Starlette(routes=routes, middleware=middleware)
    if login is not None:
        middleware.append(Middleware(SignInGate, login=login))
    os.environ["PHILO_API_URL"] = service.url
    import streamlit as st  # here, so that commands without a page start quickly

    logging.getLogger("streamlit").setLevel(logging.WARNING)
    app: ASGIApp = st.App(page, routes=routes, middleware=middleware)
    return app


def _reached_here(host: str) -> str:
    """By which address this machine reaches what listens on `host`."""
    if host in ANY_HOSTS:
        return "::1" if ":" in host else "127.0.0.1"
    return host


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
