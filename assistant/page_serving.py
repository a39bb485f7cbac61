"""The web page in a process of its own, over an API elsewhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import closing

import uvicorn
from starlette.middleware import Middleware

from assistant.access.login import Policy, demands_login, url_host
from assistant.api.guard import OriginGuard
from assistant.errors import PhiloError
from assistant.listening import listen, reached_here, reserve
from assistant.service import find_plugin
from assistant.serving import Server, Serving
from assistant.settings import Settings


def serve_page(
    settings: Settings,
    *,
    api_url: str,
    host: str,
    port: int,
    ready: Callable[[Serving], None],
) -> None:
    """Serve until interrupted.

    Raises:
        PortInUseError: the address is taken.
        SettingsError: see `demands_login`.
        PhiloError: the page is not installed.
    """
    page = find_plugin("page")
    if page is None:
        raise PhiloError("the part 'page' of Philo is not installed; run: pip install philo")
    has_login = demands_login(settings.access, host)  # at the API, which alone has the key
    policy = Policy(key=None, base_url=settings.access.base_url)
    os.environ["PHILO_API_URL"] = api_url
    import streamlit as st  # here, so that other commands start quickly

    logging.getLogger("streamlit").setLevel(logging.WARNING)
    with closing(reserve(host, port)) as listener:
        listen(listener)
        taken = listener.getsockname()[1]
        address = policy.address(host, taken)
        guard = Middleware(
            OriginGuard,
            base_url=address,
            own_host=f"{url_host(reached_here(host))}:{taken}",
            forwarded=has_login or settings.access.login == "off",
        )
        server = Server(
            uvicorn.Config(
                st.App(page, middleware=[guard]),
                log_level="warning",
                lifespan="on",
                timeout_graceful_shutdown=int(settings.serving.drain_s),
                forwarded_allow_ips=list(settings.access.trusted_proxies),
            )
        )
        told = Serving(url=address, api_url=api_url, has_page=True, setup_code=None)
        server.on_started = lambda: ready(told)
        server.run(sockets=[listener])
