"""How a parser of many pages gets the time that it needs, and no hostile file more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _tell_nobody(*, recognising: bool) -> None:
    """For parsing outside of the sandbox."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`tell` is called whenever a batch of pages is done: the time limit then begins anew.

    `ocr_timeout_s` is for the recognition of characters on all pages of a file, 0 for none.
    `recognising` tells that what comes next may be given up without losing the other pages.
    """

    ocr_timeout_s: float = 0.0
    tell: Callable[..., None] = _tell_nobody


BATCH_PAGES = 100
"""Pages with a text layer after which `tell` is called."""
