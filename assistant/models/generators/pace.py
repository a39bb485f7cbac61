"""How quickly answers are finished, as measured."""

from __future__ import annotations

import time
from collections.abc import Callable

UNMEASURED_S = 5.0
WEIGHT = 0.2
"""Of the newest answer in the running mean."""


class Pace:
    """Seconds from one finished answer to the next, idle times left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = 0.0
        self.answer_s = UNMEASURED_S
        self._measured = False

    def begin(self) -> None:
        """The first answer after an idle time has begun."""
        self._since = self._clock()

    def finish(self) -> None:
        """An answer has come to its end."""
        now = self._clock()
        took, self._since = now - self._since, now
        weight = WEIGHT if self._measured else 1.0
        self.answer_s += weight * (took - self.answer_s)
        self._measured = True
