"""How far a long command is, on one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Step(Protocol):
    """`total` 0: it is not known how much there is."""

    @property
    def step(self) -> str: ...

    @property
    def done(self) -> int: ...

    @property
    def total(self) -> int: ...


@contextmanager
def step_line(*, silent: bool) -> Iterator[Callable[[Step], None] | None]:
    """On standard error, each step with its percentage; None where nothing is to be said."""
    if silent:
        yield None
        return
    last = ""

    def show(progress: Step) -> None:
        nonlocal last
        percent = 100 * progress.done // progress.total if progress.total else 0
        line = f"{progress.step} {percent}%" if progress.total else progress.step
        if line != last:
            last = line
            print(f"\r{line:<30}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(file=sys.stderr)
