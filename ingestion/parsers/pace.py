"""How a parser of many pages gets the time that it needs, and no hostile file more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass


def _tell_nobody(*, recognising: bool) -> None:
    """For parsing outside of the sandbox."""


@dataclass(frozen=True, slots=True)
class Helpers:
    """Runs `count` calls at a time beside the caller."""

    threads: Executor
    count: int


@dataclass(frozen=True, slots=True)
class Pace:
    """`tell` is called whenever a batch of pages is done: the time limit then begins anew.

    `ocr_timeout_s` is for the recognition of characters on all pages of a file, 0 for none.
    `recognising` tells that what comes next may be given up without losing the other pages.
    Pages are recognised by `helpers`, or by the caller where there are none.
    """

    ocr_timeout_s: float = 0.0
    tell: Callable[..., None] = _tell_nobody
    helpers: Helpers | None = None


BATCH_PAGES = 100
"""Pages with a text layer after which `tell` is called."""
