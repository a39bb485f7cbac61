"""Several replicas of a generator behind Ray Serve: one on each GPU, or on cores of its own."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, messages_to_dict
from pydantic import PrivateAttr

from assistant import errors
from assistant.errors import GenerationError, GeneratorBusyError, PhiloError
from assistant.models.generators.base import Generator
from assistant.models.generators.types import Guide, Ticket, Token
from assistant.models.settings import ServingSettings

REPEAT_PAUSE_S = 1.0
MOST_REPEATS = 5
"""Few: a prompt that kills its replica would kill one with each."""
LATE_S = 5.0
"""A replica ends an answer at its deadline itself; this much later it is taken for dead."""


class ReplicaTicket(Ticket):
    """A place among those that the replicas answer or let wait."""

    def __init__(self, principal: str, deadline_s: float) -> None:
        self.principal = principal
        self._deadline = time.monotonic() + deadline_s
        self._lock = threading.Lock()
        self._response: Any = None
        self._position = 0
        self.ended = False

    @property
    def position(self) -> int:
        return self._position

    @property
    def left_s(self) -> float:
        return self._deadline - time.monotonic()

    def place(self, position: int) -> None:
        """What the replica says of how many are before it."""
        self._position = position

    def hold(self, response: Any) -> None:
        """The call to a replica that is this ticket's now."""
        with self._lock:
            self._response = response
        if self.ended:
            self.cancel()

    def cancel(self) -> None:
        self.ended = True
        with self._lock:
            response, self._response = self._response, None
        if response is not None:
            response.cancel()


class ReplicaGenerator(Generator):
    """Prompts are counted here, by `local`, a generator of the same model that never loads it;
    they are rendered and answered by the replicas.

    A request of which no word has come is repeated on another replica when its own is lost; one
    that has begun ends with GenerationError.
    """

    _local: Generator = PrivateAttr()
    _handle: Any = PrivateAttr()
    _serving: ServingSettings = PrivateAttr()
    _places: int = PrivateAttr()
    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _live: Any = PrivateAttr(default_factory=weakref.WeakSet)
    _opened: contextlib.ExitStack = PrivateAttr()

    def __init__(
        self,
        local: Generator,
        handle: Any,
        serving: ServingSettings,
        *,
        replicas: int,
        opened: contextlib.ExitStack,
    ) -> None:
        """
        Args:
            handle: of the deployment of `Replica`.
            opened: what ends with this generator.
        """
        super().__init__(
            model_id=local.model_id,
            context_tokens=local.context_tokens,
            max_new_tokens=local.max_new_tokens,
        )
        self._local = local
        self._handle = handle
        self._serving = serving
        self._places = replicas * (serving.slots + serving.queue)
        self._opened = opened

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        return self._local.count_tokens(messages)

    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[Token]:
        self.require_room(self.count_tokens(messages) if messages else 0, max_new_tokens)
        own = self.reserve() if ticket is None else ticket
        if not isinstance(own, ReplicaTicket):
            raise GenerationError("the ticket is of another generator; reserve one of this")
        request = {
            "messages": messages_to_dict(list(messages)),
            "most": max_new_tokens,
            "stop": list(stop),
            "guide": [guide.kind, guide.text] if guide else None,
            "principal": own.principal,
        }
        return self._write(request, own)

    def score(self, messages: Sequence[BaseMessage], continuation: str) -> list[Token]:
        request = {"messages": messages_to_dict(list(messages)), "continuation": continuation}
        with _cluster_errors():
            events = self._handle.score.remote(json.dumps(request)).result()
        return [_read(event) for event in json.loads(events)]

    def reserve(self, *, principal: str = "", deadline_s: float | None = None) -> ReplicaTicket:
        """
        Raises:
            GeneratorBusyError: all places of all replicas are taken. Who has nothing waiting yet
                is let in until there are twice as many: nobody can take all places alone.
        """
        with self._lock:
            live = [ticket for ticket in self._live if not ticket.ended]
            known = any(ticket.principal == principal for ticket in live)
            if len(live) >= self._places * (1 if known else 2):
                raise GeneratorBusyError(
                    f"{len(live)} questions are being answered or wait, of at most "
                    f"{self._places}; ask again in a moment",
                    retry_after_s=5.0,
                )
            ticket = ReplicaTicket(
                principal, self._serving.deadline_s if deadline_s is None else deadline_s
            )
            self._live.add(ticket)
            return ticket

    def close(self) -> None:
        for ticket in list(self._live):
            ticket.cancel()
        self._opened.close()

    @property
    def _llm_type(self) -> str:
        return "philo-replicas"

    def _write(self, request: dict[str, Any], ticket: ReplicaTicket) -> Iterator[Token]:
        begun = False
        repeats = 0
        alarm = threading.Timer(ticket.left_s + LATE_S, ticket.cancel)
        alarm.daemon = True
        alarm.start()
        try:
            while True:
                try:
                    for event in self._call(request, ticket):
                        if "position" in event:
                            ticket.place(event["position"])
                            continue
                        token = _read(event)
                        begun = True
                        ticket.place(0)
                        yield token
                    return
                except _lost() as exc:
                    repeats += 1
                    failure = _give_up(exc, ticket, begun=begun, repeats=repeats)
                    if failure is not None:
                        raise failure from exc
                    time.sleep(REPEAT_PAUSE_S)
        finally:
            alarm.cancel()
            ticket.cancel()

    def _call(self, request: dict[str, Any], ticket: ReplicaTicket) -> Iterator[dict[str, Any]]:
        if ticket.ended:
            raise GenerationError("the answer was cancelled")
        message = json.dumps({**request, "deadline_s": max(ticket.left_s, 0.0)})
        response = self._handle.options(stream=True).stream.remote(message)
        ticket.hold(response)
        for event in response:
            yield json.loads(event)


def _give_up(
    exc: BaseException, ticket: ReplicaTicket, *, begun: bool, repeats: int
) -> GenerationError | None:
    """Why a request whose call has failed is not repeated; None when it is."""
    from ray.exceptions import RayTaskError

    if ticket.left_s <= 0:
        return GenerationError("the answer was not finished in time; ask again")
    if ticket.ended:
        return GenerationError("the answer was cancelled")
    if isinstance(exc, RayTaskError):  # it is there, and raised something itself
        return GenerationError(f"the replica failed ({type(exc.cause).__name__}); ask again")
    if begun:
        return GenerationError("the replica that wrote the answer was lost; ask again")
    if repeats > MOST_REPEATS:
        return GenerationError(
            "no replica could be reached; see that the cluster's nodes run (ray status), and "
            "ask again"
        )
    return None


def _lost() -> tuple[type[BaseException], ...]:
    """What Ray raises when a replica, its node or the way to it is gone, or a call is cancelled."""
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    return (RayError, RayServeException, concurrent.futures.CancelledError)


@contextlib.contextmanager
def _cluster_errors() -> Iterator[None]:
    try:
        yield
    except _lost() as exc:
        raise GenerationError("the replica was lost; ask again") from exc


def _read(event: dict[str, Any]) -> Token:
    if "error" in event:
        kind, message, again_s = event["error"]
        if again_s is not None:
            raise GeneratorBusyError(message, retry_after_s=again_s)
        known = getattr(errors, kind, None)
        if isinstance(known, type) and issubclass(known, PhiloError):
            raise known(message)
        raise GenerationError(f"the replica failed: {kind}: {message}")
    return Token(*event["token"])
