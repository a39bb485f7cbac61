"""What a client is told when many ask, and what happens when it goes away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from assistant.api.events import Event, call_while_connected, stream_events
from assistant.api.rest import create_api
from assistant.api.schemas import Health, WaitingEvent
from assistant.errors import GenerationError
from assistant.models.generators.types import Ticket
from assistant.service import open_assistant
from assistant.settings import load_settings


@pytest.mark.parametrize("path", ["/ask", "/ask/stream"])
def test_too_many_questions_are_refused_before_the_answer_begins(
    path: str, tmp_path: Path, model_directory: Path
) -> None:
    variables = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_SERVING__SLOTS": "1",
        "PHILO_SERVING__QUEUE": "0",
    }
    with open_assistant(load_settings(tmp_path, environ=variables)) as assistant:
        client = TestClient(create_api(assistant, operator_token="t"))
        held = [assistant.reserve(principal=who) for who in ("one", "another")]
        refused = client.post(path, json={"question": "How many days of leave?"})
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.json()["error"]["type"] == "GeneratorBusyError"
        for ticket in held:
            ticket.cancel()
        # Nothing was ingested: the answer needs no model, and gives its place back.
        for _ in range(3):
            assert client.post(path, json={"question": "How many days?"}).status_code == 200


class Held(Ticket):
    """A ticket whose work goes on until it is cancelled."""

    def __init__(self, position: int = 0) -> None:
        self.cancelled = threading.Event()
        self._position = position

    @property
    def position(self) -> int:
        return self._position

    def cancel(self) -> None:
        self.cancelled.set()

    def work(self) -> None:
        if not self.cancelled.wait(10):
            raise AssertionError("nobody cancelled the work")
        raise GenerationError("the answer was cancelled")

    def events(self) -> Iterator[Event]:
        self.work()
        yield "never", WaitingEvent(position=0)


def call_and_leave(app: FastAPI, *, after: str) -> list[str]:
    """Ask, and go away when a part of the answer holds `after`, or at once."""
    sent: list[str] = []

    async def run() -> None:
        may_leave = asyncio.Event()
        if not after:
            may_leave.set()
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, object]:
            if asked:
                return asked.pop()
            await may_leave.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            body = message.get("body", b"")
            assert isinstance(body, bytes)
            sent.append(body.decode())
            if after and after in sent[-1]:
                may_leave.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "headers": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
        }
        await app(scope, receive, send)

    with ThreadPoolExecutor(1) as thread:  # this one may already have a loop: a browser's
        thread.submit(asyncio.run, run()).result()
    return sent


def test_a_client_that_leaves_a_waiting_stream_frees_its_place_at_once() -> None:
    ticket = Held(position=3)
    app = FastAPI()

    @app.get("/")
    async def stream() -> StreamingResponse:
        return stream_events(ticket.events(), ticket=ticket)

    started = time.perf_counter()
    sent = call_and_leave(app, after="waiting")
    assert ticket.cancelled.is_set()
    assert time.perf_counter() - started < 5
    assert 'event: waiting\ndata: {"position":3}\n\n' in sent


def test_the_place_is_told_before_the_work_begins() -> None:
    ticket = Held(position=7)
    app = FastAPI()
    begun = threading.Event()

    def events() -> Iterator[Event]:
        begun.set()
        yield from ticket.events()

    def write(event: Event) -> str:
        name, body = event
        return f"{name} {body.model_dump_json()} {'after' if begun.is_set() else 'before'} it"

    @app.get("/")
    async def stream() -> StreamingResponse:
        return stream_events(events(), ticket=ticket, write=write)

    assert 'waiting {"position":7} before it' in call_and_leave(app, after="waiting")


def test_a_client_that_leaves_while_the_whole_answer_is_written_frees_its_place() -> None:
    ticket = Held()
    app = FastAPI()

    @app.get("/")
    async def whole(request: Request) -> Health:
        await call_while_connected(
            request, ticket.work, on_gone=ticket.cancel, limiter=CapacityLimiter(1)
        )
        raise AssertionError("the work was cancelled")

    with pytest.raises(GenerationError, match="cancelled"):
        call_and_leave(app, after="")
    assert ticket.cancelled.is_set()
