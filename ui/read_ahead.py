"""Reading a slow stream without being held up by it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

_END = object()


def read_ahead(
    events: Generator[T, None, None], *, wait_s: float
) -> Generator[T | None, None, None]:
    """The same events; None whenever none came for `wait_s`.

    Streamlit can only interrupt a run between two of its own calls, so a view that waits for
    the service must come back to it now and then, or its stop button does nothing.

    Left early, the reading thread closes `events` when the next one comes.
    """
    read: queue.Queue[object] = queue.Queue()
    left = threading.Event()

    def work() -> None:
        try:
            for event in events:
                if left.is_set():
                    break
                read.put(event)
        except Exception as exc:  # noqa: BLE001 - raised again by the reader below
            read.put(exc)
        finally:
            events.close()
            read.put(_END)

    threading.Thread(target=work, name="philo-read-ahead", daemon=True).start()
    try:
        while True:
            try:
                event = read.get(timeout=wait_s)
            except queue.Empty:
                yield None
                continue
            if event is _END:
                return
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        left.set()
