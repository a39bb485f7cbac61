"""One replica of a generator: what runs in each process behind Ray Serve.

Requests and events are JSON. A request: `messages`, `most`, `stop`, `guide`, `principal`,
`deadline_s`. Events: {"token": [text, id, logprob]}, {"position": n} while others are before it,
and {"error": [type, message, retry_after_s]}; the end of the stream is the end of the answer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.messages import BaseMessage, messages_from_dict

from assistant.errors import GeneratorBusyError, PhiloError
from assistant.models.cluster import listen_on_loopback
from assistant.models.generators.base import Generator
from assistant.models.generators.cores import claim_cores
from assistant.models.generators.types import Guide, Ticket, Token
from assistant.models.settings import ModelSettings, ServingSettings
from assistant.offline import forbid_telemetry

LOOK_S = 0.5
"""How often a waiting request looks at its place."""


class Replica:
    """Opens the generator when it is made, and closes it with its process."""

    def __init__(
        self, entry: str, models: str, serving: str, cores: int, pool: str, loopback: bool
    ) -> None:
        """
        Args:
            entry: "module:function" that opens a generator from the two settings.
            models: ModelSettings as JSON; its folder of models is on each node.
            serving: ServingSettings as JSON.
            cores: for this replica alone; 0 leaves it all, as where a GPU does the work.
            pool: shared by the replicas that divide a machine's cores among them.
            loopback: the cluster is of this machine alone, and nobody else may call.
        """
        forbid_telemetry()
        if loopback:
            listen_on_loopback()
        self._cores = claim_cores(cores, name=pool) if cores else None
        module, _, name = entry.partition(":")
        settings = ModelSettings.model_validate_json(models)
        if cores:
            settings = settings.model_copy(update={"threads": cores})
        open_generator = getattr(importlib.import_module(module), name)
        self._generator: Generator = open_generator(
            settings, ServingSettings.model_validate_json(serving)
        )
        self._generator.prepare()

    async def stream(self, request: str) -> AsyncIterator[str]:
        """The events of one answer. Cancelling the call stops the generator."""
        asked = json.loads(request)
        events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        try:
            ticket = self._generator.reserve(
                principal=asked["principal"], deadline_s=asked["deadline_s"]
            )
        except PhiloError as exc:
            yield json.dumps(_describe(exc))
            return
        gone = threading.Event()

        def tell(event: dict[str, Any] | None) -> None:
            if not gone.is_set():
                loop.call_soon_threadsafe(events.put_nowait, event)

        threading.Thread(target=self._write, args=(asked, ticket, tell, gone), daemon=True).start()
        told = 0
        try:
            while True:
                try:
                    event = await asyncio.wait_for(events.get(), LOOK_S)
                except TimeoutError:
                    if ticket.position != told:
                        told = ticket.position
                        yield json.dumps({"position": told})
                    continue
                if event is None:
                    return
                yield json.dumps(event)
        finally:
            gone.set()
            ticket.cancel()

    async def score(self, request: str) -> str:
        """The events of `Generator.score`, as one list."""
        asked = json.loads(request)
        try:
            tokens = await asyncio.to_thread(
                self._generator.score, _messages(asked), asked["continuation"]
            )
        except PhiloError as exc:
            return json.dumps([_describe(exc)])
        return json.dumps([_event(token) for token in tokens])

    def _write(
        self, asked: dict[str, Any], ticket: Ticket, tell: Any, gone: threading.Event
    ) -> None:
        guide = asked["guide"]
        tokens: Iterator[Token] = iter(())
        try:
            tokens = self._generator.stream_tokens(
                _messages(asked),
                max_new_tokens=asked["most"],
                stop=asked["stop"],
                guide=Guide(*guide) if guide else None,
                ticket=ticket,
            )
            for token in tokens:
                if gone.is_set():
                    return
                tell(_event(token))
        except Exception as exc:  # noqa: BLE001 - the edge of the process: told to the service
            tell(_describe(exc))
        finally:
            close = getattr(tokens, "close", None)
            if close is not None:
                close()
            tell(None)


def _messages(asked: dict[str, Any]) -> list[BaseMessage]:
    return messages_from_dict(asked["messages"])


def _event(token: Token) -> dict[str, Any]:
    return {"token": [token.text, token.id, token.logprob]}


def _describe(exc: Exception) -> dict[str, Any]:
    again_s = exc.retry_after_s if isinstance(exc, GeneratorBusyError) else None
    return {"error": [type(exc).__name__, str(exc), again_s]}
