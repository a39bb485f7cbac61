"""One request on its way to a generator's process and back."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any, Protocol

from assistant.errors import GenerationError
from assistant.models.generators.types import Ticket

MOST_ATTEMPTS = 2

Event = tuple[int, float | None] | GenerationError | None
"""A token and its log-probability, a failure, or the end."""


class Owner(Protocol):
    """What a request asks of the process that it is in."""

    def end(self, request: Request, reason: GenerationError | None) -> None:
        """Stop it wherever it is; no harm when it has ended."""

    def position(self, request: Request) -> int:
        """How many are before it."""


class Request(Ticket):
    """One prompt on its way. Tokens are kept until they are read, so a slow reader does not
    keep others waiting."""

    def __init__(self, process: Owner, request_id: int, principal: str, deadline_s: float) -> None:
        """
        Args:
            request_id: higher than that of any before.
        """
        self.id = request_id
        self.principal = principal
        self.message: dict[str, Any] = {}
        self.attempts = 0
        self.begun = False
        self.ended = False
        self._process = process
        self._deadline_s = deadline_s
        self._started = time.monotonic()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    @property
    def position(self) -> int:
        return self._process.position(self)

    @property
    def may_be_repeated(self) -> bool:
        """Whether nobody saw anything of it, and somebody still wants to."""
        return not self.begun and not self.ended and self.attempts < MOST_ATTEMPTS

    def cancel(self) -> None:
        self._process.end(self, GenerationError("the answer was cancelled"))

    def tell(self, event: Event) -> None:
        self._events.put(event)

    def tokens(self) -> Iterator[tuple[int, float | None]]:
        """Raises: GenerationError: the process failed or died, time is up, or it was cancelled."""
        while True:
            left = self._started + self._deadline_s - time.monotonic()
            try:
                event = self._events.get(timeout=max(left, 0.0))
            except queue.Empty:
                late = GenerationError(
                    f"the answer was not finished within {self._deadline_s:g} s; ask again when "
                    "fewer others do, or raise serving.deadline_s"
                )
                self._process.end(self, None)
                raise late from None
            if event is None:
                return
            if isinstance(event, GenerationError):
                raise event
            yield event
