"""Work that tells of its progress, as a stream of events."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Iterator

from assistant.api.events import Event
from assistant.errors import ServiceError
from assistant.types import PublicModel

ALIVE_S = 2.0

Tell = Callable[[PublicModel], None]
Work = Callable[[Tell, Tell, threading.Event], None]
"""Told where to tell of progress, where to hand reports to, and what is set to stop it."""


class Alive(PublicModel):
    """Nothing happened, but the service is there. A connection that is gone is noticed by it."""


def stream_work(work: Work) -> Iterator[Event]:
    """Run `work` in a thread of its own: `progress` and `report` events, and `alive` ones in
    between. When the client goes away, it ends with the document that it is at.

    Raises:
        whatever `work` raises.
    """
    events: queue.Queue[Event | Exception | None] = queue.Queue()
    left = threading.Event()

    def tell(progress: PublicModel) -> None:
        if left.is_set():
            raise ServiceError("The client went away.")
        events.put(("progress", progress))

    def run() -> None:
        try:
            work(tell, lambda report: events.put(("report", report)), left)
        except Exception as exc:  # noqa: BLE001 - carried to the stream's own edge
            events.put(exc)
        finally:
            events.put(None)

    context = contextvars.copy_context()  # from where the request came
    threading.Thread(target=lambda: context.run(run), name="philo-request", daemon=True).start()
    try:
        while True:
            try:
                event = events.get(timeout=ALIVE_S)
            except queue.Empty:
                yield "alive", Alive()
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        left.set()
