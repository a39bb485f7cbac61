"""An answer on its way from another machine: how long it may take, and how to break it off."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

from assistant.models.generators.types import Ticket


class RemoteTicket(Ticket):
    """Whoever asks a server holds one; nobody queues for it here.

    Args:
        deadline_s: from now to the end of the answer.
    """

    def __init__(self, deadline_s: float) -> None:
        self._deadline = time.monotonic() + deadline_s
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self._deadline - time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait for so long, less when it is cancelled meanwhile."""
        self._cancelled.wait(seconds)

    def hold(self, connection: socket.socket) -> None:
        """The connection on which the answer will come: it is ended by `cancel`."""
        with self._lock:
            self._socket = connection
        if self.cancelled:
            self.cancel()

    def release(self) -> None:
        """The connection is not this answer's any more."""
        with self._lock:
            self._socket = None

    def cancel(self) -> None:
        self._cancelled.set()
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):  # it has just been closed
                    self._socket.shutdown(socket.SHUT_RDWR)  # wakes whoever reads from it


_asking: ContextVar[RemoteTicket | None] = ContextVar("asking", default=None)


@contextlib.contextmanager
def asking_for(ticket: RemoteTicket) -> Iterator[None]:
    """Requests that are sent inside of the block belong to the ticket."""
    before = _asking.set(ticket)
    try:
        yield
    finally:
        _asking.reset(before)


def asked_for() -> RemoteTicket:
    """The ticket of the request that is just being sent."""
    ticket = _asking.get()
    if ticket is None:
        raise RuntimeError("a request without a ticket: send it inside of asking_for")
    return ticket
