"""The API behind a real HTTP server, as `philo serve` has it, and people with tokens."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from assistant.access.types import Role, TokenScope
from assistant.api.guard import OriginGuard
from assistant.api.mounting import api_routes
from assistant.api.rest import create_api
from assistant.assistant import Assistant

OPERATOR_TOKEN = "the operator's own"


@contextmanager
def served(assistant: Assistant) -> Iterator[str]:
    """The address of the service while it runs."""
    api = create_api(assistant, operator_token=OPERATOR_TOKEN)
    app = Starlette(routes=api_routes(api), middleware=[Middleware(OriginGuard, forwarded=False)])
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def token_of(
    assistant: Assistant,
    name: str,
    *,
    groups: tuple[str, ...] = (),
    role: Role = Role.READER,
    scope: TokenScope = TokenScope.READ,
) -> str:
    """The secret of a new user's token."""
    assistant.people.add_user(name, role=role, groups=groups)
    return assistant.people.create_token(name, scope=scope).secret
