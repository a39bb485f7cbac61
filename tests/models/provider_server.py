"""A server that speaks the protocols of OpenAI and Anthropic, and misbehaves on demand.

Run as a real HTTP server on a free port of loopback. `behaviour` is one of the names below;
everything that was asked is kept in `requests`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

Sentence = Callable[[str], str]


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class ProviderServer:
    """`say` computes the answer from the prompt's text; `failures` are served first, in turn."""

    url: str = ""
    say: Sentence = lambda prompt: "The capital of Germany is Berlin."
    behaviour: str = "right"
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    given_out: int = 0
    dropped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.app = FastAPI()
        self.app.post("/v1/chat/completions")(self.openai)
        self.app.post("/v1/messages")(self.anthropic)

    async def openai(self, request: Request) -> Response:
        return await self._serve(request, OpenaiStream(), "authorization", "Bearer right-key")

    async def anthropic(self, request: Request) -> Response:
        return await self._serve(request, AnthropicStream(), "x-api-key", "right-key")

    async def _serve(self, request: Request, stream: Any, header: str, key: str) -> Response:
        body = await request.json()
        self.requests.append(Asked(request.url.path, dict(request.headers), body))
        sent = request.headers.get(header)
        if sent != key:
            return JSONResponse(stream.error("authentication_error", f"invalid key {sent}"), 401)
        if self.failures:
            status, headers = self.failures.pop(0)
            return JSONResponse(stream.error("some_error", "not now"), status, headers)
        match self.behaviour:
            case "unknown model":
                return JSONResponse(stream.error("not_found_error", "no such model"), 404)
            case "too long":
                return JSONResponse(stream.error("invalid_request_error", stream.too_long), 400)
            case "redirect":
                return RedirectResponse("http://localhost:9/elsewhere", 307)
            case "hang":
                await asyncio.sleep(30)
            case "nonsense":
                return Response("<html>it works!</html>", media_type="text/html")
            case "huge error":
                return Response("x" * 20_000_000, 500, media_type="text/plain")
        prompt = json.dumps(body["messages"], ensure_ascii=False)
        return StreamingResponse(
            self._events(stream, self.say(prompt), request), media_type="text/event-stream"
        )

    async def _events(self, stream: Any, text: str, request: Request) -> AsyncIterator[str]:
        words = text.split(" ")
        pieces = [words[0], *(f" {word}" for word in words[1:])]
        reason = stream.filtered if self.behaviour == "filtered" else stream.ended
        try:
            for event in stream.opening():
                yield event
            for number, piece in enumerate(pieces):
                if self.behaviour == "cut" and number == 2:
                    raise ConnectionResetError
                if self.behaviour == "quiet end" and number == 2:
                    return
                if self.behaviour == "malformed" and number == 2:
                    yield stream.malformed
                self.given_out += 1
                yield stream.piece(piece)
                await asyncio.sleep(0)
            while self.behaviour == "endless":
                self.given_out += 1
                yield stream.piece(" and on")
                await asyncio.sleep(0.005)
            while self.behaviour == "flood":
                yield stream.piece(" flood" * 10_000)
            while self.behaviour == "trickle":
                yield ": wait\n\n"
                await asyncio.sleep(0.05)
            for event in stream.closing(reason):
                yield event
        finally:
            self.dropped.set()


class OpenaiStream:
    """`data:` lines of chat.completion.chunk, then [DONE]."""

    ended, filtered = "stop", "content_filter"
    malformed = 'data: {"choices": [{"delta": {"conte\n\n'
    too_long = "This model's maximum context length is 128 tokens. (context_length_exceeded)"

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"error": {"message": message, "type": kind, "param": None, "code": kind}}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunk = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "tiny-1",
            "choices": [choice],
        }
        return f"data: {json.dumps(chunk)}\n\n"

    def opening(self) -> list[str]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def piece(self, text: str) -> str:
        return self._chunk({"content": text})

    def closing(self, reason: str) -> list[str]:
        return [self._chunk({}, reason), "data: [DONE]\n\n"]


class AnthropicStream:
    """message_start, content_block_start, deltas with pings, message_delta, message_stop."""

    ended, filtered = "end_turn", "refusal"
    malformed = 'event: content_block_delta\ndata: {"type": "content_bl\n\n'
    too_long = "prompt is too long: 300 tokens > 128 maximum"

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": kind, "message": message}}

    def _event(self, kind: str, **fields: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"

    def opening(self) -> list[str]:
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "tiny-1",
            "content": [], "stop_reason": None, "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 1},
        }  # fmt: skip
        block = {"type": "text", "text": ""}
        return [
            self._event("message_start", message=message),
            self._event("content_block_start", index=0, content_block=block),
            self._event("ping"),
        ]

    def piece(self, text: str) -> str:
        return self._event(
            "content_block_delta", index=0, delta={"type": "text_delta", "text": text}
        )

    def closing(self, reason: str) -> list[str]:
        delta = {"stop_reason": reason, "stop_sequence": None}
        return [
            self._event("content_block_stop", index=0),
            self._event("message_delta", delta=delta, usage={"output_tokens": 7}),
            self._event("message_stop"),
        ]


@contextmanager
def serve_provider() -> Iterator[ProviderServer]:
    """The server, in a thread of its own, until the block ends."""
    provider = ProviderServer()
    listener = socket.create_server(("127.0.0.1", 0))
    provider.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server = uvicorn.Server(
        uvicorn.Config(
            provider.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join()
    listener.close()
