"""One process, one port: the web page and the API over one open assistant."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from assistant.access.keys import SecretKey
from assistant.access.login import Login, decide_policy, url_host
from assistant.api.account.app import create_account_pages
from assistant.api.gate import SignInGate
from assistant.api.guard import OriginGuard
from assistant.api.mounting import api_routes
from assistant.api.observed import METRICS, MetricsPage
from assistant.api.readiness import readiness_routes
from assistant.api.rest import create_api
from assistant.assistant import Assistant
from assistant.data_directory import RunningService, announced
from assistant.listening import listen, reached_here, reserve
from assistant.observing.logs import write_json_logs
from assistant.safety.personal.logs import mask_logs
from assistant.service import Replicas, find_plugin, open_assistant
from assistant.settings import Settings


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
    """Serve until interrupted; answers that are being written then are finished, for as long as
    `[serving] drain_s`.

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
        reserve(host, port) as listener,
        open_assistant(settings, replicas=replicas) as assistant,
    ):
        listen(listener)
        taken = listener.getsockname()[1]
        address = policy.address(host, taken)
        here = f"{url_host(reached_here(host))}:{taken}"
        with announced(settings.data, f"http://{here}/api") as service:
            page = find_plugin("page") if with_page else None
            login = open_login(assistant, policy.key, address) if policy.key else None
            assistant.library.sharing.login_demanded = login is not None
            guard = Middleware(
                OriginGuard,
                base_url=address,
                own_host=here,
                internal_hosts=settings.access.internal_hosts,
                forwarded=login is not None or settings.access.login == "off",
            )
            draining = threading.Event()
            server = Server(
                uvicorn.Config(
                    build_app(assistant, service, page, login, guard, draining.is_set),
                    log_level="warning",
                    lifespan="on",
                    timeout_graceful_shutdown=int(settings.serving.drain_s),
                    forwarded_allow_ips=list(settings.access.trusted_proxies),
                )
            )
            mask_logs()  # uvicorn has just opened handlers of its own
            if settings.observability.logs == "json":
                write_json_logs()
            told = Serving(
                url=address,
                api_url=f"{address}/api",
                has_page=page is not None,
                setup_code=login.setup_code if login is not None else None,
            )
            server.on_started = lambda: ready(told)
            server.on_exit = draining.set
            server.notice_s = settings.serving.notice_s
            assistant.start_work()
            assistant.library.prepare_search()
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
    draining: Callable[[], bool] = lambda: False,
) -> ASGIApp:
    """All that is served: the API, the login's pages where there is a login, the web page."""
    api = create_api(assistant, operator_token=service.token, login=login)
    routes: list[BaseRoute] = [*readiness_routes(assistant, draining), *api_routes(api)]
    metrics = assistant.library.observer.metrics
    routes.append(Route(METRICS, MetricsPage(metrics, assistant.settings.observability)))
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


class Server(uvicorn.Server):
    """Waits, once it is told to stop, for answers that are being written."""

    on_started: Callable[[], None]
    on_exit: Callable[[], None] = staticmethod(lambda: None)
    notice_s = 0.0
    """How long it still takes requests once it was told to stop; told again, it stops at once."""
    _noticed = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.on_exit()
        if sig == signal.SIGTERM and self.notice_s and not self._noticed:
            self._noticed = True
            later = threading.Timer(self.notice_s, super().handle_exit, (sig, frame))
            later.daemon = True
            later.start()
        else:
            super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self.on_started()
