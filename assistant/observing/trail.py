"""The way of a question or a document through the service, step by step.

Work is measured where it is done, with `step`, which finds the trail that it belongs to in the
context. Where nobody observes there is none, and a step costs a look-up.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from assistant.observing.metrics import Metrics
    from assistant.observing.tracing import Tracing

Way = Literal["question", "search", "document", "publication"]
Event = TypeVar("Event")

current_trail: ContextVar[Trail | None] = ContextVar("current_trail", default=None)


class Trail:
    """One question or document. Thread-safe, but for `outcome`, which its owner sets."""

    def __init__(self, way: Way, metrics: Metrics | None, tracing: Tracing | None) -> None:
        self.way = way
        self.outcome = "left"
        self._metrics = metrics
        self._tracing = tracing
        self._started = time.perf_counter()
        self._root: Span | None = None
        self._within: Context | None = None
        if tracing is not None:
            self._root, self._within = tracing.begin(way)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What happens inside is the step `name`, and so is that it failed."""
        started = time.perf_counter()
        error = ""
        try:
            yield
        except BaseException as exc:
            error = type(exc).__name__
            raise
        finally:
            self.record(name, time.perf_counter() - started, error=error)

    def record(self, name: str, seconds: float, *, error: str = "") -> None:
        """A step that ended just now."""
        if self._metrics is not None:
            self._metrics.step_seconds.labels(self.way, name).observe(seconds)
        if self._tracing is not None and self._within is not None:
            self._tracing.record(name, seconds, self._within, error=error)

    def end(self) -> None:
        seconds = time.perf_counter() - self._started
        if self._metrics is not None:
            self._metrics.way_seconds.labels(self.way, self.outcome).observe(seconds)
        if self._tracing is not None and self._root is not None:
            self._tracing.end(self._root, self.outcome)


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """A step of the trail that is followed here, if one is."""
    trail = current_trail.get()
    if trail is None:
        yield
        return
    with trail.step(name):
        yield


def record_step(name: str, seconds: float) -> None:
    """The same of one that ended just now."""
    if (trail := current_trail.get()) is not None:
        trail.record(name, seconds)


@contextlib.contextmanager
def following(trail: Trail | None) -> Iterator[None]:
    """Steps inside belong to the trail, which ends with the block; an error is its outcome."""
    if trail is None:
        yield
        return
    token = current_trail.set(trail)
    try:
        yield
        trail.outcome = "done"
    except BaseException as exc:
        trail.outcome = type(exc).__name__
        raise
    finally:
        current_trail.reset(token)
        trail.end()


def follow(
    events: Iterator[Event], trail: Trail | None, outcome_of: Callable[[Event], str | None]
) -> Iterator[Event]:
    """The events, each of which may be asked for in another thread; the trail ends with them.

    Args:
        outcome_of: what an event says of how it all ended, None where nothing.
    """
    return events if trail is None else _follow(events, trail, outcome_of)


def _follow(
    events: Iterator[Event], trail: Trail, outcome_of: Callable[[Event], str | None]
) -> Generator[Event]:
    try:
        while True:
            token = current_trail.set(trail)
            try:
                event = next(events)
            except StopIteration:
                return
            except BaseException as exc:
                trail.outcome = type(exc).__name__
                raise
            finally:
                current_trail.reset(token)
            trail.outcome = outcome_of(event) or trail.outcome
            yield event
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
        trail.end()
